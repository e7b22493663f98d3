"""Run the simulations and write what came out into docs/statistics.md: `python -m tests.statistics`, half an hour.

`python -m tests.statistics coverage power` runs these alone. Exits with 1 where a promise is not kept.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.statistics import cells, simulations

PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"
Run = Callable[[], Iterator[list[str]]]
Block = tuple[str, list[str], Run]


def main() -> int:
    """The exit code."""
    text, broken, wanted = PAGE.read_text(), [], sys.argv[1:]
    for name, header, run in blocks():
        if wanted and name not in wanted:
            continue
        rows = list(run())
        lines = [header, ["---:"] * len(header), *rows]
        table = "\n".join(f"| {' | '.join(cells_)} |" for cells_ in lines)
        mark = f"<!-- {name} -->"
        text = re.sub(f"{mark}.*?<!-- end -->", f"{mark}\n{table}\n<!-- end -->", text, flags=re.DOTALL)
        broken += [f"{name}: {row}" for row in rows if any("!" in cell for cell in row)]
        PAGE.write_text(text)
        print(name, *rows, sep="\n", flush=True)
    print(*broken, sep="\n")
    return int(bool(broken))


def blocks() -> Iterator[Block]:
    """Each simulation as a table; what breaks its promise has an exclamation mark."""
    yield "false alarms", ["seeds", "models", "images", *map(str, EFFECTS)], false_alarms
    yield "power", ["models", "images", "gap", "1 seed", "3 seeds", "5 seeds"], power
    yield "coverage", ["seeds", "images", *COVERED], coverage
    yield "first row", ["models", "seeds", "effect", "covered", "one of the best is named"], first_rows
    yield "uneven", ["models", "images", "effect", "told apart", "covered"], uneven
    yield (
        "images needed",
        ["models", "seeds", "effect", "say a number", "the number", "seen with so many"],
        needed,
    )
    yield "many models", ["models", "images", "effect", "rank 1 with one seed", "with three"], groups
    yield "clustered", ["groups", "spread", *CLUSTERED], clustered
    yield "places", ["models", "seeds", "effect", "all ranks within"], places


EFFECTS = (0.0, 0.1, 0.3, 0.6, "mixed")
COVERED = ("0.0", "0.3", "0.6", "mixed")
CLUSTERED = ("covered by groups", "by images", "told apart by groups", "by images")


def percent(share: float, kept: bool = True) -> str:
    return f"{100 * share:.1f} %{'' if kept else '!'}"


def false_alarms() -> Iterator[list[str]]:
    groups: dict[tuple[int, int, int], list[str]] = {}
    for seeds, models, images, effect in cells.FALSE_ALARMS:
        share = simulations.false_alarms(models, seeds, images, effect, cells.runs_of(models))
        groups.setdefault((seeds, models, images), []).append(percent(share, share <= cells.MOST_ALARMS))
    for numbers, shares in groups.items():
        yield [*map(str, numbers), *shares]


def power() -> Iterator[list[str]]:
    for models, images, gap in cells.POWER:
        found = [simulations.power(models, seeds, images, 0.0, gap, 300) for seeds in (1, 3, 5)]
        yield [str(models), str(images), f"{100 * gap:.1f} pp", *(percent(x, x >= found[0]) for x in found)]


def coverage() -> Iterator[list[str]]:
    groups: dict[tuple[int, int], list[str]] = {}
    for seeds, images, effect in cells.COVERAGE:
        share = simulations.coverage(seeds, images, effect, 1500)
        groups.setdefault((seeds, images), []).append(percent(share, share >= cells.LEAST_COVERAGE))
    for numbers, shares in groups.items():
        yield [*map(str, numbers), *shares, *[""] * (len(COVERED) - len(shares))]


def first_rows() -> Iterator[list[str]]:
    for models, (seeds, effect) in cells.WINNERS:
        shares = simulations.winner_covered(models, seeds, 360, effect, 600)
        yield [str(models), str(seeds), str(effect), *(percent(x, x >= cells.LEAST_COVERAGE) for x in shares)]


def uneven() -> Iterator[list[str]]:
    for models, images, effect in cells.UNEVEN:
        alarms, covered = simulations.uneven_alarms(models, images, effect, 1000)
        kept = percent(alarms, alarms <= cells.MOST_ALARMS), percent(covered, covered >= cells.LEAST_COVERAGE)
        yield [str(models), str(images), str(effect), *kept]


def needed() -> Iterator[list[str]]:
    for models, (seeds, effect) in cells.NEEDED:
        said, images, found = simulations.found_when_promised(models, seeds, effect, 500 if models < 20 else 150)
        kept = said <= 0.2 if effect else 0.7 <= found <= 0.9
        shown = [percent(said), "none" if images is None else f"{images:,}", percent(found, kept) if images else ""]
        yield [str(models), str(seeds), str(effect), *shown]


def groups() -> Iterator[list[str]]:
    for models, images, effect in cells.GROUPS:
        one, three = simulations.group_sizes(models, images, effect)
        yield [str(models), str(images), str(effect), str(one), f"{three}{'' if three <= 1.1 * one else '!'}"]


def clustered() -> Iterator[list[str]]:
    for num_groups, spread in cells.CLUSTERED:
        covered, alone, alarms, alarms_alone = simulations.clustered(num_groups, spread, 1000)
        kept = covered >= cells.LEAST_CLUSTERED or num_groups < cells.ENOUGH_GROUPS
        shown = (
            percent(covered, kept),
            percent(alone),
            percent(alarms, alarms <= cells.MOST_ALARMS),
            percent(alarms_alone),
        )
        yield [str(num_groups), str(spread), *shown]


def places() -> Iterator[list[str]]:
    for models, (seeds, effect) in cells.PLACES:
        share = simulations.places_hold(models, seeds, 1000, effect, 600)
        yield [str(models), str(seeds), str(effect), percent(share, share >= 0.935)]


if __name__ == "__main__":
    sys.exit(main())
