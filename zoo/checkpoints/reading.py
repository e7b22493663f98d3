"""What is in a file of weights; nothing in it is executed, and nothing that it names is imported."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError, first_line

if TYPE_CHECKING:
    from pathlib import Path

# Below this, a file can corrupt memory even under weights_only=True.
SAFE_TORCH = (2, 10)
_REFUSED_GLOBAL = re.compile(r"GLOBAL (\S{1,100}) (?:was not|whose module)")
_NUMPY = [f"numpy.{core}.multiarray" for core in ("core", "_core")]
# What training scripts keep beside the tensors: their options, paths, scores and dates. Whatever a file calls so
# becomes one of the two stand-ins below, on any system and without the library that wrote it.
_OBJECTS = (
    "argparse.Namespace",
    "types.SimpleNamespace",
    *(f"pathlib{local}.{kind}" for local in ("", "._local")
      for kind in ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")),
    *(f"datetime.{kind}" for kind in ("datetime", "date", "timedelta", "timezone")),
    *(f"{module}.{kind}" for module in _NUMPY for kind in ("scalar", "_reconstruct")),
    "numpy.dtype",
    "numpy.ndarray",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    *(f"omegaconf.base.{kind}" for kind in ("ContainerMetadata", "Metadata")),
    *(f"omegaconf.nodes.{kind}Node" for kind in ("Any", "String", "Integer", "Float", "Boolean", "Path", "Bytes")),
    "mmengine.logging.history_buffer.HistoryBuffer",
    *(f"builtins.{kind}" for kind in ("dict", "list", "tuple", "str", "int", "float", "bool", "bytes")),
    "typing.Any",
)  # fmt: skip
_MAPPINGS = (
    "collections.defaultdict",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "lightning.fabric.utilities.data.AttributeDict",
    "mmengine.config.config.ConfigDict",
    "easydict.EasyDict",
    "yacs.config.CfgNode",
)


class _Settings:
    """In the place of an object that no tensor depends on: takes whatever is said of it, and keeps nothing."""

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass


class _Mapping:
    """In the place of a subclass of dict: torch fills nothing but plain ones."""

    def __new__(cls, *arguments: Any) -> Any:
        return {}


def read(path: Path) -> tuple[Any, dict[str, str]]:
    """What is in the file, and the words that a safetensors file says of itself. Raises ZooError where it is not read.

    A safetensors file is one dict of tensors; of others torch reads tensors, plain containers and plain settings.
    """
    try:
        return _read_safetensors(path) if path.suffix == ".safetensors" else (_read_pickle(path), {})
    except ZooError:
        raise
    except Exception as error:
        raise _unreadable(path, error) from error


def _read_safetensors(path: Path) -> tuple[Any, dict[str, str]]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118


def _read_pickle(path: Path) -> Any:
    import torch

    _require_safe_torch(path)
    stand_ins: list[Any] = [(_Settings, name) for name in _OBJECTS]
    stand_ins += [(_Mapping, name) for name in _MAPPINGS]
    with torch.serialization.safe_globals(stand_ins):
        # Without map_location, what was saved on an accelerator cannot be read on a machine that has none.
        return torch.load(path, map_location="cpu", weights_only=True)


def _require_safe_torch(path: Path) -> None:
    import torch

    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if version < SAFE_TORCH:
        cause = f"{path.name} is not read: torch {torch.__version__} loads no {path.suffix or 'such'} file safely"
        raise ZooError(cause, "use torch 2.10 or newer, or save the weights as .safetensors")


def _unreadable(path: Path, error: Exception) -> ZooError:
    refused = _REFUSED_GLOBAL.search(str(error))
    if refused:
        cause = f"{path} cannot be read: it holds {refused[1]}, which is neither a tensor nor plain settings"
        return ZooError(cause, "save model.state_dict() by itself: no code of a file is run here")
    reason = first_line(error, limit=150) or type(error).__name__
    return ZooError(f"{path} cannot be read: {reason}", "the file may be truncated; get it again")
