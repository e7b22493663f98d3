"""Images that no split may take apart: those of one group, and those that are the same image."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

Key = tuple[Hashable, ...]


def units_of(
    identities: Mapping[str, Sequence[str]], groups: Mapping[str, Sequence[str]] | None = None
) -> dict[str, list[int]]:
    """A number for each image of each pool, equal for two that belong together, whichever pools they lie in.

    `identities` are equal for equal images, `groups` have a name for each image, "" where it has no group. Whatever is
    tied by a chain of both is one unit, numbered from 0 in the order of their first images.
    """
    at = [(pool, row) for pool, values in identities.items() for row in range(len(values))]
    keys = [((pool, row), ("image", identities[pool][row])) for pool, row in at]
    if groups is not None:
        keys += [((pool, row), ("group", groups[pool][row])) for pool, row in at if groups[pool][row]]
    roots = _joined(at, keys)
    numbers: dict[Key, int] = {}
    units: dict[str, list[int]] = {pool: [] for pool in identities}
    for (pool, _), root in zip(at, roots, strict=True):
        units[pool].append(numbers.setdefault(root, len(numbers)))
    return units


def _joined(at: Iterable[Key], ties: Iterable[tuple[Key, Key]]) -> list[Key]:
    """What stands for all that each of `at` is tied to."""
    parents: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        while (parent := parents.setdefault(key, key)) != key:
            parents[key] = parents[parent]  # halves the way for whoever comes next
            key = parent
        return key

    for first, second in ties:
        parents[root(first)] = root(second)
    return [root(key) for key in at]
