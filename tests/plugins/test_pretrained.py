"""Pretrained weights: from a cache, by hand, or from a host; refused when damaged; never silently random."""

from __future__ import annotations

import hashlib
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import torch
from safetensors.torch import save_file

import zoo
from plugins import timm_models, torchvision_models
from zoo.building import build
from zoo.errors import ZooError
from zoo.libraries import download

SPECS = {spec.name: spec for plugin in (torchvision_models, timm_models) for spec in plugin.zoo_models()}
TASK = zoo.Task(num_classes=10, image_size=64, channels=3, weights="default")
CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty cache for torch.hub and Hugging Face, and no network."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_ENDPOINT", CLOSED)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def squeezenet(tmp_path, monkeypatch):
    """A host that serves weights of squeezenet1_1; gives their file, its URL set as torchvision's."""
    from torchvision import models

    model = models.squeezenet1_1()
    torch.save(model.state_dict(), tmp_path / "net.pth")
    digest = hashlib.sha256((tmp_path / "net.pth").read_bytes()).hexdigest()[:8]
    (tmp_path / "www").mkdir()
    file = (tmp_path / "net.pth").rename(tmp_path / "www" / f"net-{digest}.pth")
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=tmp_path / "www"))
    Thread(target=server.serve_forever, daemon=True).start()
    weights = models.SqueezeNet1_1_Weights.DEFAULT.value
    monkeypatch.setattr(weights, "url", f"http://127.0.0.1:{server.server_port}/{file.name}")
    yield file, model
    server.shutdown()
    server.server_close()


def test_torchvision_weights_are_downloaded_and_kept_apart_from_the_head(hub, squeezenet):
    file, source = squeezenet
    built = build(SPECS["squeezenet1_1"], TASK)
    assert torch.equal(built.model.features[0].weight, source.features[0].weight)
    assert (built.weights, built.model.classifier[1].out_channels) == ("IMAGENET1K_V1", 10)
    assert (hub / file.name).is_file()


def test_a_download_that_was_cut_short_is_refused(hub, squeezenet):
    file, _ = squeezenet
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(ZooError, match="could not be loaded: invalid hash value"):
        build(SPECS["squeezenet1_1"], TASK)


def test_a_damaged_file_in_the_cache_is_refused(hub, squeezenet):
    file, _ = squeezenet
    (hub / file.name).write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(ZooError, match="is damaged") as caught:
        build(SPECS["squeezenet1_1"], TASK)
    assert caught.value.remedy.endswith(f"rm {hub / file.name}")


def test_without_network_the_error_names_the_file_and_its_place_at_once(hub, monkeypatch):
    from torchvision import models

    monkeypatch.setattr(models.ResNet18_Weights.DEFAULT.value, "url", f"{CLOSED}/resnet18-f37072fd.pth")
    start = time.monotonic()
    with pytest.raises(ZooError, match="resnet18: cannot download the weights resnet18-f37072fd") as caught:
        build(SPECS["resnet18"], TASK)
    assert time.monotonic() - start < 5
    assert (caught.value.exit_code, str(hub / "resnet18-f37072fd.pth") in caught.value.remedy) == (3, True)


@pytest.mark.parametrize(("offline", "reason"), [("1", "HF_HUB_OFFLINE is set"), ("", "127.0.0.1 does not answer")])
def test_timm_without_network_names_the_file_and_its_place_at_once(hub, monkeypatch, offline, reason):
    monkeypatch.setenv("HF_HUB_OFFLINE", offline)
    start = time.monotonic()
    with pytest.raises(ZooError, match=reason) as caught:
        build(SPECS["timm/lcnet_050"], TASK)
    assert time.monotonic() - start < 5
    assert "timm/lcnet_050.ra2_in1k/resolve/main/model.safetensors" in caught.value.remedy
    assert caught.value.remedy.endswith(f"put it at {hub / 'lcnet_050.ra2_in1k.safetensors'}")


@pytest.mark.parametrize("place", ["hub/checkpoints/lcnet_050.ra2_in1k.safetensors", "cache"])
def test_timm_weights_are_read_from_where_they_were_put(hub, tmp_path, place):
    import timm

    source = timm.create_model("lcnet_050")
    cached = "hf/models--timm--lcnet_050.ra2_in1k/snapshots/0123/model.safetensors"
    path = tmp_path / (cached if place == "cache" else place)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(source.state_dict(), path)
    if place == "cache":
        (path.parents[2] / "refs").mkdir()
        (path.parents[2] / "refs" / "main").write_text("0123")
    built = build(SPECS["timm/lcnet_050"], TASK)
    assert torch.equal(built.model.conv_stem.weight, source.conv_stem.weight)
    assert (built.weights, built.head.name, built.model.num_classes) == ("ra2_in1k", "classifier", 10)


def test_weights_of_another_model_are_refused(hub):
    import timm

    save_file(timm.create_model("lcnet_035").state_dict(), hub / "lcnet_050.ra2_in1k.safetensors")
    with pytest.raises(ZooError, match=r"the weights lcnet_050\.ra2_in1k could not be loaded"):
        build(SPECS["timm/lcnet_050"], TASK)


