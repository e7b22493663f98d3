import re
from pathlib import Path

import pytest
import torch
from PIL import Image

from harness.data.batches.batches import PixelBatches
from harness.data.channel_statistics import channel_statistics
from harness.data.fingerprint import images_fingerprint, tensor_identities
from harness.data.load import DatasetSource, load
from harness.data.pixels.geometry import resolve
from harness.data.pixels.sources import FileSource, MemorySource
from plugins.digits import zoo_datasets
from tests.harness.pictures import folder, noise
from zoo import DatasetSpec, InputSpec, LabelledImages, Split, ZooError


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def opened(train, test=None, classes="ab", **options):
    """A dataset of tensors; images and labels are given in pairs."""

    def open_pairs(data_dir):
        parts = {"train": train} if test is None else {"train": train, "test": test}
        splits = {name: Split(images=images, labels=labels) for name, (images, labels) in parts.items()}
        return LabelledImages(classes=tuple(classes), **splits)

    spec = DatasetSpec(name="pairs", open=open_pairs, num_classes=len(classes))
    return load(DatasetSource(spec=spec), **options)


def different(num, channels=1, size=6, first=0):
    pixels = torch.arange(first, first + num).view(-1, 1, 1, 1).expand(-1, channels, size, size)
    return pixels.to(torch.uint8).clone(), [n % 2 for n in range(num)]


def in_order(part):
    return torch.cat(list(part.images.blocks([part.rows])))


def test_digits_come_split_with_every_class_and_grey():
    dataset = load(DatasetSource(spec=next(iter(zoo_datasets()))))
    assert dataset.counts == {"train": 1151, "val": 287, "test": 359}
    assert (dataset.name, dataset.size, dataset.channels, dataset.notes) == ("digits", 8, 1, ())
    assert len(dataset.fingerprint) == 64


def test_a_folder_is_opened_split_and_shown_to_each_model_in_its_size(tmp_path):
    root = folder(tmp_path / "pets", ["train/cat", "train/dog", "test/cat", "test/dog"], num=5, width=40, height=50)
    dataset = load(DatasetSource(data_dir=root))
    assert (dataset.name, dataset.classes, dataset.size) == ("pets", ("cat", "dog"), 40)
    assert dataset.counts == {"train": 8, "val": 2, "test": 10}
    pixels = dataset.pixels(resolve(InputSpec(size=32, channels=3), dataset.size, dataset.channels, None, False))
    assert in_order(pixels.test).shape == (10, 3, 32, 32)
    assert pixels.test.labels.tolist() == [0] * 5 + [1] * 5


def test_a_folder_of_grey_images_has_one_channel(tmp_path):
    assert load(DatasetSource(data_dir=folder(tmp_path / "x", ["a", "b"], mode="L"))).channels == 1


def test_the_second_model_finds_the_pixels_of_the_first(tmp_path, monkeypatch):
    dataset = load(DatasetSource(data_dir=folder(tmp_path / "x", ["a", "b"])))
    geometry = resolve(InputSpec(size=12, fixed=True), dataset.size, 3, None, False)
    first = dataset.pixels(geometry)
    monkeypatch.setattr("harness.data.dataset.prepare", None)
    monkeypatch.setattr("harness.data.dataset.statistics_for", None)
    assert dataset.pixels(geometry).train.images is first.train.images


def test_the_split_seed_moves_images_and_keeps_the_fingerprint():
    first, second = opened(different(40), seed=1), opened(different(40), seed=2)
    assert first.plan != second.plan
    assert first.fingerprint == second.fingerprint


@pytest.mark.parametrize("change", ["pixel", "label", "class"])
def test_the_fingerprint_follows_pixels_labels_and_classes(change):
    pixels, labels = different(40)
    before = opened((pixels, labels)).fingerprint
    after, new_labels = pixels.clone(), list(labels)
    after[7, 0, 0, 0] += 1 if change == "pixel" else 0
    new_labels[7] = 0 if change == "label" else new_labels[7]
    assert opened((after, new_labels), classes="ac" if change == "class" else "ab").fingerprint != before


def test_test_images_found_in_train_are_removed_from_it():
    pixels, labels = different(40)
    dataset = opened((pixels, labels), test=(pixels[3:7], labels[3:7]))
    assert dataset.notes == ("4 train images that occur in test too were left out",)
    assert dataset.counts == {"train": 28, "val": 8, "test": 4}
    kept = in_order(dataset.pixels(resolve(InputSpec(), 6, 1, None, False)).train)
    assert not {3, 4, 5, 6} & set(kept[:, 0, 0, 0].tolist())


def test_files_with_the_same_bytes_are_copies_whatever_their_name(tmp_path):
    root = folder(tmp_path / "x", ["train/a", "train/b", "test/a", "test/b"], num=6)
    noise(0).save(root / "test/a/copy.png")
    dataset = load(DatasetSource(data_dir=root))
    assert re.fullmatch(r"1 (train|val) image that occurs in test too was left out: a/0.png", dataset.notes[0])
    assert sum(dataset.counts.values()) == 24


def test_a_class_with_nothing_but_copies_is_an_error():
    pixels, labels = different(10)
    with pytest.raises(ZooError, match=r"every (train|val) image also occurs in test"):
        opened((pixels, labels), test=(pixels, labels))
    odd = [row for row in range(10) if row % 2]
    with pytest.raises(ZooError, match="no training image is left of b"):
        opened((pixels, labels), test=(pixels[odd], [1] * len(odd)))


