"""`harness predict`: what a trained model takes new images for."""

from __future__ import annotations

import shlex
import sys
import warnings
from typing import TYPE_CHECKING

from harness.api.plugin_warnings import report_broken
from harness.cli.shared.parser import add_json, typed
from harness.cli.shared.stored_run import add_run_folder, show_each
from harness.cli.shared.train_options import add_option
from harness.plan.option_table import RUN
from harness.plan.values import path, whole
from results.pictures.class_bars import MOST_BARS, MOST_ROWS, Drawn, class_bars
from results.pictures.figure import require_drawing, save
from results.sanitize import plain
from zoo.errors import ZooError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from harness.trial.predict import TrainedModel
    from results.answers.checkpoints import Checkpoint
    from results.answers.predicted import Prediction, Predictor
    from zoo.discovery import Zoo

# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.tables.answers.predictions", "results.answers.checkpoints", "results.pictures.class_bars")
TOP = 5
SIDE_DRAWN = 480  # pixels


def configure(parser: argparse.ArgumentParser) -> None:
    what = "an image, a folder of images, or - for paths on stdin, one a line"
    parser.add_argument("images", nargs="+", metavar="IMAGE", help=what)
    which = "RUN/MODEL, RUN/MODEL@s2, a model of the latest run, or a folder checkpoints/MODEL@s1"
    parser.add_argument("--checkpoint", required=True, metavar="RUN/MODEL", help=which)
    parser.add_argument("--top", type=typed(whole(1)), default=TOP, metavar="K", help="classes to show of each image")
    add_option(parser, "device", RUN["device"])
    how_many = "images at a time (default: as many as in the evaluation of the run)"
    parser.add_argument("--batch-size", type=typed(whole(1)), metavar="N", help=how_many)
    output = parser.add_mutually_exclusive_group()
    add_json(output, "print the same as JSON, in full precision")
    output.add_argument("--csv", action="store_true", help="print a row for each class shown, in full precision")
    drawn = f"draw each image beside its classes as bars (at most {MOST_ROWS} images, {MOST_BARS} bars); .png or .svg"
    parser.add_argument("--plot", type=typed(path), metavar="FILE", help=drawn)
    add_run_folder(parser, "harness predict photo.jpg --checkpoint mlp")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.data.files.image_paths import image_paths
    from results.answers.checkpoints import find_checkpoint

    report_broken(zoo)
    if arguments.plot:
        require_drawing(arguments.plot)
    checkpoint = find_checkpoint(arguments.checkpoint, arguments.output)
    paths, notes = image_paths(arguments.images, _stdin)
    for note in notes:
        _say(f"note: {note}")
    bad: list[Prediction] = []
    drawn: list[Drawn] = []
    _predict(arguments, zoo, checkpoint, paths, bad, drawn)
    if drawn:
        save(class_bars(drawn), arguments.plot)
        _say(f"wrote {arguments.plot}" + (f", the first {MOST_ROWS} images" if len(paths) > MOST_ROWS else ""))
    if bad:
        cause = f"{len(bad):,} of {len(paths):,} images could not be predicted"
        raise ZooError(cause, "they are named above: fix them, or leave them out")
    return 0


def _predict(
    arguments: argparse.Namespace,
    zoo: Zoo,
    checkpoint: Checkpoint,
    paths: Sequence[Path],
    bad: list[Prediction],
    drawn: list[Drawn],
) -> None:
    """Print predictions batch by batch; `bad` and `drawn` get what is to be said and drawn in the end."""
    # Only now: importing torch takes seconds, and what is not there is said before it.
    from harness.machine import devices
    from harness.machine.oom import is_out_of_memory
    from harness.trial.file_predictions import Conditions, file_predictions
    from harness.trial.saved_model import load_by
    from results.answers.predicted import Predictor

    device = devices.resolve(arguments.device)
    conditions = Conditions.of(checkpoint.record) if checkpoint.record else Conditions()
    trained, name = load_by(zoo, checkpoint.folder, arguments.plugins, _allowing, _warn)
    predictor = Predictor(checkpoint=checkpoint, model=name, classes=trained.classes, device=devices.label(device))
    options = {"top": arguments.top, "batch_size": arguments.batch_size}
    try:
        with conditions.applied(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")  # of what is wrong, a problem is said
            predictions = file_predictions(trained, paths, device=device, conditions=conditions, **options)
            seen = _seen(predictions, bad, drawn if arguments.plot else None, trained)
            show_each(_written(arguments, seen, predictor, paths))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise ZooError(f"there is not memory enough on {predictor.device}", "give a smaller --batch-size") from error


def _seen(
    predictions: Iterable[Prediction], bad: list[Prediction], drawn: list[Drawn] | None, trained: TrainedModel
) -> Iterator[Prediction]:
    """The same predictions; what went wrong is said at once, and the first images are kept to be drawn."""
    from harness.data.pixels.decode import reduced
    from results.tables.answers.predictions import shown

    for one in predictions:
        if one.problem:
            bad.append(one)
            _say(f"no prediction: {shown(one.path)} ({one.problem})")
        elif drawn is not None and len(drawn) < MOST_ROWS:
            pixels = reduced(one.path, SIDE_DRAWN, trained.transform.geometry.white_level)
            drawn.append(Drawn(path=one.path, pixels=pixels, ranked=one.ranked))
        yield one


def _written(
    arguments: argparse.Namespace, predictions: Iterable[Prediction], predictor: Predictor, paths: Sequence[Path]
) -> Iterator[str]:
    from results.tables.answers.predictions import csv_lines, json_lines, lines

    if arguments.json:
        return json_lines(predictions, predictor)
    return csv_lines(predictions) if arguments.csv else lines(predictions, predictor, paths)


def _allowing(plugin: str) -> str:
    return f"if you trust that plugin: harness -p {shlex.quote(plugin)} predict …"


def _warn(text: str) -> None:
    _say(f"warning: {text}")


def _say(text: str) -> None:
    print(plain(text), file=sys.stderr)


def _stdin() -> bytes:
    return sys.stdin.buffer.read() if sys.stdin else b""