def test_a_pretrained_model_without_a_head_is_given_one(hub):
    import timm

    source = timm.create_model("convnextv2_atto", num_classes=0)
    save_file(source.state_dict(), hub / "convnextv2_atto.fcmae.safetensors")
    from dataclasses import replace

    built = build(SPECS["timm/convnextv2_atto"], replace(TASK, weights="fcmae"))
    assert torch.equal(built.model.stem[0].weight, source.stem[0].weight)
    assert (built.head.name, built.model(torch.rand(2, 3, 64, 64)).shape) == ("head.fc", (2, 10))


def test_a_model_without_pretrained_weights_says_so(hub):
    with pytest.raises(ZooError, match="no pretrained weights"):
        build(SPECS["timm/lcnet_035"], TASK)


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_weights_of_the_inceptions_give_the_published_models_outputs_from_pixels(name, hub, monkeypatch):
    from torchvision import models

    known = models.get_model_weights(name).DEFAULT
    torch.manual_seed(0)
    source = models.get_model(name, init_weights=False, transform_input=True).eval()
    torch.save(source.state_dict(), hub / "net.pth")
    monkeypatch.setattr(known.value, "url", "http://127.0.0.1:9/net.pth")
    wanted = SPECS[name].input_for("default")
    ours = SPECS[name].build(zoo.Task(num_classes=10, image_size=96, channels=3, weights="default")).eval()
    pixels = torch.rand(2, 3, 96, 96)
    theirs_in, ours_in = (
        torchvision_normalize(pixels, mean, std)
        for mean, std in [(known.transforms().mean, known.transforms().std), (wanted.mean, wanted.std)]
    )
    assert torch.allclose(ours(ours_in), source(theirs_in), atol=1e-4)
    assert ours.state_dict().keys() == source.state_dict().keys()


def torchvision_normalize(pixels, mean, std):
    from torchvision.transforms import Normalize

    return Normalize(mean, std)(pixels)


@pytest.mark.parametrize("name", ["resnet18", "timm/resnet18"])
def test_a_run_asks_for_weights_before_it_begins(name, hub):
    with pytest.raises(ZooError, match=r"cannot download|does not answer"):
        SPECS[name].require_weights("default")


def test_whoever_wants_to_know_hears_how_far_a_download_is(hub, squeezenet, capfd):
    file, _ = squeezenet
    heard = []
    with download.reported(lambda *figures: heard.append(figures)):
        build(SPECS["squeezenet1_1"], TASK)
    size = file.stat().st_size
    assert {(what, total) for what, _, total in heard} == {("the weights IMAGENET1K_V1", size)}
    counts = [done for _, done, _ in heard]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, size)
    assert "%" not in capfd.readouterr().err


def test_a_download_puts_tqdm_back_as_it_was(hub, squeezenet):
    from tqdm.std import tqdm

    before = tqdm.__init__, tqdm.display
    squeezenet[0].write_bytes(b"no weights")
    with download.reported(lambda *figures: None), pytest.raises(ZooError):
        build(SPECS["squeezenet1_1"], TASK)
    assert (tqdm.__init__, tqdm.display) == before


def test_weights_in_a_named_folder_go_before_all_others(hub, tmp_path):
    from torchvision import models

    source = models.squeezenet1_1()
    save_file(source.state_dict(), tmp_path / "squeezenet1_1.IMAGENET1K_V1.safetensors")
    where = SPECS["squeezenet1_1"].weights_source("IMAGENET1K_V1")
    assert (where.path, where.put.parent, where.url[:8]) == (None, hub, "https://")
    with download.weights_dir(str(tmp_path)):
        assert SPECS["squeezenet1_1"].weights_source("default").path == tmp_path / where.file_name
        SPECS["squeezenet1_1"].require_weights("default")
        built = build(SPECS["squeezenet1_1"], TASK)
    assert torch.equal(built.model.features[0].weight, source.features[0].weight)
    assert download.own_file(where.file_name) is None


def test_timm_weights_in_a_named_folder_are_taken_and_others_are_at_hugging_face(hub, tmp_path):
    import timm

    source = timm.create_model("lcnet_050")
    save_file(source.state_dict(), tmp_path / "lcnet_050.ra2_in1k.safetensors")
    spec = SPECS["timm/lcnet_050"]
    where = spec.weights_source("ra2_in1k")
    assert (where.path, where.repository, where.file_name) == (
        None, "timm/lcnet_050.ra2_in1k", "lcnet_050.ra2_in1k.safetensors",
    )  # fmt: skip
    with download.weights_dir(str(tmp_path)):
        assert spec.weights_source("ra2_in1k").path == tmp_path / where.file_name
        built = build(spec, TASK)
    assert torch.equal(built.model.conv_stem.weight, source.conv_stem.weight)


def test_a_damaged_file_in_a_named_folder_is_one_line(hub, tmp_path):
    (tmp_path / "squeezenet1_1.IMAGENET1K_V1.safetensors").write_bytes(b"torn")
    with download.weights_dir(str(tmp_path)), pytest.raises(ZooError, match="cannot be read"):
        build(SPECS["squeezenet1_1"], TASK)


def test_a_folder_of_weights_that_is_none_is_one_line(tmp_path):
    with pytest.raises(ZooError, match="is no folder"), download.weights_dir(str(tmp_path / "none")):
        pass
