"""Trains and measures models: the shared loop, the clocks, isolation, the command line; and the same from Python."""

from __future__ import annotations

from harness._version import __version__
from harness.own_packages import pin

TYPE_CHECKING = False  # typing's own would import it, and much else, from the current folder under `python -m`
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from pandas import DataFrame

    from harness.picks.start import Pick
    from harness.runs.finished_run import Run
    from harness.trial.predict import TrainedModel

__all__ = ["__version__", "load", "models", "pick", "run", "time"]

pin()  # here, where everything of ours comes through: the command line, a script, and every child process


def run(
    models: str | Sequence[str] = "starter",
    *,
    data_dir: str | Path | None = None,
    dataset: str | None = None,
    seeds: int = 1,
    seed: int = 1,
    device: str = "auto",
    output: str | Path = "results/runs",
    plugins: str | Path | Sequence[str | Path] = (),
    quiet: bool = False,
    resume: str | Path | None = None,
    **train: Any,
) -> Run:
    """Train and measure models on one dataset, and write the comparison: `harness run` for Python.

    `models` are names, globs, tags or `all`, in a list or with commas between them; a leading - excludes.
    `data_dir` is a folder of class folders, `dataset` the name of a dataset (default: digits); with both, `data_dir`
    is where that dataset is kept. Each model is trained from `seeds` seeds, the first of which is `seed`. `device` is
    auto, cpu, cuda, cuda:1, mps or xpu. The run gets a folder of its own in `output`. `plugins` are plugin files or
    modules beside those installed. Progress goes to stderr unless `quiet`. `resume` is the id or folder of an earlier
    run with the same arguments, whose missing trials are carried out.

    `train` are the options of `harness run`, under their names and with their defaults:

    - data: train_dir, val_dir and test_dir (the class folders of each part), labels (a CSV of the images in data_dir:
      path,label[,split][,group]), group_by (what keeps images of one animal or patient together: a pattern with one
      group, searched for in their paths, or a CSV path,group), val_split and test_split (shares of the images, 0.2
      each), folds (test every image once, by cross-validation) and repeats (of it, each with a seed and a cut of its
      own), img_size (pixels; resolved per model), aug ("none" or "basic"), skip_bad (leave out bad files), workers
      (threads that decode);
    - model: set (options of models, as "mine/tiny.width=32", or several in a list; the name "mine/tiny[width=32]" says
      the same), license (only models whose weights have one of these, as "apache-2.0,mit"), pretrained (the library's
      default weights) or weights (a tag, or a file as FILE or FILE#sha256=HEX), weights_dir (a folder of pretrained
      weights, NAME.TAG.safetensors, that go before those in caches), head ("linear", "mlp:256:0.2"), finetune ("head"
      or "full"), feature_views (augmented views to cache);
    - training: epochs (15), batch_size (32 images), opt ("sgd", "adam", "adamw"), lr (1e-3), weight_decay (0.01),
      momentum (0.9), sched ("constant", "cosine"), patience (4 epochs);
    - speed: amp, amp_dtype ("bfloat16", "float16"), channels_last ("auto", "on", "off"), torchcompile, grad_accum
      (passes a step), num_threads, nproc (processes that train each model together, 1), exact (no faster arithmetic, no
      TF32);
    - trials: trial_timeout (seconds, 14400; 0 for none), memory_limit (MiB, Linux), checkpoint_every (seconds, 300),
      isolation (False: in this process, which changes torch's settings here; for debugging), check_determinism (train
      a few steps twice more, and mark what differs);
    - several at once: jobs (workers that are started here), workers_only (wait for those that are started elsewhere, by
      harness worker), engine ("ray": trials are tasks of Ray), address (of a Ray cluster; else Ray is started here);
    - timing and logging: time_budget (seconds a model, device and kind of step, 1.0), logger (names of what to log to
      besides, such as ["tensorboard", "jsonl"]);
    - progress: log ("plain" lines, "json" or "live"; by default live on a terminal, and plain elsewhere).

    Returns the finished run: its folder as `path`, its `table` as a DataFrame, the `sentence` that sums it up, whether
    all is `ok` and what `failed`, and `checkpoints` by model and seed (and fold). A trial that fails raises nothing.

    Raises `zoo.errors.ZooError` for what cannot be meant or cannot be done on these data and this machine, and
    `results.errors.StoreError` for files that cannot be written; both have a `cause` and a `remedy`. A run that is
    interrupted can be resumed.
    """
    from harness.api import calls

    named: dict[str, object] = {"models": models, "data_dir": data_dir, "dataset": dataset, "seeds": seeds}
    named |= {"seed": seed, "device": device, "output": output, "plugins": plugins, "quiet": quiet, "resume": resume}
    return calls.run(named | train)


