"""Installed packages with one fault each, and what is to be said of it. Made of text in a folder, without pip."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

GOOD = """import zoo


@zoo.hookimpl
def zoo_models():
    return [zoo.ModelSpec(name="good/net", build="acme_good:build")]


def build(task):
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(task.channels * task.image_size**2, task.num_classes))
"""
HOOK = "import zoo\n@zoo.hookimpl\n"
MODELS = f"{HOOK}def zoo_models():\n"
SPEC = "zoo.ModelSpec(name='{}/net', build='x:y')"
TRACEBACK = "its traceback: harness plugins --verbose"
LEAVE_OUT = f"{TRACEBACK}; or leave it out: -p no:{{name}}"
NO_RUN = "a plugin is imported, never run: put what ends the program below `if __name__ == '__main__':`"
ENTRY = "correct it where the package declares its entry points (group zoo)"
INSIDE = "do that inside the function that builds the model, or not at all"
WAIT = "do less there, or allow it more seconds: ZOO_PLUGIN_TIMEOUT=300"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A package `acme-<name>` whose module has `text`: cause, line and remedy are what is said of it.

    `models` are those that it offers all the same, `file` where the fault is, below the folder of all packages.
    """

    name: str
    text: str
    cause: str
    line: int
    remedy: str
    file: str = "{module}.py"
    entry: str = "{name} = {module}"
    models: tuple[str, ...] = ()
    others: dict[str, str] = field(default_factory=dict)

    @property
    def module(self) -> str:
        return f"acme_{self.name.removeprefix('acme-')}"

    def said(self, site: Path) -> str:
        """The whole line on stderr."""
        package = self.name if self.name.startswith("acme-") else f"acme-{self.name}"
        place = f"{site}/{self.file.format(name=self.name, module=self.module)}:{self.line}"
        remedy = self.remedy.format(name=self.name)
        return f"warning: plugin {self.name} (installed: {package} 1.0): {self.cause}, at {place}; {remedy}"

    def install(self, site: Path) -> None:
        entry = self.entry.format(name=self.name, module=self.module)
        install(site, self.name.removeprefix("acme-"), self.text, entry=entry)
        for name, text in self.others.items():
            (site / name).write_text(text)


def install(site: Path, name: str, text: str, *, entry: str = "") -> None:
    """A package of one module, with its entry point."""
    info = site / f"acme_{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[zoo]\n{entry or f'{name} = acme_{name}'}\n")
    (site / f"acme_{name}.py").write_text(text)


def _import(name: str, text: str, cause: str, line: int, remedy: str = TRACEBACK, **more: str) -> Broken:
    return Broken(name=name, text=text, cause=f"import: {cause}", line=line, remedy=remedy, **more)


def _models(
    name: str, body: str, cause: str, line: int, remedy: str = TRACEBACK, models: tuple[str, ...] = ()
) -> Broken:
    """The body of a zoo_models hook, whose first line is the file's fourth."""
    text = MODELS + "".join(f"    {one}\n" for one in body.splitlines())
    return Broken(name=name, text=text, cause=cause, line=line, remedy=remedy, models=models)


