"""Options of a model: what its plugin declares with their defaults, and how a person sets them. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean

# Widths of layers, such as 512-256-128, are a tuple.
Value = bool | int | float | str | tuple[int, ...]
Options = Mapping[str, Value]

OPTION_NAME = re.compile(r"[A-Za-z_]\w{0,49}", re.ASCII)
# `[width=32]` at the end of a name. No glob means that: it would match one of these letters, and no name has a "=".
_BRACKETS = re.compile(r"(?P<name>[^\[\]]+(?:\[[^\[\]=]*\][^\[\]]*)*)\[(?P<settings>[^\[\]]*=[^\[\]]*)\]")
_TEXT = re.compile(r"[^\[\],=\s](?:[^\[\],=\n\r\t]{0,98}[^\[\],=\s])?")
_WIDTHS = re.compile(r"\d{1,9}(?:-\d{1,9})*", re.ASCII)
_SWITCHES = {"true": True, "false": False}


class _Kind(NamedTuple):
    """How values of one type are read, and what a person is told they are."""

    name: str
    read: Callable[[str], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """An option of all chosen models whose name, or name with a tag, matches `pattern`; `text` is as it was typed."""

    pattern: str
    option: str
    value: str
    text: str

    @classmethod
    def parse(cls, text: str) -> Setting:
        """Read `mine/tiny.width=32`. Raises ZooError (usage) where it is not of that form."""
        place, equals, value = text.partition("=")
        pattern, _, option = place.rpartition(".")
        if not equals or not pattern or not OPTION_NAME.fullmatch(option):
            raise ZooError(f"--set {text} is not NAME.option=value", "as in --set mine/tiny.width=32", USAGE)
        return cls(pattern=pattern, option=option, value=value.strip(), text=text)

    def is_for(self, *names: str) -> bool:
        """Whether it is of the model that has these names."""
        return any(fnmatchcase(name, self.pattern) for name in names)


def parted(text: str) -> tuple[str, dict[str, str]]:
    """A name as it is typed, without its options, and these. Raises ZooError (usage) for what has no value."""
    match = _BRACKETS.fullmatch(text)
    if not match:
        return text, {}
    settings: dict[str, str] = {}
    for part in match["settings"].split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name or name in settings:
            what = "is set twice" if name in settings else "is no option with a value"
            raise ZooError(f"'{part.strip()}' in '{text}' {what}", "write NAME[option=value,other=value]", USAGE)
        settings[name] = value
    return match["name"], settings


def split_names(text: str) -> list[str]:
    """The parts of a comma-separated list; a comma within brackets parts options, not names."""
    return [part.strip() for part in re.split(r",(?![^\[\]]*\])", text) if part.strip()]


def chosen(model: str, defaults: Options, settings: Mapping[str, str]) -> dict[str, Value]:
    """The values of `settings` that differ from the model's defaults, in the order in which it declares them.

    Raises ZooError (usage) for an option that it does not have, and for a value of another kind.
    """
    for name in settings:
        if name not in defaults:
            has = f"it has {', '.join(f'{key}={shown(value)}' for key, value in defaults.items())}"
            remedy = has if defaults else "leave it out: it has no options"
            raise ZooError(f"{model} has no option '{name}'{did_you_mean(name, defaults)}", remedy, USAGE)
    read = {name: _read(model, name, settings[name], value) for name, value in defaults.items() if name in settings}
    return {name: value for name, value in read.items() if value != defaults[name]}


def brackets(options: Options) -> str:
    """`[width=32]`, as a name carries it; empty where there are none."""
    return f"[{','.join(f'{name}={shown(value)}' for name, value in options.items())}]" if options else ""


def shown(value: Value) -> str:
    """A value as it is typed."""
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def require_declarable(options: Options) -> None:
    """Raise ZooError where a plugin declares an option whose name or default no person could type."""
    for name, value in options.items():
        if not isinstance(name, str) or not OPTION_NAME.fullmatch(name):
            raise ZooError(f"option {name!r:.60} is no name", "name options as Python names arguments")
        try:
            same = _KINDS[type(value)].read(shown(value)) == value
        except (KeyError, ValueError):
            same = False
        if not same:
            cause = f"option {name} has the default {value!r:.60}"
            raise ZooError(cause, "use a switch, a number, a word, or a tuple of whole numbers")


def _is_text(value: str) -> bool:
    return _TEXT.fullmatch(value) is not None and value.isprintable()


def _read(model: str, name: str, text: str, default: Value) -> Value:
    kind = _KINDS[type(default)]
    try:
        return kind.read(text)
    except (ValueError, KeyError):
        cause = f"{model}: {name}={text} is not {kind.name}"
        raise ZooError(cause, f"as in {name}={shown(default)}", USAGE) from None


def _switch(text: str) -> bool:
    return _SWITCHES[text.lower()]


def _number(text: str) -> float:
    number = float(text)
    if number - number != 0:  # infinite, or none
        raise ValueError(text)
    return number


def _word(text: str) -> str:
    if not _is_text(text):
        raise ValueError(text)
    return text


def _widths(text: str) -> tuple[int, ...]:
    if not _WIDTHS.fullmatch(text):
        raise ValueError(text)
    return tuple(map(int, text.split("-")))


_KINDS: dict[type, _Kind] = {
    bool: _Kind("true or false", _switch),
    int: _Kind("a whole number", int),
    float: _Kind("a number", _number),
    str: _Kind("a word", _word),
    tuple: _Kind("whole numbers with dashes between them", _widths),
}
