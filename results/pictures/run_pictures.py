"""The pictures that a run leaves beside its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from results.answers.curves import LearningCurves, of_models
from results.pictures import confusion, curves, error_time
from results.pictures.figure import save
from results.store.atomic import make_folder
from results.store.file_names import slug

if TYPE_CHECKING:
    from pathlib import Path

    from results.ranking.summary import Summary
    from results.store.run_store import RunStore

FOLDER = "plots"
MOST_CONFUSIONS = 5


def draw_run(store: RunStore, summary: Summary) -> list[Path]:
    """Curves, error against time on each device type, and the confusion matrix of each of the five best models.

    Returns the files; what there are no figures for is left out. Raises StoreError where they cannot be written.
    """
    folder = store.path / FOLDER
    # Not the summary's: of a cross-validation those are of whole repeats, which have no epochs.
    records = store.records()
    models = of_models((row.model for row in summary.rows), records)
    drawn = {"curves.png": curves.draw(LearningCurves(run=store.path.resolve().name, models=models))} if models else {}
    devices = sorted({name.partition("_")[0] for row in summary.ranked for name in row.times})
    drawn |= {f"error-time-{device}.png": figure for device in devices if (figure := error_time.draw(summary, device))}
    best = summary.ranked[:MOST_CONFUSIONS]
    drawn |= {f"confusion-{slug(row.model)}.png": figure for row in best if (figure := confusion.draw(row))}
    if drawn:
        make_folder(folder)
    return [save(figure, folder / name) for name, figure in drawn.items()]
