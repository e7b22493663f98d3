import pytest
import torch
from torchvision import transforms

from harness.data.batches.batches import PixelBatches, TensorBatches
from harness.data.batches.order import batch_sizes, blocks, epoch_order

MEAN, STD = (0.48, 0.45, 0.41), (0.23, 0.22, 0.21)


def pixels(num=50, channels=3, size=9):
    dice = torch.Generator().manual_seed(num)
    return torch.randint(0, 256, (num, channels, size, size), dtype=torch.uint8, generator=dice)


def batches(images, mean=MEAN, std=STD, channels_out=3, batch_size=8, **options):
    labels = options.pop("labels", torch.arange(len(images)))
    return PixelBatches(images, labels, mean=mean, std=std, channels_out=channels_out, batch_size=batch_size, **options)


def joined(iterator):
    images, labels = zip(*iterator, strict=True)
    return torch.cat(images), torch.cat(labels)


def torchvision_floats(images, mean=MEAN, std=STD):
    """The plain way: each image through PIL, ToTensor and Normalize."""
    plain = transforms.Compose([transforms.ToPILImage(), transforms.ToTensor(), transforms.Normalize(mean, std)])
    return torch.stack([plain(image) for image in images])


def test_normalisation_is_torchvisions_to_the_bit():
    every_value = torch.arange(256, dtype=torch.uint8).repeat(3, 1).view(1, 3, 16, 16)
    images, _ = joined(batches(every_value).eval())
    assert torch.equal(images, torchvision_floats(every_value))


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_is_repeated_and_the_layout_is_as_asked(memory_format, channels):
    stored = pixels(channels=channels)
    images, _ = joined(batches(stored, memory_format=memory_format).eval())
    assert torch.equal(images, torchvision_floats(stored.repeat(1, 3 // channels, 1, 1)))
    assert next(batches(stored, memory_format=memory_format).eval())[0].is_contiguous(memory_format=memory_format)


def test_training_visits_every_image_once_in_the_order_of_seed_and_epoch():
    stored = pixels()
    images, labels = joined(batches(stored, seed=5).train(2))
    assert torch.equal(labels, epoch_order(50, seed=5, epoch=2))
    assert torch.equal(images, torchvision_floats(stored[labels]))


def test_order_ignores_global_generators_and_differs_between_epochs_and_seeds():
    torch.manual_seed(1)
    first = epoch_order(100, 0, 0)
    torch.manual_seed(2)
    assert torch.equal(first, epoch_order(100, 0, 0))
    assert not torch.equal(first, epoch_order(100, 0, 1))
    assert not torch.equal(first, epoch_order(100, 1, 0))


def test_making_batches_leaves_global_generators_alone():
    state = torch.get_rng_state()
    joined(batches(pixels()).train(0))
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("num", "size", "expected"),
    [(9, 4, [4, 5]), (10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 4, [3]), (1, 4, [1]), (3, 1, [1, 1, 1])],
)
def test_a_single_left_over_image_joins_the_batch_before(num, size, expected):
    assert batch_sizes(num, size) == expected
    stored = pixels(num)
    made = batches(stored, batch_size=size)
    assert [len(labels) for _, labels in made.train(0)] == expected
    assert made.num_batches == len(expected)


def test_blocks_never_tear_a_batch():
    assert blocks([4, 4, 4, 5], 8) == [[4, 4], [4], [5]]
    assert blocks([4, 4], 1) == [[4], [4]]
    assert blocks([], 8) == []


def test_rows_choose_images_of_a_larger_set():
    stored = pixels()
    chosen = torch.tensor([40, 3, 7])
    images, labels = joined(batches(stored, rows=chosen, labels=[2, 0, 1]).eval())
    assert torch.equal(images, torchvision_floats(stored[chosen]))
    assert labels.tolist() == [2, 0, 1]


def test_evaluation_batches_have_the_bytes_asked_for_unless_their_size_was_given():
    stored, bytes_of_one = pixels(50, size=16), 3 * 16 * 16 * 4
    plain, given = batches(stored), batches(stored, eval_batch_size=8)
    assert [len(labels) for _, labels in plain.eval(20 * bytes_of_one)] == [20, 20, 10]
    assert [len(labels) for _, labels in given.eval(20 * bytes_of_one)] == [8] * 6 + [2]
    assert [len(labels) for _, labels in plain.eval()] == [50]


@pytest.mark.fault(139)
@pytest.mark.parametrize(("size", "cpu_bytes"), [(8, None), (8, 14 * 2**20), (1, None)])
def test_evaluation_batches_of_tiny_images_are_bounded_by_their_number(size, cpu_bytes):
    made = batches(pixels(2100, size=size))
    sizes = [len(labels) for _, labels in (made.eval(cpu_bytes) if cpu_bytes else made.eval())]
    assert sizes == [1024, 1024, 52]


def test_a_batch_that_is_kept_does_not_change():
    made = batches(pixels(3000, size=32), batch_size=64)
    iterator = made.train(0)
    first = next(iterator)[0]
    copy = first.clone()
    list(iterator)
    assert torch.equal(first, copy)


def test_cached_features_come_in_the_order_of_their_images():
    stored = pixels()
    features = stored.flatten(1).float()
    plain = batches(stored, seed=3)
    cached = TensorBatches(features, torch.arange(50), batch_size=8, seed=3)
    for (_, expected), (inputs, labels) in zip(plain.train(1), cached.train(1), strict=True):
        assert torch.equal(labels, expected)
        assert torch.equal(inputs, features[expected])
    assert torch.equal(joined(cached.eval())[0], features)
