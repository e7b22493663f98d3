from random import Random

from harness.data.units import units_of


def test_images_of_one_group_and_equal_images_are_one_unit_and_all_others_their_own():
    identities = {"train": ["a", "b", "c", "d", "a"], "test": ["e", "d"]}
    groups = {"train": ["x", "x", "", "y", ""], "test": ["y", ""]}
    assert units_of(identities, groups) == {"train": [0, 0, 1, 2, 0], "test": [2, 2]}


def test_without_groups_only_equal_images_are_one_unit():
    assert units_of({"train": ["a", "b", "a"]}) == {"train": [0, 1, 0]}


def test_what_a_chain_of_copies_and_groups_ties_is_one_unit():
    """Against the plain way: what can be reached is marked, over and over, until nothing changes."""
    dice = Random(0)
    for _ in range(30):
        identities, groups = ([dice.choice(letters) for _ in range(12)] for letters in ("abcdefghij", "uvwxyz"))
        units = units_of({"train": identities}, {"train": groups})["train"]
        plain = list(range(12))
        for _ in range(12):
            for one in range(12):
                for other in range(12):
                    if identities[one] == identities[other] or groups[one] == groups[other]:
                        plain[one] = plain[other] = min(plain[one], plain[other])
        assert [units.index(unit) for unit in units] == [plain.index(unit) for unit in plain]
