import math

import torch

from harness.data.batches.augment import affine_maps, basic, draw
from harness.data.batches.batches import PixelBatches

IDENTITY = [0.5, 1.0, 0.5, 0.5, 0.5, 0.9]


def pixels(num=6, size=16):
    dice = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (num, 3, size, size), dtype=torch.uint8, generator=dice)


def draws(**changed):
    names = ("angle", "area", "ratio", "left", "top", "flip")
    return torch.tensor([[changed.get(name, value) for name, value in zip(names, IDENTITY, strict=True)]])


def augmented(images, batch_size=4, seed=1, epoch=2):
    labels = torch.arange(len(images))
    mean_std = {"mean": (0.0,), "std": (1.0,), "channels_out": 3}
    made = PixelBatches(images, labels, batch_size=batch_size, seed=seed, augment=basic, **mean_std)
    seen, order = zip(*made.train(epoch), strict=True)
    return torch.cat(seen), torch.cat(order)


def test_draws_in_the_middle_change_nothing():
    assert torch.allclose(basic(pixels(1), draws()), pixels(1).float(), atol=1e-3)


def test_a_flip_mirrors_left_and_right():
    assert torch.allclose(basic(pixels(1), draws(flip=0.1)), pixels(1).float().flip(-1), atol=1e-3)


def test_a_crop_shows_a_corner_enlarged():
    picture = torch.zeros(1, 1, 100, 100, dtype=torch.uint8)
    picture[..., :50, :50] = 200
    shown = basic(picture, draws(area=0.0, left=0.0, top=0.0)) > 100
    edge = 50 / math.sqrt(0.8)
    assert abs(int(shown[0, 0, 0].sum()) - edge) <= 1
    assert abs(int(shown[0, 0, :, 0].sum()) - edge) <= 1


def test_a_rotation_turns_by_ten_degrees_and_fills_with_black():
    line = torch.zeros(1, 1, 101, 101, dtype=torch.uint8)
    line[..., 50, :] = 255
    turned = basic(line, draws(angle=1.0))[0, 0]
    rise = int(turned[:, 90].argmax()) - int(turned[:, 10].argmax())
    assert abs(abs(rise) - 80 * math.tan(math.radians(10))) <= 1
    white = torch.full((1, 1, 32, 32), 255, dtype=torch.uint8)
    assert basic(white, draws(angle=0.0))[0, 0, 0, 0] == 0


def test_crops_stay_inside_the_image():
    maps = affine_maps(draw(1000, 0, 0) * torch.tensor([0, 1, 1, 1, 1, 1]) + torch.tensor([0.5, 0, 0, 0, 0, 0]))
    reach = maps[:, :, :2].abs().sum(2) + maps[:, :, 2].abs()
    assert reach.max() <= 1 + 1e-5
    area = maps[:, 0, 0].abs() * maps[:, 1, 1].abs()
    assert 0.74 < area.min() < 0.82


def test_an_image_is_changed_by_seed_epoch_and_place_and_not_by_its_batch():
    torch.manual_seed(1)
    four, order = augmented(pixels(), batch_size=4)
    torch.manual_seed(2)
    two, same_order = augmented(pixels(), batch_size=2)
    assert torch.equal(order, same_order)
    assert torch.equal(four, two)
    assert not torch.equal(augmented(pixels(), epoch=3)[0].sum(), four.sum())
    assert not torch.equal(augmented(pixels(), seed=3)[0].sum(), four.sum())


def test_evaluation_images_are_never_changed():
    images = pixels()
    made = PixelBatches(images, torch.arange(6), mean=(0.0,), std=(1.0,), channels_out=3, batch_size=4, augment=basic)
    assert torch.equal(torch.cat([seen for seen, _ in made.eval()]), images.float() / 255)
