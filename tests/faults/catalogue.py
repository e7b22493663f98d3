"""The faults: number, what goes wrong, and which promise it would break; `docs/faults.md` is made from this.

python -m tests.faults.catalogue RESULTS.json   # writes docs/faults.md from what a run of the suite saw
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

PROMISES = {
    "P1": "No plugin can end a sweep: the others' records equal those of a run without it.",
    "P2": "Every acknowledged record survives kill -9, a full disk and concurrent runs.",
    "P3": "kill -9 and resume give the uninterrupted run, bit for bit.",
    "P4": "Resume never repeats finished work.",
    "P5": "Every anticipated error is one line of cause and one of remedy, without a traceback.",
    "P6": "Exit codes say what happened: 0, 1, 2, 3, 4, 130, 143.",
    "P7": "Ctrl-C saves and ends within 5 s; a second one ends at once.",
    "P8": "No child outlives the harness by 2 s.",
    "P9": "No file that is read can run code.",
    "P10": "Nothing is written outside the output folder, and no network is used unless asked for.",
    "P11": "A measurement taken under disturbance is marked.",
    "P12": "Never a silent wrong number.",
}

FAULTS = {
    1: ("a plugin raises when it is imported", "P1"),
    2: ("a plugin raises SystemExit or KeyboardInterrupt when it is imported", "P1"),
    3: ("a plugin's import hangs", "P1"),
    4: ("two plugins, or two models, have one name", "P1"),
    5: ("a hook's name is misspelt", "P5"),
    6: ("a hook implementation raises", "P1"),
    7: ("build returns no module", "P1"),
    8: ("the output has the wrong shape or type", "P12"),
    9: ("the output is probabilities where logits are expected", "P12"),
    10: ("the output is NaN or infinite", "P12"),
    11: ("the loss diverges", "P12"),
    12: ("no head is found, or it does not fit", "P5"),
    13: ("nothing in the model can be trained", "P5"),
    14: ("a trial hangs, in Python or in C, or ignores SIGTERM", "P1"),
    15: ("a trial crashes: segmentation fault, abort, stack overflow", "P1"),
    16: ("a trial's process ends without a result", "P12"),
    17: ("memory runs out", "P1"),
    18: ("a trial takes more memory than it may", "P1"),
    19: ("a trial is killed from outside", "P1"),
    20: ("a trial prints without end, or binary, or closes its streams", "P1"),
    21: ("a trial leaves processes behind", "P8"),
    22: ("a plugin changes global state: dtype, threads, folder, environment, handlers", "P1"),
    23: ("a plugin patches torch, the harness or a metric", "P12"),
    24: ("a trial's result is enormous, or no result", "P1"),
    25: ("a plugin is not deterministic", "P12"),
    26: ("a plugin is made for another version of the interface", "P5"),
    27: ("the data folder is missing, empty, or without classes", "P5"),
    28: ("there is one class only", "P5"),
    29: ("train and test have different classes", "P5"),
    30: ("train and test share images", "P12"),
    31: ("image files are damaged, empty, or no images", "P5"),
    32: ("images have 16 bits or floats", "P12"),
    33: ("images are CMYK, paletted, transparent, or of one bit", "P12"),
    34: ("images are rotated by EXIF", "P12"),
    35: ("files have formats that are not read", "P12"),
    36: ("an image is a decompression bomb", "P5"),
    37: ("file names are hostile, or files are links, pipes or folders", "P5"),
    38: ("a file cannot be read", "P5"),
    39: ("a file vanishes or changes during the run", "P12"),
    40: ("there are fewer than five classes", "P12"),
    41: ("a label is out of range", "P5"),
    42: ("the training set is smaller than a batch", "P12"),
    43: ("the last batch has one image and the model batch normalisation", "P12"),
    44: ("images are smaller than the model's minimum", "P5"),
    45: ("a class has no image in validation", "P12"),
    46: ("loading of images fails or hangs in a worker", "P1"),
    47: ("a model's name is unknown, empty, or matches nothing", "P5"),
    48: ("the device does not exist", "P6"),
    49: ("numbers on the command line make no sense", "P6"),
    50: ("an option is unknown", "P5"),
    51: ("stdout is closed, no terminal, a narrow one, or plain ASCII", "P6"),
    52: ("torch and torchvision do not fit each other", "P5"),
    53: ("an optional package is not installed", "P5"),
    54: ("pretrained weights are asked for without a network", "P12"),
    55: ("a weights file is damaged, or a page of HTML", "P12"),
    56: ("the output folder cannot be written", "P6"),
    57: ("the disk is full", "P2"),
    58: ("Ctrl-C at any moment", "P7"),
    59: ("SIGTERM and SIGHUP", "P7"),
    60: ("kill -9 at random moments", "P3"),
    61: ("a crash at each durable operation in turn", "P2"),
    62: ("kill -9 of the parent", "P8"),
    63: ("temporary files of dead processes are left", "P10"),
    64: ("two runs write one folder", "P2"),
    65: ("the clock jumps", "P12"),
    66: ("a record is torn, empty, newer, or has a flipped bit", "P2"),
    67: ("an index is damaged", "P2"),
    68: ("a checkpoint is damaged, or of another model, class count or configuration", "P5"),
    69: ("the last checkpoint is bad", "P3"),
    70: ("a file holds a malicious pickle", "P9"),
    71: ("a safetensors file lies about its sizes", "P9"),
    72: ("names try to leave their folder", "P10"),
    73: ("text holds HTML or a script", "P9"),
    74: ("text is a spreadsheet formula", "P9"),
    75: ("text looks like a number, or has terminal codes", "P12"),
    76: ("links are planted in the output folder", "P10"),
    77: ("secrets stand in the environment or on the command line", "P10"),
    78: ("an archive wants to be unpacked elsewhere", "P10"),
    79: ("a result would load something from a network", "P10"),
    80: ("a listener would be open to others", "P10"),
    81: ("models have equal tensors and another forward pass", "P12"),
    82: ("features depend on what no saved tensor holds, on other code, or on an earlier version", "P12"),
    83: ("the Hugging Face cache has several snapshots", "P12"),
    84: ("paths are relative, plugins have one file name, and a run is resumed from another folder", "P3"),
    85: ("a plugin or a weights file is changed before a run is resumed", "P12"),
    86: ("a plugin is changed while its run goes on", "P12"),
    87: ("an option beside --resume would not be heeded", "P12"),
    88: ("a plugin changes the current folder as it is imported", "P12"),
    89: ("seeds of one name are of several models", "P12"),
    90: ("two trials met the same test images in another order", "P12"),
    91: ("timm's weights were evaluated on another crop than 0.875, squashed, or with a border", "P12"),
    92: ("torchvision's weights were evaluated on another crop than 256 to 224", "P12"),
    93: ("`--img-size` differs from the size that the weights were evaluated at", "P12"),
    94: ("a run's own checkpoint is given with `--weights`", "P12"),
    95: ("nothing says what images a file of weights was trained on", "P12"),
    96: ("a plugin's weights have no published crop", "P12"),
    97: ("a file of weights holds a script's options, its optimiser, and averaged weights", "P12"),
    98: ("names of tensors carry what other tools wrapped around the model", "P12"),
    99: ("a file of weights has no classifier, or one of another build", "P12"),
    100: ("weights are of an earlier version of their library", "P12"),
    101: ("weights are for another image size", "P12"),
    102: ("weights of another architecture, or code, pass for what may be loaded", "P9"),
    103: ("the parts of a dataset have other names than train, val and test", "P12"),
    104: ("two folders may be one part", "P12"),
    105: ("class folders lie in a folder that only wraps them", "P12"),
    106: ("classes lie a level deeper than class folders, or parts within classes", "P12"),
    107: ("a folder below the data cannot be read", "P12"),
    108: ("one image lies under two labels", "P12"),
    109: ("images lie beside the parts, or in a part without class folders", "P12"),
    110: ("class names differ in case or Unicode form alone", "P12"),
    111: ("system folders and hidden files lie among the classes", "P12"),
    112: ("links lead nowhere, in circles, or into another class or part", "P12"),
    113: ("images lie outside of class folders", "P12"),
    114: ("a file of labels is wrong, or leaves images out", "P12"),
    115: ("what is meant has to be said: named folders, kept for resuming", "P5"),
    116: ("a folder tree is of any kind: 500 random ones", "P12"),
    117: ("a file is replaced by one of equal size and time", "P12"),
    118: ("files of 16 bits use 12", "P12"),
    119: ("a sound picture has bad metadata", "P12"),
    120: ("a JPEG has more pixels than memory should hold", "P5"),
    121: ("a file has several frames, pages or bands", "P12"),
    122: ("a format has another name, or needs a plugin", "P12"),
    123: ("pixels were kept by another version of what decodes", "P12"),
    124: ("the cache is full while a run is using it", "P5"),
    125: ("the cache cannot be written, or has no room", "P5"),
    126: ("a model raises once it is timed, or leaves, or has no memory for it", "P12"),
    127: ("a model crashes once it is timed", "P12"),
    128: ("a model hangs once it is timed", "P12"),
    129: ("a plugin sets switches of torch's that hold for the whole process", "P12"),
    130: ("a part of a batch has one image and the model batch normalisation", "P12"),
    131: ("a trial in smaller parts hides that memory ran out", "P12"),
    132: ("a dataset has its own train and val parts, or train and test, and classes of two images", "P12"),
    133: ("the features of a frozen backbone have no room, under the memory limit or in memory", "P1"),
    134: ("a model does not run on the size that was chosen by itself", "P12"),
    135: ("a dataset has thousands of classes: the confusion matrix outgrows the record and the memory", "P12"),
    136: ("probabilities are too small for float32: they tie at 0, and the loss is infinite", "P12"),
    137: ("an accelerator lacks float64, is not started yet, or is not where a tensor was left", "P1"),
    138: ("a row's times are of another layout, number format or compilation than its training", "P12"),
    139: ("images are tiny: as many as fit by their bytes are evaluated at once", "P1"),
    140: ("a kernel does several layers at once, and the counter of multiply-adds does not know it", "P12"),
    141: ("the folder a command is started in has packages of our names", "P12"),
    142: ("files in that folder are called as libraries are", "P12"),
    143: ("the path of TMPDIR is too long for a socket", "P5"),
    144: ("the user has no home folder and no entry", "P5"),
    145: ("plugins of two folders import a neighbour of one name", "P12"),
    146: ("text of a plugin, a file or a library would command a terminal", "P10"),
    147: ("a run is resumed with other cores, threads or libraries", "P12"),
    148: ("a container gives less time or memory than the machine that is seen", "P11"),
    149: ("a dataset's plugin gives arrays, floats, PIL images, or none of these", "P5"),
    150: ("a head's name promises a number that is not there", "P5"),
    151: ("a library's source declares its weights in a loop, or names some that are nowhere", "P12"),
    152: ("a trial starts a daemon, which leaves its group", "P8"),
    160: ("an installed package of plugins is broken, in one of many ways", "P1"),
    161: ("a plugin prints, or takes stdout away, as it is loaded", "P5"),
    164: ("a plugin imports torch when it is listed", "P5"),
    165: ("what is to be left out is not there, or has a model that is asked for", "P5"),
}

# What cannot be tested here at all, and why.
NOT_TESTED: dict[int, str] = {}

# What of a tested number could not be.
UNTESTED_PARTS = {
    17: "an accelerator's allocator",
    46: "worker processes and /dev/shm: threads decode here",
    48: "an index beyond the present accelerators",
    64: "a folder on NFS",
    80: "Ray, of which tox's environment `ray` tests that it asks for a secret",
}

PAGE, MUTANTS = Path("docs/faults.md"), Path("tests/mutation/result.json")
INTRODUCTION = """# What the harness survives

