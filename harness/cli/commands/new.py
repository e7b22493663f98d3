"""`harness new NAME`: the first version of a plugin of one's own, as one file or as a package that pip installs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from results.errors import StoreError
from results.sanitize import harmless

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo
    from zoo.scaffold.files import Plugin


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="a name for a Python module, such as my_net; its models are my_net/tiny, …")
    parser.add_argument(
        "--package", action="store_true", help="a package: entry point, tests, licence, continuous integration"
    )
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--dataset", action="store_true", help="a data set instead of a model")
    kinds.add_argument("--logger", action="store_true", help="a logger instead of a model")
    kinds.add_argument("--from-library", metavar="NAME", help="the models of a library: pytorchcv")
    parser.add_argument("--output", metavar="FOLDER", default=".", help="write into this folder")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from zoo.scaffold.files import Plugin, files_of, kind_of, write

    kind = kind_of(dataset=arguments.dataset, logger=arguments.logger, library=arguments.from_library)
    plugin = Plugin(name=arguments.name, kind=kind, is_package=arguments.package)
    try:
        paths = write(files_of(plugin), Path(arguments.output).expanduser())
    except OSError as error:
        cause = f"{error.filename or arguments.output} cannot be written: {error.strerror or error}"
        raise StoreError(cause, "take a folder that can be written: --output FOLDER") from error
    print(harmless("\n".join([*(f"wrote {path}" for path in paths), *_next_steps(plugin, paths)])))
    return 0


def _next_steps(plugin: Plugin, paths: list[Path]) -> list[str]:
    """What to type now."""
    from zoo.scaffold.files import KINDS

    kind = KINDS[plugin.kind]
    look, run = plugin.put_in(kind.look), plugin.put_in(kind.run)
    if not plugin.is_package:
        return [f"next  harness -p {paths[0]} {look}", f"      harness -p {paths[0]} {run}"]
    folder = next(path.parent for path in paths if path.name == "pyproject.toml")
    return [
        f"next  pip install -e '{folder}[test]'",
        f"      harness {look}",
        f"      harness {run}",
        f"      pytest {folder}",
    ]
