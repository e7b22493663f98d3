"""What users install: a wheel of this tree, and nothing else of it, is enough for a notebook in an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.source import PACKAGES, ROOT

KINDS = ("*.py", "*.html", "*.css", "*.js")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
NOTEBOOK = """
import harness, results
run = harness.run(["fc_model", "mlp"], dataset="digits", device="cpu", epochs=1, time_budget=0, quiet=True)
print(harness.__file__, results.load(run.path).equals(run.table))
print(run.table[["model", "top1_err"]].to_string(index=False, header=False))
print(run.sentence)
model = harness.load(run.checkpoints["mlp", 1])
print(model.classes, "mlp" in harness.models(), list(harness.time("mlp", img_size=8, time_budget=0).model))
try:
    harness.run(epochs="five")
except Exception as error:
    print(type(error).__name__, error)
"""

pytestmark = pytest.mark.once

# An editable installation would lend the modules that the wheel lacks: what finds them is taken out.
ALONE = "import sys\nsys.meta_path[:] = [one for one in sys.meta_path if 'editable' not in one.__module__]\n"


def made_here(folder: str, names: list[str]) -> list[str]:
    """What a checkout has beside its files."""
    return [name for name in names if name == "__pycache__" or Path(folder, name) == ROOT / "results" / "runs"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this tree, unpacked as an installer does it."""
    tmp_path = tmp_path_factory.mktemp("wheel")
    source, site = tmp_path / "source", tmp_path / "site"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=made_here)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run([sys.executable, "-c", BUILD, str(tmp_path)], cwd=source, check=True, capture_output=True)
    (built,) = tmp_path.glob("*.whl")
    with ZipFile(built) as archive:
        archive.extractall(site)
    return site


def test_a_notebook_with_the_wheel_alone_trains_prints_and_predicts(wheel, tmp_path):
    (tmp_path / "notebook.py").write_text(NOTEBOOK)
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / "sitecustomize.py").write_text(ALONE)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(wheel), str(tmp_path / "alone")])}
    command = [sys.executable, "notebook.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    first, *rows, sentence, facts, refusal = done.stdout.splitlines()
    assert first == f"{wheel / 'harness' / '__init__.py'} True"
    assert {row.split()[0] for row in rows} == {"fc_model", "mlp"}
    assert sentence.startswith("Of these checkpoints, mlp is the best")
    assert facts.endswith("True ['mlp']")
    assert refusal == "ZooError epochs: 'five' is not a whole number"


def shipped(folder):
    """Modules, and what the page is made of; runs that lie in a checkout are nobody's."""
    files = (file for package in PACKAGES for kind in KINDS for file in (folder / package).rglob(kind))
    return {file.relative_to(folder) for file in files if ROOT / "results" / "runs" not in file.parents}


def test_the_wheel_has_every_file_of_ours_and_nothing_beside(wheel):
    assert shipped(wheel) == shipped(ROOT)
    assert Path("results/page/templates/sections/table.html") in shipped(ROOT)
    tables = {file.relative_to(ROOT) for file in (ROOT / "results/published").glob("*/*")}
    assert {file.relative_to(wheel) for file in (wheel / "results/published").glob("*/*")} == tables
    for table in ("zoo/catalogue/snapshot.csv", "harness/picks/cpu_times.csv"):
        assert (wheel / table).read_bytes() == (ROOT / table).read_bytes()
    others = {path.name for path in wheel.iterdir()} - set(PACKAGES)
    assert [Path(name).suffix for name in others] == [".dist-info"]