def test_an_image_is_known_by_its_pixels_and_their_places():
    pixels = torch.arange(200, dtype=torch.uint8).view(-1, 1, 1, 1).repeat(1, 3, 4, 4)
    pixels[:, 0, 0, 0] = 250
    identities = tensor_identities(pixels)
    assert identities == tensor_identities(pixels.flip(0))[::-1]
    assert len({*identities, *tensor_identities(pixels.roll(1, 2)), *tensor_identities(pixels.roll(1, 1))}) == 600


def test_the_same_bytes_in_another_shape_are_other_images():
    assert images_fingerprint(["a"], (1, 4, 9)) != images_fingerprint(["a"], (1, 9, 4))


def test_mean_and_std_are_exact_over_the_training_images():
    dice = torch.Generator().manual_seed(0)
    pixels = torch.randint(200, 256, (300, 3, 64, 65), dtype=torch.uint8, generator=dice)
    rows = torch.arange(0, 300, 3)
    mean, std = channel_statistics(MemorySource(pixels), rows)
    chosen = pixels[rows].long().transpose(0, 1).flatten(1)
    means = chosen.sum(1).double() / chosen.shape[1]
    variance = chosen.square().sum(1).double() / chosen.shape[1] - means.square()
    assert mean == tuple((means / 255).tolist())
    assert std == tuple((variance.sqrt() / 255).tolist())


def test_a_channel_without_contrast_does_not_divide_by_zero():
    assert channel_statistics(MemorySource(torch.full((4, 1, 2, 2), 255, dtype=torch.uint8)), torch.arange(4)) == (
        (1.0,),
        (1.0,),
    )


def test_models_from_scratch_are_normalised_alike_at_every_size():
    dice = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (40, 1, 6, 6), dtype=torch.uint8, generator=dice)
    dataset = opened((images, [0, 1] * 20))
    small = dataset.pixels(resolve(InputSpec(), 6, 1, None, False))
    large = dataset.pixels(resolve(InputSpec(size=32, channels=3), 6, 1, None, False))
    assert (small.mean, small.std) == (large.mean, large.std)


def test_a_pretrained_model_keeps_its_own_normalisation():
    wanted = InputSpec(size=32, channels=3, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    pixels = opened(different(40)).pixels(resolve(wanted, 6, 1, None, True))
    assert (pixels.mean, pixels.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))


@pytest.mark.parametrize("block_bytes", [1, 30_000, 10**7])
def test_streamed_files_give_the_batches_of_kept_ones(tmp_path, monkeypatch, block_bytes):
    monkeypatch.setattr("harness.data.batches.batches.CPU_BLOCK_BYTES", block_bytes)
    root = folder(tmp_path / "x", ["a", "b"], num=10)
    dataset = load(DatasetSource(data_dir=root))
    geometry = resolve(InputSpec(), dataset.size, 3, None, False)
    part = dataset.pixels(geometry).train
    streamed = FileSource(dataset.pools["train"].images, geometry, num_threads=3)
    options = {"rows": part.rows, "mean": (0.4,), "std": (0.3,), "channels_out": 3, "batch_size": 3}
    kept, made = (PixelBatches(images, part.labels, **options) for images in (part.images, streamed))
    for expected, batch in zip(kept.train(4), made.train(4), strict=True):
        assert torch.equal(expected[0], batch[0])
        assert torch.equal(expected[1], batch[1])


def test_images_that_are_no_bytes_are_refused():
    with pytest.raises(ZooError, match=r"images are a tensor float32 of shape \[4, 1, 6, 6\]"):
        opened((torch.full((4, 1, 6, 6), 2.0), [0, 1, 0, 1]))


def shade(value):
    return Image.new("L", (8, 8), value)


def test_test_images_are_named_in_the_order_in_which_models_meet_them(tmp_path):
    """Each file holds one shade, and its name says which: half of them sort otherwise than their shades do."""
    for name in ("elm", "oak"):
        (tmp_path / "leaves" / name).mkdir(parents=True)
        for value in range(name == "oak", 250, 2):
            shade(value).save(tmp_path / "leaves" / name / f"{(value * 7) % 250:03}-{value}.png")
    dataset = load(DatasetSource(data_dir=tmp_path / "leaves"))
    names = dataset.test_images
    geometry = resolve(InputSpec(size=8, fixed=True), dataset.size, 1, None, False)
    met = in_order(dataset.pixels(geometry).test)[:, 0, 0, 0].tolist()
    assert (names.folder, len(met)) == (str(tmp_path / "leaves"), 50)
    assert [int(name.partition("-")[2].removesuffix(".png")) for name in names.images] == met
    assert [("elm", "oak")[label] for label in names.labels] == [name.partition("/")[0] for name in names.images]


def test_test_images_of_a_tensor_are_named_by_their_row_in_it():
    dataset = opened(different(40))
    names = dataset.test_images
    assert (names.folder, names.pool, names.are_files) == ("", "train", False)
    rows = dataset.pools["train"].images[list(names.images)]
    assert torch.equal(rows[:, 0, 0, 0], torch.tensor(names.images).to(torch.uint8))
    assert names.labels == [row % 2 for row in names.images] == dataset.labels(dataset.plan.test)


def test_a_part_in_a_folder_of_its_own_is_named_from_where_all_parts_lie(tmp_path, monkeypatch):
    root = folder(tmp_path / "pets", ["train/cat", "train/dog", "test/cat", "test/dog"], num=5)
    monkeypatch.chdir(root)
    for source in (
        DatasetSource(data_dir=root),
        DatasetSource(part_dirs={"train": Path("train"), "test": Path("test")}),
    ):
        names = load(source).test_images
        assert (names.folder, names.images[:2]) == (str(root), ["test/cat/0.png", "test/cat/1.png"])
