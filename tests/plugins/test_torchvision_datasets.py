import gzip
import hashlib
import pickle
import socket
import tarfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import torch
from torchvision import datasets

from plugins.torchvision_datasets import default_data_dir, open_named, zoo_datasets
from zoo import ZooError


def idx(magic, *sizes, values):
    return b"".join(number.to_bytes(4, "big") for number in (magic, *sizes)) + bytes(values)


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def write_mnist(mirror, num):
    """`num` training and 2 test images of 28x28 pixels in MNIST's four files; returns torchvision's list of them."""
    files = {}
    for part, n in (("train", num), ("t10k", 2)):
        files[f"{part}-images-idx3-ubyte.gz"] = idx(2051, n, 28, 28, values=(i % 251 for i in range(n * 784)))
        files[f"{part}-labels-idx1-ubyte.gz"] = idx(2049, n, values=(i % 10 for i in range(n)))
    mirror.mkdir()
    for name, content in files.items():
        (mirror / name).write_bytes(gzip.compress(content))
    return [(name, md5(mirror / name)) for name in files]


@pytest.fixture
def mirror(tmp_path):
    """A folder and the address at which a server of this machine offers it."""
    handler = partial(QuietHandler, directory=tmp_path / "mirror")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield tmp_path / "mirror", f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.mark.parametrize(("name", "kind"), [("mnist", datasets.MNIST), ("fashion-mnist", datasets.FashionMNIST)])
def test_mnist_is_downloaded_once_and_keeps_its_test_split(monkeypatch, tmp_path, mirror, name, kind):
    folder, address = mirror
    monkeypatch.setattr(kind, "resources", write_mnist(folder, 12))
    monkeypatch.setattr(kind, "mirrors", [address])
    images = open_named(name, tmp_path)
    assert (images.train.images.shape, images.train.images.dtype) == ((12, 1, 28, 28), torch.uint8)
    assert images.train.images.flatten()[:252].tolist() == [*range(251), 0]
    assert (list(images.test.labels), len(images.classes)) == ([0, 1], 10)
    monkeypatch.setattr(kind, "mirrors", [])
    assert len(open_named(name, tmp_path).train) == 12


def test_cifar_is_read_with_its_channels_first(monkeypatch, tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    pixels = torch.arange(2 * 3072).remainder(255).to(torch.uint8).view(2, 3072)
    for name in ("data_batch_1", "test_batch"):
        (folder / name).write_bytes(pickle.dumps({"data": pixels.numpy(), "labels": [3, 1]}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    kind = datasets.CIFAR10
    monkeypatch.setattr(kind, "train_list", [["data_batch_1", md5(folder / "data_batch_1")]])
    monkeypatch.setattr(kind, "test_list", [["test_batch", md5(folder / "test_batch")]])
    monkeypatch.setattr(kind, "meta", kind.meta | {"md5": md5(folder / "batches.meta")})
    images = open_named("cifar10", tmp_path)
    assert torch.equal(images.train.images, pixels.view(2, 3, 32, 32))
    assert (images.classes, list(images.test.labels)) == (tuple("abcdefghij"), [3, 1])


@pytest.fixture
def offline(monkeypatch):
    def refuse(*arguments, **options):
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize(
    ("name", "file", "folder"),
    [
        ("mnist", "t10k-labels-idx1-ubyte.gz", "MNIST/raw"),
        ("fashion-mnist", "train-images-idx3-ubyte.gz", "FashionMNIST/raw"),
        ("cifar10", "cifar-10-python.tar.gz", ""),
        ("cifar100", "cifar-100-python.tar.gz", ""),
    ],
)
@pytest.mark.usefixtures("offline")
def test_offline_the_missing_files_and_their_folder_are_named(tmp_path, name, file, folder):
    with pytest.raises(ZooError, match=f"dataset '{name}' is not in {tmp_path}") as raised:
        open_named(name, tmp_path)
    assert file in raised.value.remedy
    assert f"into {tmp_path / folder}," in raised.value.remedy
    assert raised.value.exit_code == 3


@pytest.mark.usefixtures("offline")
def test_a_download_that_is_not_what_it_should_be_is_refused(tmp_path):
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz"):
        pass
    with pytest.raises(ZooError, match="cifar10"):
        open_named("cifar10", tmp_path)


def test_downloads_go_to_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_data_dir() == tmp_path / "zoo" / "datasets"


def test_specs_can_travel_to_another_process():
    specs = pickle.loads(pickle.dumps(list(zoo_datasets())))
    assert [spec.name for spec in specs] == ["mnist", "fashion-mnist", "cifar10", "cifar100"]
