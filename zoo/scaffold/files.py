"""The files of a new plugin: which, from which template, with what put in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from string import Template
from typing import TYPE_CHECKING

from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean
from zoo.scaffold.plugin_name import require_name

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATES = Path(__file__).with_name("templates")
MODEL, DATASET, LIBRARY, LOGGER = "model", "dataset", "library", "logger"
LIBRARIES = ("pytorchcv",)  # those that there is a template for


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a plugin offers: how its README and tests are called, what is typed to look at it and to run it.

    `offers` is what it declares, `model` one of its models, `needs` what pip installs beside the harness.
    """

    tests: str
    offers: str
    look: str
    run: str
    model: str = ""
    needs: str = ""


KINDS = {
    MODEL: Kind(
        tests="models",
        offers="{name}/*",
        model="{name}/tiny",
        look="check {name}/tiny",
        run="run --plugins {name}/tiny,mlp",
    ),
    LIBRARY: Kind(
        tests="models",
        offers="{name}/*",
        model="{name}/resnet10",
        look="check {name}/resnet10",
        run="run --plugins {name}/resnet10,mlp",
        needs=', "pytorchcv>=0.0.70"',
    ),
    DATASET: Kind(
        tests="dataset", offers="{name}", look="list --datasets", run="run --dataset {name} --plugins mlp,fc_model"
    ),
    LOGGER: Kind(tests="logger", offers="{name}", look="list --loggers", run="run --plugins mlp --logger {name}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A plugin that is to be begun: `kind` is one of KINDS, `is_package` whether pip shall install it."""

    name: str
    kind: str = MODEL
    is_package: bool = False

    @property
    def folder(self) -> str:
        """The folder of its package, which is also what pip calls it."""
        return f"zoo-{self.name.replace('_', '-').lower()}"

    def put_in(self, text: str) -> str:
        """A text of its kind with its name."""
        return text.format(name=self.name)

    @property
    def words(self) -> Mapping[str, str]:
        """What stands for the names in a template."""
        kind = KINDS[self.kind]
        words = {word: self.put_in(getattr(kind, word)) for word in ("offers", "model", "look", "run")}
        dependencies = f'"zoo-harness"{kind.needs}'
        return words | {
            "name": self.name,
            "package": self.folder,
            "dependencies": dependencies,
            "year": str(date.today().year),
        }


def kind_of(*, dataset: bool = False, logger: bool = False, library: str | None = None) -> str:
    """The kind that is asked for. Raises ZooError for a library that there is no template for."""
    if library is not None and library not in LIBRARIES:
        cause = f"there is no template for the library '{library}'{did_you_mean(library, LIBRARIES)}"
        remedy = f"known: {', '.join(LIBRARIES)}; for another, begin a plain one and call the library in build()"
        raise ZooError(cause, remedy, USAGE)
    chosen = [kind for kind, is_asked in ((LIBRARY, library), (DATASET, dataset), (LOGGER, logger)) if is_asked]
    return chosen[0] if chosen else MODEL


def files_of(plugin: Plugin) -> dict[PurePosixPath, str]:
    """The text of each file, by its path. Raises ZooError (usage) where the plugin cannot be called so."""
    require_name(plugin.name)
    if not plugin.is_package:
        return {PurePosixPath(f"{plugin.name}.py"): _text(f"{plugin.kind}_plugin.py", plugin)}
    tests = KINDS[plugin.kind].tests
    templates = {
        f"src/{plugin.name}.py": f"{plugin.kind}_plugin.py",
        f"tests/test_{plugin.name}.py": f"test_{tests}.py",
        "pyproject.toml": "pyproject.toml",
        "README.md": f"README_{tests}.md",
        "LICENSE": "LICENSE",
        ".github/workflows/tests.yml": "tests.yml",
    }
    return {PurePosixPath(plugin.folder, path): _text(template, plugin) for path, template in templates.items()}


def write(files: Mapping[PurePosixPath, str], folder: Path) -> list[Path]:
    """Write them below `folder`, and return where. Raises ZooError where one is there already, and OSError."""
    paths = {folder / path: text for path, text in files.items()}
    there = [path for path in paths if path.exists() or path.is_symlink()]
    if there:
        raise ZooError(f"{there[0]} is there already", "take another name, or another folder: --output FOLDER", USAGE)
    for path, text in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:  # never one that came meanwhile
            file.write(text)
    return list(paths)


def _text(template: str, plugin: Plugin) -> str:
    text = (TEMPLATES / f"{template}.tmpl").read_text(encoding="utf-8")
    return Template(text).substitute(plugin.words)
