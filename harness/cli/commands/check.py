"""`harness check NAME…`: whether models keep what a run relies on, each tried in a process of its own."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api.choosing import choose
from harness.api.plugin_warnings import report_broken
from harness.cli.shared.parser import add_json, typed
from harness.cli.shared.train_options import add_option
from harness.machine.system import LIBRARIES, installed
from harness.plan.option_table import LICENSE, NUM_THREADS, SET, Option
from harness.plan.values import real, whole
from results.sanitize import harmless, plain
from results.tables.number_format import counted
from zoo.errors import USAGE, ZooError
from zoo.manager.loading import SHIPPED
from zoo.testing.result import NOT_ASKED

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from harness.checks.checked import CheckedModel
    from zoo.discovery import Zoo
    from zoo.selection import Choice

OF_PLUGIN = ", plugin "  # in a row's conditions
OK, TOO_LARGE = "ok", "not checked"
FORMATS = (".csv", ".md", ".json")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", metavar="names", nargs="*", help="names, globs, tags; a leading - excludes")
    parser.add_argument("--all", action="store_true", help="every model that there is, and write a table")
    parser.add_argument("--slow", action="store_true", help="also compile and export, which takes seconds a model")
    add_option(parser, "set", SET)
    add_option(parser, "license", LICENSE)
    add_option(parser, "num_threads", NUM_THREADS)
    help = "side of the images in pixels, or the next that a model runs on (default: 64, or the model's one size)"
    add_option(parser, "img_size", Option(help, whole(1)))
    help = "end the checks of a model after this (0: never)"
    parser.add_argument("--timeout", type=typed(real(0)), default=900.0, metavar="SECONDS", help=help)
    help = "write a table, a row a model and a column a check: .csv, .md or .json (--all: model_checks.csv)"
    parser.add_argument("--output", metavar="FILE", help=help)
    help = "leave out what is ok in the table of --output (.csv), from the same libraries, on any size, and add to it"
    parser.add_argument("--continue", dest="goes_on", action="store_true", help=help)
    add_json(parser, "print every check of every model as JSON")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    report_broken(zoo)
    output = _output(arguments)
    libraries = _libraries(slow=arguments.slow)
    asked = _choices(arguments, zoo)
    conditions = _conditions(asked, zoo, libraries)
    before = _before(output, libraries) if arguments.goes_on else {}
    choices = [one for one in asked if not _is_done(before.get(one.name, {}), conditions[one.owner])]
    again = {choice.name for choice in choices}
    rows = [row for model, row in before.items() if model not in again]
    num_before = len(rows)
    # Only now: importing torch takes a second, and what cannot be meant is said before it.
    from harness.checks.checked import checked

    done: list[CheckedModel] = []
    results = checked(
        zoo,
        choices,
        arguments.plugins,
        slow=arguments.slow,
        num_threads=arguments.num_threads,
        img_size=arguments.img_size,
        limit_s=arguments.timeout,
    )
    for choice, one in zip(choices, results, strict=True):
        done.append(one)
        rows.append(_row(one, conditions[choice.owner]))
        if not arguments.json:
            print(harmless("\n".join(_lines(one, arguments.img_size))), flush=True)
        if output:  # after each: hours of checks that end half-way have their table
            _write(output, done, rows)
    if arguments.json:
        print(json.dumps([as_json(one) for one in done], indent=1))
    _sum_up(done, num_before, output, quiet=arguments.json)
    return 0 if all(one.is_ok for one in done) else 1


def _output(arguments: argparse.Namespace) -> Path | None:
    name = arguments.output or ("model_checks.csv" if arguments.all else None)
    if name and Path(name).suffix not in FORMATS:
        raise ZooError(f"--output {name} is none of {', '.join(FORMATS)}", "let the file's name end in one", USAGE)
    return Path(name).expanduser() if name else None


def _libraries(*, slow: bool) -> str:
    """What decides the rows of all models: the libraries' versions, and whether all checks were asked for."""
    versions = [f"{name} {version}" for name in LIBRARIES if (version := installed(name))]
    return ", ".join([*versions, *(["--slow"] if slow else [])])


def _conditions(choices: Sequence[Choice], zoo: Zoo, libraries: str) -> dict[str, str]:
    """What else than its name decides a model's row, by plugin: of one that is not shipped, its files' content too."""
    conditions = {}
    for owner in {choice.owner for choice in choices}:
        conditions[owner] = libraries
        if zoo.plugin(owner).source != SHIPPED:
            content = json.dumps(zoo.content(owner), sort_keys=True)
            conditions[owner] += f"{OF_PLUGIN}{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    return conditions


