"""One module a subcommand: configure(parser) and execute(arguments, zoo). None imports torch at module level.

LOAD_FIRST, where a module has it, names what is imported before the plugins are looked for. In `answers` lie those that
ask a run that is over.
"""

from __future__ import annotations

# Name and what --help says of it.
COMMANDS = {
    "run": "train and measure models on your images, and write the comparison",
    "worker": "carry out trials of a run that several workers share",
    "status": "say who works on which trial of a run, what is done, and how long the rest takes",
    "pick": "find the best of all pretrained models for your images, within limits of time and bytes",
    "resume": "go on with a run that was stopped, killed, or ran out of disk",
    "retry": "carry out again the trials of a run that failed",
    "compare": "say which of two models or runs is better, and how sure that is",
    "recommend": "say which model of a run to take within limits of time, size and memory",
    "ensemble": "say what several models are worth together, or which of them are best together",
    "classes": "say how well each class is recognised, and what it is mistaken for",
    "hard": "show the test images that every model missed, the likely label errors first",
    "curves": "show how models learnt, epoch by epoch, and say which over-fitted",
    "predict": "say what a trained model of a run takes new images for",
    "table": "show the table of a run again, as text, Markdown, LaTeX, CSV or JSON",
    "report": "write the page of one run or several, to be looked at in a browser",
    "list": "list models, one name a line",
    "info": "describe one model: head, parameters, input, weights, source",
    "check": "check what a run relies on in a model: outputs, gradients, seeds, checkpoints, side effects",
    "check-data": "look at every file of an image folder: what it holds, and what cannot be read",
    "fetch": "fetch the weights that a pick would fetch, for this machine or to carry to another",
    "cache": "show what is kept between runs and how much of it may be, or clear it",
    "new": "begin a plugin of your own: a file, or a package that pip installs",
    "plugins": "list plugins: source, models, load time, what went wrong",
    "time": "time models and count their work, without data and without training",
    "selftest": "prove clocks, counters and metrics on this machine with known answers",
    "doctor": "say what this machine offers, and what on it spoils figures",
}

ANSWERS = ("compare", "recommend", "ensemble", "classes", "hard", "curves", "predict", "table", "report")


def module_of(command: str) -> str:
    """Where a command is carried out. Only the module of the command that is asked for is ever imported."""
    room = "answers." if command in ANSWERS else ""
    return f"{__name__}.{room}{command.replace('-', '_')}"
