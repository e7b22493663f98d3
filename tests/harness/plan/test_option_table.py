"""The table of options, and the flags that say the same as Python's arguments."""

from __future__ import annotations

from pathlib import Path

from harness.cli.shared.parser import Parser
from harness.cli.shared.train_options import add_progress, add_run_options
from harness.plan.option_table import RUN, as_flags, checked


def typed(*words):
    parser = Parser()
    parser.add_argument("-p", dest="plugins", action="append", default=[])
    run = parser.add_subparsers().add_parser("run")
    add_progress(add_run_options(run))
    values = vars(parser.parse_args(words))
    # argparse adds to lists what may be given several times; a request has tuples.
    return {name: tuple(value) if RUN[name].repeated else value for name, value in values.items()}


def test_flags_without_a_value_have_the_defaults_of_python():
    assert typed("run") == checked({}, RUN, "f") | {"plugins": []}


def test_the_flags_of_arguments_ask_for_the_same():
    given = {"models": "mlp,-x*", "plugins": ["a.py", "b"], "lr": 1e-5, "isolation": False, "amp": True, "img_size": 8}
    arguments = checked(given | {"data_dir": "my pets", "finetune": "full", "resume": "ab12"}, RUN, "f")
    words = as_flags(arguments)
    assert words[:5] == ["-p", "a.py", "-p", "b", "run"]
    assert "--no-isolation" in words
    assert typed(*words) == arguments
    assert arguments["data_dir"] == Path("my pets")
