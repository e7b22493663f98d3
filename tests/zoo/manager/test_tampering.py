"""Which modules are guarded is known without looking at all that is loaded."""

from __future__ import annotations

import sys
from random import Random
from types import ModuleType

from zoo.manager.tampering import names_within

OURS = ("acme", "apex")
NAMES = ("acme", "acme.a", "acme.b", "acmes", "apex.c", "other", "other.acme")


def test_modules_that_come_go_and_come_again_are_those_of_a_look_at_all(monkeypatch):
    dice, modules = Random(0), dict(sys.modules)
    monkeypatch.setattr(sys, "modules", modules)
    for _ in range(400):
        for _ in range(dice.randrange(3)):
            modules.pop(dice.choice(NAMES), None)
        for _ in range(dice.randrange(3)):
            modules.setdefault(name := dice.choice(NAMES), ModuleType(name))
        there = [name for name in names_within(OURS) if name in modules]
        assert sorted(there) == sorted(name for name in modules if name.partition(".")[0] in OURS)


def test_what_was_looked_at_is_not_looked_at_again():
    class Name(str):
        __slots__ = ("looks",)

        def startswith(self, *beginnings):
            self.looks = getattr(self, "looks", 0) + 1
            return super().startswith(*beginnings)

    name = Name("acme.counted")
    sys.modules[name] = ModuleType(name)
    try:
        assert ["acme.counted" in names_within(OURS) for _ in range(3)] == [True] * 3
    finally:
        del sys.modules[name]
    assert name.looks == 1
