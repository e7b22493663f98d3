"""`harness compare A B`: two models of a run, or two runs: which is better, which is slower, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json, typed
from harness.cli.shared.stored_run import RUN_HELP, add_run_folder, show, show_json
from harness.plan.values import real

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

TOO_BAD = 1
# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.tables.answers.comparison",)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", metavar="A", help="a model of the run; or a run: its id, its folder, or how it begins")
    parser.add_argument("second", metavar="B", help="another model, or another run")
    parser.add_argument("--run", metavar="RUN", help=f"which run the models are of; {RUN_HELP}")
    parser.add_argument("--force", action="store_true", help="compare what was not made under the same conditions")
    parser.add_argument(
        "--fail-if-slower",
        type=typed(_percent),
        metavar="PERCENT",
        help="end with 1 where a step of B takes longer than that of A by more than this, beyond doubt",
    )
    parser.add_argument(
        "--fail-if-worse",
        type=typed(real(0)),
        metavar="PP",
        help="end with 1 where B has more errors than A by more than this many percentage points, beyond doubt",
    )
    add_json(parser)
    add_run_folder(parser, "harness compare resnet18 fc_model --fail-if-worse 1")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from results.answers.compared import compared
    from results.tables.answers import comparison

    answer = compared(arguments.first, arguments.second, arguments.run, arguments.output)
    if not arguments.force:
        answer.require_comparable()
    if arguments.fail_if_worse is not None:
        answer.require_paired()
    failures = comparison.failures(answer, too_slow=arguments.fail_if_slower, too_bad=arguments.fail_if_worse)
    if arguments.json:
        show_json(comparison.data(answer) | {"failures": failures})
    else:
        show([*comparison.lines(answer), *failures])
    return TOO_BAD if failures else 0


def _percent(text: str) -> float:
    return real(0)(text.strip().removesuffix("%").strip())
