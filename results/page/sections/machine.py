"""What the figures were made with, and how their intervals were computed."""

from __future__ import annotations

from typing import Any

from results.page.report_run import ReportRun
from results.page.section import Section
from results.page.statistics import FURTHER, statistics
from results.ranking.comparability import conditions
from results.sanitize import plain
from results.tables.markdown import made_with
from results.tables.number_format import counted

UNKNOWN: tuple[Any, ...] = (None, "", [], {}, 0, "none")
# Conditions that the lines on machine and data have.
SAID_ABOVE = ("cpu", "cores", "accelerators", "torch", "timm", "data fingerprint", "number of test images")
# What else a run says of its machine, by the names of run.json.
MACHINE = {"os": "system", "machine": "architecture", "cpu_capability": "CPU capability", "memory_gib": "memory, GiB"}


def section(run: ReportRun) -> Section | None:
    """Machine, data and command as below the written table; conditions of all rows; the intervals in short."""
    lines = [line.partition(": ") for line in made_with(run.summary, run.configuration)]
    made = [(label, text) for label, _, text in lines if label != "Command"]
    command = next((text for label, _, text in lines if label == "Command"), "")
    return Section(
        id="machine",
        title="How this was made",
        template="machine.html",
        view={
            "made": made,
            "facts": [*_facts(run), *_data(run)],
            "command": command,
            "statistics": statistics(run.summary),
            "further": FURTHER,
            "ended": _ended(run),
        },
    )


def _ended(run: ReportRun) -> str:
    """How many trials ended well: where none failed there is no section of failures to say it."""
    failed = sum(record.status != "ok" for record in run.records)
    trials = counted(len(run.records), "trial")
    return f"{trials}, {failed:,} of them failed" if failed else f"{trials}, none failed"


def _facts(run: ReportRun) -> list[tuple[str, str]]:
    """What had to be equal for the rows to be ranked together, and more on the machine."""
    ended_well = next((record for record in run.records if record.status == "ok"), None)
    known = conditions(ended_well) if ended_well else {}
    machine = run.configuration.get("machine", {})
    known = {label: value for label, value in known.items() if label not in SAID_ABOVE}
    known |= {label: machine.get(key) for key, label in MACHINE.items()}
    return _shown({"harness": run.configuration.get("harness"), **known})


def _data(run: ReportRun) -> list[tuple[str, str]]:
    data = run.configuration.get("data", {})
    sizes = {f"images of {part}": data.get(f"num_{part}") for part in ("train", "val", "test")}
    return _shown({**sizes, "classes": len(data.get("classes", ()))})


def _shown(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [(label, _text(value)) for label, value in facts.items() if value not in UNKNOWN]


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return plain(", ".join(map(str, value)))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else plain(value)
