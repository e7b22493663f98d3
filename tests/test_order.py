"""The rooms have one order and no circle: a file imports only what stands before it, wherever it imports it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.source import PACKAGES, ROOT, file_of, files, imports_of

pytestmark = pytest.mark.once

# From what knows nothing to what knows all. A name is a file or a folder; `*` stands for all that are not named.
ORDERS = {
    "harness": "machine plan data training timing trial isolation checks runs cluster picks api cli",
    "harness/data": "formats files pixels batches *",
    "harness/training": "frozen *",
    "harness/timing": "watch *",
    "harness/picks": "probes *",
    "harness/cli": "encoding shared commands main",
    "results": "errors records sanitize store ranking answers tables pictures page *",
    "results/page": "section embed library statistics thumbnails report_run sections *",
}
AT_THE_TOP = {"__init__", "__main__", "_version", "own_packages"}
MOST_FILES = 14
FOLDERS = sorted({str(file.parent.relative_to(ROOT)) for file in files(*PACKAGES)})


def edges(sources: Iterable[Path]) -> list[tuple[Path, Path]]:
    """Pairs of our files of which the first imports the second; a package's own `__init__` counts as a file."""
    found = set()
    for file in sources:
        named = [(one.line, one.module) for one in imports_of(file, typing=True)]
        # `from package import module` needs of the package only that module.
        parents = {(line, module.rpartition(".")[0]) for line, module in named if file_of(module)}
        targets = {file_of(module) for line, module in named if (line, module) not in parents}
        found |= {(file, target) for target in targets if target is not None and target != file}
    return sorted(found)


def place(file: Path, folder: str) -> str | None:
    """The file or folder directly within `folder` that `file` is or lies in; None where it lies elsewhere."""
    try:
        return Path(file.relative_to(ROOT / folder).parts[0]).stem
    except ValueError:
        return None


def upward(folder: str, order: str) -> list[str]:
    """Imports within `folder` against its order."""
    names = order.split()
    wrong = []
    for source, target in edges(files(folder)):
        first, second = place(source, folder), place(target, folder)
        if first in AT_THE_TOP or second in AT_THE_TOP or second is None:
            continue
        ranks = [names.index(name) if name in names else names.index("*") for name in (first, second)]
        if ranks[1] > ranks[0]:
            wrong.append(f"{source.relative_to(ROOT)} imports {target.relative_to(ROOT)}")
    return wrong


def circles(graph: Iterable[tuple[object, object]]) -> list[list[str]]:
    """Groups of nodes that can all reach each other, larger than one."""
    nexts: dict[object, set[object]] = defaultdict(set)
    for first, second in graph:
        if first != second:
            nexts[first].add(second)
    reach = {node: _reachable(node, nexts) for node in list(nexts)}
    groups = {frozenset({b for b in reach[a] if a in reach.get(b, ())} | {a}) for a in reach if a in reach[a]}
    return [sorted(map(str, group)) for group in groups]


def _reachable(start: object, nexts: dict[object, set[object]]) -> set[object]:
    seen: set[object] = set()
    waiting = [start]
    while waiting:
        for node in nexts.get(waiting.pop(), ()):
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return seen


@pytest.mark.parametrize(("folder", "order"), ORDERS.items(), ids=ORDERS)
def test_a_file_imports_only_what_stands_before_it(folder, order):
    assert upward(folder, order) == []


def test_every_room_of_the_harness_has_its_place_in_the_order():
    rooms = {place(file, "harness") for file in files("harness")} - AT_THE_TOP
    assert rooms == set(ORDERS["harness"].split())


def test_no_files_import_each_other_in_a_circle():
    assert circles(edges(files(*PACKAGES))) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_what_lies_in_one_folder_imports_each_other_in_no_circle(folder):
    between = [(place(source, folder), place(target, folder)) for source, target in edges(files(folder))]
    assert circles((first, second) for first, second in between if first and second) == []


def test_no_folder_has_more_files_than_one_can_overlook():
    counts: dict[Path, int] = defaultdict(int)
    for file in files(*PACKAGES):
        counts[file.parent] += file.name != "__init__.py"
    crowded = {str(folder.relative_to(ROOT)): count for folder, count in counts.items() if count > MOST_FILES}
    assert crowded == {}


def test_circles_and_upward_imports_are_found_where_they_are():
    assert circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d")]) == [["a", "b", "c"]]
    assert upward("results", "tables ranking store *") != []