def _is_done(row: Mapping[str, str], conditions: str) -> bool:
    """Whether the model of the row need not be checked: what failed may have failed for want of memory or time."""
    return row.get("outcome") == OK and row["conditions"] == conditions


def _before(output: Path | None, libraries: str) -> dict[str, dict[str, str]]:
    """The rows of an earlier call, by model. Raises ZooError where other libraries made them, which would lose them."""
    from results.tables import model_checks

    if output is None or output.suffix != ".csv":
        raise ZooError("--continue goes on with a table", "name it: --output FILE.csv", USAGE)
    rows = model_checks.from_csv(output) if output.exists() else []
    for made_with in {row["conditions"].partition(OF_PLUGIN)[0] for row in rows} - {libraries}:
        cause = f"{output} was made with {made_with}, and this would be {libraries}"
        raise ZooError(cause, "name another file, or leave --continue out to begin anew", USAGE)
    return {row["model"]: row for row in rows}


def _choices(arguments: argparse.Namespace, zoo: Zoo) -> Sequence[Choice]:
    names = ["all", *arguments.models] if arguments.all else arguments.models
    if not names:
        raise ZooError("no model was named", "harness check NAME, or --all", USAGE)
    return choose(zoo, ",".join(names), arguments.set, license=arguments.license)


def _lines(one: CheckedModel, asked: int | None) -> Iterator[str]:
    """A line for the model, and two for each check that it failed; `asked` is the size of images that was asked for."""
    other = asked and one.img_size not in (asked, None)
    yield f"{plain(one.model)}  {outcome(one)}{f', on {one.img_size} px' if other else ''}"
    for result in one.results:
        if result.status == "failed":
            yield f"  {result.check}: {plain(result.cause)}"
            yield f"    {plain(result.remedy)}"
        elif result.status == "failed as declared":
            yield f"  {result.check} failed as declared: {plain(result.cause)}"


def outcome(one: CheckedModel) -> str:
    """How many checks ended in which way."""
    if one.problem:
        return f"{TOO_LARGE if one.is_too_large else 'FAIL'}: {plain(one.problem)}"
    counts = {status: one.count(status) for status in ("passed", "failed", "failed as declared", "not run")}
    parts = [f"{number} {status}" for status, number in counts.items() if number and status != "passed"]
    return ", ".join([f"{counts['passed']} of {counted(len(one.results), 'check')} passed", *parts])


def as_json(one: CheckedModel) -> dict[str, object]:
    """Plain data: every check with its status, cause and remedy."""
    return {
        "model": one.model,
        "plugin": one.plugin,
        "ok": one.is_ok,
        "problem": one.problem,
        "img_size": one.img_size,
        "seconds": round(one.seconds, 2),
        "checks": [
            {"check": result.check, "status": result.status, "cause": result.cause, "remedy": result.remedy}
            for result in one.results
        ],
    }


def _write(output: Path, done: Sequence[CheckedModel], rows: Sequence[Mapping[str, str]]) -> None:
    from results.store.atomic import write_atomic
    from results.tables import model_checks

    if output.suffix == ".json":
        write_atomic(output, json.dumps([as_json(one) for one in done], indent=1).encode())
        return
    write_atomic(output, model_checks.as_csv(rows) if output.suffix == ".csv" else model_checks.as_markdown(rows))


def _row(one: CheckedModel, conditions: str) -> dict[str, str]:
    said = [f"{result.check}: {result.cause}" for result in one.results if result.status.startswith("failed")]
    facts = {
        "model": one.model,
        "plugin": one.plugin,
        "outcome": OK if one.is_ok else TOO_LARGE if one.is_too_large else "failed",
    }
    facts |= {"passed": str(one.count("passed")), "seconds": f"{one.seconds:.1f}", "conditions": conditions}
    facts |= {"img_size": str(one.img_size or "")}
    return facts | {"detail": one.problem or "; ".join(said)} | {result.check: result.status for result in one.results}


def _sum_up(done: Sequence[CheckedModel], num_before: int, output: Path | None, *, quiet: bool) -> None:
    wrong = [one for one in done if not one.is_ok]
    if len(done) + num_before > 1 and not quiet:
        earlier = f", {num_before} in the table before" if num_before else ""
        large = sum(one.is_too_large for one in wrong)
        parts = [
            f"{len(done) - len(wrong)} ok",
            f"{len(wrong) - large} failed",
            *([f"{large} not checked"] * bool(large)),
        ]
        print(plain(f"{counted(len(done), 'model')}: {', '.join(parts)}{earlier}"))
    if any(result.cause == NOT_ASKED for one in done for result in one.results):
        print("note: --slow also compiles and exports", file=sys.stderr)
    if output:
        print(harmless(f"wrote {output}" if done else f"{output} has all of them"), file=sys.stderr)
