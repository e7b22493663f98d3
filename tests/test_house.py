"""The house rules that a machine can check: sizes, no pickle, honest metadata."""

from __future__ import annotations

import ast
import re
from configparser import ConfigParser
from pathlib import Path
from statistics import median

import pytest
from setuptools import find_packages

from tests.conftest import LONGEST
from tests.source import PACKAGES, ROOT, files, functions_of, imports_of, parse

EXECUTES_WHAT_IT_READS = {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def read_config(name: str) -> ConfigParser:
    config = ConfigParser(interpolation=None)
    config.read(ROOT / name, encoding="utf-8")
    return config


def lines_of(config: ConfigParser, section: str, option: str) -> list[str]:
    return [line.strip() for line in config[section][option].splitlines() if line.strip()]


def num_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_no_file_is_longer_than_300_lines_and_most_fit_120():
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files(*PACKAGES, "tests")}
    assert {name: n for name, n in lengths.items() if n > 300} == {}
    assert median(lengths.values()) <= 120


def test_the_files_of_tests_that_are_begun_first_are_there():
    assert [name for name in LONGEST if not (ROOT / name).is_file()] == []


def test_functions_are_short():
    lengths = [num_lines(function) for file in files(*PACKAGES) for function in functions_of(file)]
    assert median(lengths) <= 9
    assert sum(n > 50 for n in lengths) <= 0.03 * len(lengths)


def test_tests_are_about_ten_lines():
    tests = [node for file in files("tests") for node in functions_of(file) if node.name.startswith("test_")]
    assert median(num_lines(test) for test in tests) <= 12


def where_tested() -> dict[str, list[str]]:
    """The table of CONTRIBUTING.md: each file whose tests have another name, and where they are."""
    rows = [line.split("|")[1:3] for line in (ROOT / "CONTRIBUTING.md").read_text().splitlines() if "test_" in line]
    table = [[re.findall(r"`([^`]+\.py)`", cell) for cell in row] for row in rows if len(row) == 2]
    return {file: tests for names, tests in table for name in names for file in spread(name)}


def spread(name: str) -> list[str]:
    """`a/{b,c}.py` as `a/b.py` and `a/c.py`."""
    before, brace, rest = name.partition("{")
    inside, _, after = rest.partition("}")
    return [f"{before}{one}{after}" for one in inside.split(",")] if brace else [name]


def own_test(file: Path) -> Path:
    name = file.parent.name if file.name == "__init__.py" else file.stem
    return ROOT / "tests" / file.parent.relative_to(ROOT) / f"test_{name}.py"


def test_the_tests_of_every_file_are_found_by_its_name_or_in_contributing():
    elsewhere = where_tested()
    behaving = [file for file in files(*PACKAGES) if any(functions_of(file)) and not own_test(file).exists()]
    assert [str(file) for file in behaving if str(file.relative_to(ROOT)) not in elsewhere] == []
    assert {str(file.relative_to(ROOT)) for file in behaving} == set(elsewhere)
    assert [test for tests in elsewhere.values() for test in tests if not (ROOT / "tests" / test).exists()] == []
    assert all(elsewhere.values())


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_we_read_can_run_code(package):
    used = {(str(file), found.top) for file in files(package) for found in imports_of(file)}
    assert {entry for entry in used if entry[1] in EXECUTES_WHAT_IT_READS} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_torch_load_reads_weights_only_and_numpy_no_objects(package):
    calls = [node for file in files(package) for node in ast.walk(parse(file)) if isinstance(node, ast.Call)]
    loads = [ast.unparse(call) for call in calls if ast.unparse(call.func) in {"torch.load", "np.load", "numpy.load"}]
    assert [text for text in loads if "torch" in text and "weights_only=True" not in text] == []
    assert [text for text in loads if "allow_pickle=True" in text] == []


def test_every_folder_of_ours_is_packaged_and_no_result_is():
    config = read_config("setup.cfg")
    finding = {key: lines_of(config, "options.packages.find", key) for key in ("include", "exclude")}
    packaged = set(find_packages(str(ROOT), **finding))
    ours = {".".join(file.relative_to(ROOT).parent.parts) for file in files(*PACKAGES)}
    assert packaged == {name for name in ours if not name.startswith("results.runs")}


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_ships_its_types_and_every_other_data_file(package):
    patterns = lines_of(read_config("setup.cfg"), "options.package_data", package)
    folders = [folder for folder in (ROOT / package).iterdir() if folder.name != "runs"]
    inside = [file for folder in folders for file in (folder, *folder.rglob("*")) if file.is_file()]
    data = [file.relative_to(ROOT / package) for file in inside if file.suffix not in {".py", ".pyc"}]
    assert Path("py.typed") in data
    assert [str(file) for file in data if not any(file.match(pattern) for pattern in patterns)] == []


def test_tox_runs_the_oldest_torch_we_promise():
    config = read_config("setup.cfg")
    [floor] = [line for line in lines_of(config, "options", "install_requires") if line.startswith("torch>")]
    pins = [line.partition("===")[2] for line in (ROOT / "tox.ini").read_text().splitlines() if ": torch===" in line]
    oldest = min(pins, key=lambda version: tuple(int(part) for part in version.split(".")))
    assert oldest.startswith(floor.removeprefix("torch>="))
    assert len(pins) >= 3


def test_the_changelog_begins_with_this_version_or_what_comes_next():
    from harness._version import __version__

    headings = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert __version__ in headings[0] or "Unreleased" in headings[0]
