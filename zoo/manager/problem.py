"""What is wrong with a plugin, for whoever wrote it: the cause, the file and line, what to do, and the traceback."""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

SHOW_TRACEBACK = "its traceback: harness plugins --verbose"
NO_RUN = "a plugin is imported, never run: put what ends the program below `if __name__ == '__main__':`"
_OUR_ROOT = Path(__file__).parents[2]
_OURS = tuple(f"{_OUR_ROOT / package}/" for package in ("zoo", "harness", "results"))
_NO_PLUGIN = ("<frozen ", f"{Path(importlib.__file__).parent}/", *_OURS)
# What calls a plugin; `neighbours` lies between a plugin and what it imports.
_CALLERS = tuple(str(Path(__file__).with_name(f"{name}.py")) for name in ("loading", "registration", "tampering"))
_STACK_LINE = re.compile(r'File "([^"]*)", line (\d+)')  # of Python's tracebacks, and of faulthandler's


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: `place` is "file:line" where that is known."""

    cause: str
    place: str = ""
    remedy: str = ""
    traceback: str = ""


def one_line(error: BaseException) -> str:
    """An exception's type and message without line breaks."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def raised(error: BaseException, step: str) -> Problem:
    """What a plugin raised in that step, which is "import" or the name of a hook."""
    import traceback  # only where something went wrong

    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    place = innermost(frames)
    if isinstance(error, ZooError):
        return Problem(cause=f"{step}: {error.cause}", place=place, remedy=error.remedy)
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{error.filename}:{error.lineno or 1}"
    text = "".join(traceback.format_exception(type(error), error, _without_ours(error.__traceback__)))
    return Problem(cause=f"{step}: {one_line(error)}", place=place, remedy=_remedy(error), traceback=text)


def joined(problems: Iterable[Problem]) -> Problem:
    """Several as one: all causes, and of the first the place and what to do. There must be one."""
    several = list(problems)
    first = several[0]
    return Problem(
        cause="; ".join(dict.fromkeys(problem.cause for problem in several)),
        place=first.place,
        remedy=first.remedy,
        traceback="\n".join(problem.traceback for problem in several if problem.traceback),
    )


def place_of(value: Any) -> str:
    """Where a function, or a module, is written."""
    code = getattr(value, "__code__", None)
    if code is not None:
        return f"{code.co_filename}:{code.co_firstlineno}"
    file = getattr(value, "__file__", None) or getattr(
        sys.modules.get(getattr(value, "__module__", "")), "__file__", ""
    )
    return f"{file}:1" if file else ""


def place_in_stack(text: str) -> str:
    """The plugin's line in a stack that faulthandler wrote, whose most recent call comes first."""
    return innermost([(file, int(line)) for file, line in reversed(_STACK_LINE.findall(text))])


def innermost(frames: list[tuple[str, int]]) -> str:
    """Of files and lines, the outermost call first, the last one that is the plugin's own and not a library's."""
    begin = max((number for number, (file, _) in enumerate(frames, 1) if file in _CALLERS), default=0)
    foreign = [(file, line) for file, line in frames[begin:] if not file.startswith(_NO_PLUGIN)]
    if not foreign:
        return ""
    first = Path(foreign[0][0])
    root = first if str(first.parent) in _library_folders() else first.parent
    file, line = next((file, line) for file, line in reversed(foreign) if Path(file).is_relative_to(root))
    return f"{file}:{line}"


@cache
def _library_folders() -> frozenset[str]:
    """Where packages of all kinds lie side by side: what is beside a plugin there is none of its files."""
    import sysconfig

    return frozenset({*sysconfig.get_paths().values(), *sys.path})


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the plugin's first line on; all of it where nothing in it is the plugin's."""
    here = trace
    while here is not None and here.tb_frame.f_code.co_filename.startswith(_NO_PLUGIN):
        here = here.tb_next
    return here or trace


def _remedy(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install what has the module '{error.name.partition('.')[0]}'"
    if isinstance(error, SyntaxError):
        return "correct that line"
    if isinstance(error, SystemExit | KeyboardInterrupt | GeneratorExit):
        return NO_RUN
    return SHOW_TRACEBACK