%d faults, the promise that each would break, and what the test suite saw. Made by
`FAULTS_RESULTS=build/faults.json python -m pytest -m "not slow"`, then
`python -m tests.faults.catalogue build/faults.json`.

"""


def page(results: dict[str, list[str]]) -> str:
    """The table: `results` has the outcomes of every test of a number."""
    promises = [f"- **{name}** {text}" for name, text in PROMISES.items()]
    rows = [
        f"| {number} | {fault} | {promise} | {_result(number, results)} |"
        for number, (fault, promise) in FAULTS.items()
    ]
    head = ["| number | fault | promise | result |", "| ---: | --- | --- | --- |"]
    return INTRODUCTION % len(FAULTS) + "\n".join([*promises, "", *head, *rows, "", *_mutants()]) + "\n"


def _mutants() -> list[str]:
    """What a run of `tox run -e mutation` saw of the tests themselves."""
    result = json.loads(MUTANTS.read_text())
    share = f"{result['caught']:,} of {result['mutants']:,} ({100 * result['caught'] / result['mutants']:.1f} %)"
    return [
        "## The tests, tested",
        "",
        f"`tox run -e mutation` changes what the published numbers rest on ({', '.join(result['files'])}),",
        f"one operator, number or argument at a time: {share} of these mutants make a test fail.",
        _others(result["mutants"] - result["caught"], result["explained"]),
    ]


def _others(survived: int, explained: int) -> str:
    if survived == explained:
        return "Each of the others is explained in `tests/mutation/survivors.toml`."
    return (
        f"Of the others {explained} are explained in `tests/mutation/survivors.toml`, {survived - explained} not yet."
    )


def _result(number: int, results: dict[str, list[str]]) -> str:
    if number in NOT_TESTED:
        return f"not tested: {NOT_TESTED[number]}"
    outcomes = results.get(str(number), [])
    if not outcomes:
        return "**no test**"
    passed = outcomes.count("passed")
    tests = f"{len(outcomes)} test{'s' if len(outcomes) > 1 else ''}"
    untested = f"; not tested: {UNTESTED_PARTS[number]}" if number in UNTESTED_PARTS else ""
    return f"passed ({tests}){untested}" if passed == len(outcomes) else f"**{passed} of {tests} passed**"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(json.loads(Path(sys.argv[1]).read_text())))