def pick(
    *,
    data_dir: str | Path | None = None,
    dataset: str | None = None,
    max_ms: float | None = None,
    on: str | None = None,
    budget: str | float | None = None,
    max_download: str | int | None = None,
    offline: bool = False,
    models: str | Sequence[str] = "all",
    license: str | None = None,
    seeds: int = 3,
    device: str = "auto",
    output: str | Path = "results/runs",
    plugins: str | Path | Sequence[str | Path] = (),
    quiet: bool = False,
    **options: Any,
) -> Pick:
    """Find the best of all pretrained models for one dataset, and train the finalists: `harness pick` for Python.

    `data_dir`, `dataset`, `device`, `output`, `plugins` and `quiet` are as for `run`; `seeds` is how many each finalist
    is trained from. A batch may take `max_ms` milliseconds `on` "cpu", "cuda", "mps" or "xpu" (default: the one that
    trains). No model is begun after `budget` (seconds, or as "10m"), and weights of `max_download` bytes at most (or as
    "8GB") are fetched, with `offline` none. `models` are names and globs that narrow the choice, `license` is as for
    `run`.

    `options` are the others of `harness pick`, under their names and with their defaults:

    - what is tried: infer_batch_size (images in the batch of max_ms, 1), max_params (millions), max_gmacs (1e9
      multiply-adds an image; 5 on a CPU), shortlist (models, at most: 48 on a CPU, else 96), plan (a file for what is
      to be fetched: `harness fetch FILE`);
    - as for `run`, the data: train_dir, val_dir, test_dir, labels, group_by, val_split, test_split, folds, repeats,
      skip_bad, workers (threads that decode);
    - as for `run`, the finalists' training: epochs (60) and patience (8), which cost little where only a head is
      trained, weights_dir, finetune, batch_size, opt, lr, weight_decay, momentum, sched, seed, amp, amp_dtype,
      channels_last, num_threads, exact, trial_timeout, memory_limit, checkpoint_every, time_budget, logger,
      log (as for `run`).

    Returns the finished pick: the finalists' `run` as `harness.run` gives it, its `table`, the `lines` that sum all up,
    and the path of `pick_csv`, with a line for every model of the catalogue. Raises as `run` does.
    """
    from harness.api import calls

    named: dict[str, object] = {"data_dir": data_dir, "dataset": dataset, "max_ms": max_ms, "on": on, "budget": budget}
    named |= {"max_download": max_download, "offline": offline, "models": models, "license": license, "seeds": seeds}
    named |= {"device": device, "output": output, "plugins": plugins, "quiet": quiet}
    return calls.pick(named | options)


def time(
    models: str | Sequence[str],
    *,
    device: str | Sequence[str] = "auto",
    batch_size: int | Sequence[int] = 8,
    img_size: int | None = None,
    num_classes: int = 1000,
    plugins: str | Path | Sequence[str | Path] = (),
    quiet: bool = False,
    **timing: Any,
) -> DataFrame:
    """Time models and count their work, without data and without training them: `harness time` for Python.

    `models` are named as for `run`. `device` is one or several, or auto for the CPU and the accelerator; `batch_size`
    one or several numbers of images; `img_size` the side of the images in pixels (default: each model's own).

    `timing` are the options of `harness time`: set (options of models, as "mine/tiny.width=32"), license (as for
    `run`), precision ("float32", "bfloat16", "float16"), amp, amp_dtype ("bfloat16", "float16"), channels_last,
    torchcompile, num_threads, train (False: inference only), time_budget (seconds for the samples of a step, 1.0),
    rounds (turns that each model gets, 3), detail (also the parts of a step), allocator ("keep": let glibc keep freed
    memory, which holds until this process ends), log (as for `run`).

    Returns one row a model, device and batch size in the columns of `harness time --csv`: times in ms a batch,
    infer_gmacs in 1e9 multiply-adds, param_count in millions; `status` and `error` say what failed. Raises ZooError
    for what cannot be meant.
    """
    from harness.api import calls

    named: dict[str, object] = {"models": models, "device": device, "batch_size": batch_size, "img_size": img_size}
    named |= {"num_classes": num_classes, "plugins": plugins, "quiet": quiet}
    return calls.time(named | timing)


def models(
    pattern: str | Sequence[str] = "*",
    plugins: str | Path | Sequence[str | Path] = (),
    *,
    license: str | Sequence[str] | None = None,
) -> list[str]:
    """The names of all models that match, by name or tag, as `harness list` prints them.

    With `license`, such as "apache-2.0,mit", those that have pretrained weights under one of these licences.
    Raises ZooError where none does.
    """
    from harness.api import calls

    return calls.models({"pattern": pattern, "plugins": plugins, "license": license})


def load(path: str | Path, plugins: Sequence[str] = ()) -> TrainedModel:
    """The trained model of a checkpoint folder `checkpoints/<model>@s<seed>`, ready to predict, on the CPU.

    Or of a file that says by itself what it holds, such as torch.save({"input_size": 784, "output_size": 10,
    "hidden_layers": [512, 256], "state_dict": model.state_dict()}, "net.pth"); what it does not say is warned of.

    It is called with images [B, C, S, S]. Its `transform` makes one [C, S, S] of a file, a PIL image or uint8 pixels
    [C, H, W], as in its training; `classes` are the names of its outputs; `predict` goes from images to probabilities
    [N, K].

    Nothing about the model has to be known: its architecture, head and classes are read from the folder. `plugins`
    are files or modules as after -p: what is neither shipped nor installed has to be named, since a folder from
    elsewhere must not be able to run code.
    """
    from harness.trial.saved_model import load as load_checkpoint

    return load_checkpoint(path, plugins)