POINTS = "{module}-1.0.dist-info/entry_points.txt"
BROKEN = [
    _import("raises", "import os\n1 / 0\n", "ZeroDivisionError: division by zero", 2),
    _import("deep", "def f():\n    return {}['x']\nf()\n", "KeyError: 'x'", 2),
    _import(
        "syntax", "import os\ndef f(:\n", "SyntaxError: invalid syntax (acme_syntax.py, line 2)", 2, "correct that line"
    ),
    _import(
        "lacks",
        "import zoo\nimport nowhere_at_all.x\n",
        "ModuleNotFoundError: No module named 'nowhere_at_all'",
        2,
        "install what has the module 'nowhere_at_all'",
    ),
    _import(
        "relative", "from . import layers\n", "ImportError: attempted relative import with no known parent package", 1
    ),
    _import("leaves", "import sys\nsys.exit('bye')\n", "SystemExit: bye", 2, NO_RUN),
    _import("interrupts", "\nraise KeyboardInterrupt\n", "KeyboardInterrupt", 2, NO_RUN),
    _import("crashes", "import ctypes\nctypes.string_at(0)\n", "crashed with SIGSEGV", 2, LEAVE_OUT),
    _import("aborts", "import os\n\nos.abort()\n", "crashed with SIGABRT", 3, LEAVE_OUT),
    _import("exits", "import os\nos._exit(3)\n", "ended the process (exit 3)", 2, LEAVE_OUT),
    _import("hangs", "import time\ntime.sleep(60)\n", "no answer after 2 s", 2, WAIT),
    _import("greedy", "import resource\nkeep = bytearray(2**60)\n", "MemoryError", 2),
    Broken(
        name="patches",
        text="import zoo.names\nzoo.names.is_valid = None\n",
        line=1,
        cause="changed zoo.names.is_valid",
        remedy=INSIDE,
    ),
    _import(
        "pointless",
        "",
        "entry point 'pointless = acme_pointless:plugin': module 'acme_pointless' has no attribute 'plugin'",
        2,
        ENTRY,
        entry="{name} = {module}:plugin",
        file=POINTS,
    ),
    _import(
        "moved",
        "",
        "entry point 'moved = acme_moved.old': there is no module acme_moved.old",
        2,
        ENTRY,
        entry="{name} = {module}.old",
        file=POINTS,
    ),
    _import(
        "wordy",
        "",
        "entry point 'wordy = my module' names no module",
        2,
        ENTRY,
        entry="{name} = my module",
        file=POINTS,
    ),
    _import(
        "acme-malformed",
        "",
        "the entry points of acme-malformed cannot be read",
        2,
        "write each as: name = package.module",
        entry="malformed",
        file=POINTS,
    ),
    Broken(
        name="newer",
        text="ZOO_API = 9\n" + GOOD,
        line=1,
        cause="needs zoo-api 9, have 1",
        remedy="install a newer zoo-harness, or an older version of the plugin",
    ),
    Broken(
        name="hookless",
        text="import zoo\n",
        line=1,
        cause="has no hook",
        remedy="define zoo_models() with @zoo.hookimpl above it; start one: harness new my_net",
    ),
    Broken(
        name="unmarked",
        text="import zoo\n\ndef zoo_models():\n    return []\n",
        line=3,
        cause="zoo_models is not marked as a hook",
        remedy="put @zoo.hookimpl above def zoo_models",
    ),
    Broken(
        name="misspelt",
        text=f"{HOOK}def zoo_model():\n    return []\n",
        line=2,
        cause="unknown hook 'zoo_model'. Did you mean zoo_models?",
        remedy="rename it; all hooks: zoo/hookspecs.py",
    ),
    Broken(
        name="too_many",
        text=f"{HOOK}def zoo_models(task):\n    return []\n",
        line=2,
        cause="zoo_models takes (task)",
        remedy="begin it with: def zoo_models():",
    ),
    Broken(
        name="too_few",
        text=f"{HOOK}def zoo_trial_done():\n    pass\n",
        line=2,
        cause="zoo_trial_done takes ()",
        remedy="begin it with: def zoo_trial_done(event):",
    ),
    _models("hook_raises", "\nreturn [].pop()", "zoo_models: IndexError: pop from empty list", 5),
    _models("halfway", f"yield {SPEC.format('halfway')}\nraise OSError('no disk')", "zoo_models: OSError: no disk", 5),
    _models(
        "field",
        "return [zoo.ModelSpec('field/net')]",
        "zoo_models: TypeError: ModelSpec.__init__() takes 1 positional argument but 2 were given",
        4,
    ),
    _models("hook_hangs", "import time\ntime.sleep(60)", "zoo_models: no answer after 2 s", 5, WAIT),
    _models(
        "forgets",
        "[]",
        "zoo_models: returned NoneType, not a list of ModelSpec",
        2,
        "end it with: return [zoo.ModelSpec(…)]",
    ),
    _models(
        "single",
        f"return {SPEC.format('single')}",
        "zoo_models: returned ModelSpec, not a list of ModelSpec",
        2,
        "end it with: return [zoo.ModelSpec(…)]",
    ),
    _models(
        "text",
        f"return ['resnet', {SPEC.format('text')}]",
        "zoo_models: declares str where a ModelSpec is wanted",
        2,
        "declare each as zoo.ModelSpec(name=…)",
        models=("text/net",),
    ),
    _models(
        "badname",
        f"return [{SPEC.format('bad name')}, {SPEC.format('badname')}]",
        "zoo_models: 'bad name/net' cannot be a name: letters, digits, _ . - and one / only",
        2,
        "rename it, such as bad_name/net",
        models=("badname/net",),
    ),
    _models(
        "twice",
        f"return [{SPEC.format('twice')}, {SPEC.format('twice')}]",
        "zoo_models: twice/net is declared twice",
        2,
        "rename the second",
        models=("twice/net",),
    ),
    _models(
        "taken",
        f"return [zoo.ModelSpec(name='resnet18', build='x:y'), {SPEC.format('taken')}]",
        "resnet18 is owned by torchvision_models",
        2,
        "give it a prefix, such as mine/resnet18, or leave the other out: -p no:torchvision_models",
        models=("taken/net",),
    ),
    Broken(
        name="datasets",
        text=f"{MODELS}    return [{SPEC.format('datasets')}]\n@zoo.hookimpl\ndef zoo_datasets():\n    return [1]\n",
        line=5,
        cause="zoo_datasets: declares int where a DatasetSpec is wanted",
        remedy="declare each as zoo.DatasetSpec(name=…)",
    ),
]
