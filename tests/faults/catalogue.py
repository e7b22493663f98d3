"""The eighty faults: number, what goes wrong, and which promise it would break; `docs/faults.md` is made from this.

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
    153: ("the folder a command is started in has packages of our names", "P12"),
    154: ("files in that folder are called as libraries are", "P12"),
    155: ("the path of TMPDIR is too long for a socket", "P5"),
    156: ("the user has no home folder and no entry", "P5"),
    157: ("plugins of two folders import a neighbour of one name", "P12"),
    158: ("text of a plugin, a file or a library would command a terminal", "P10"),
    159: ("a run is resumed with other cores, threads or libraries", "P12"),
    160: ("a container gives less time or memory than the machine that is seen", "P11"),
    161: ("a dataset's plugin gives arrays, floats, PIL images, or none of these", "P5"),
    162: ("a head's name promises a number that is not there", "P5"),
    163: ("a library's source declares its weights in a loop, or names some that are nowhere", "P12"),
    164: ("a trial starts a daemon, which leaves its group", "P8"),
}

# What cannot be tested here at all, and why.
NOT_TESTED: dict[int, str] = {}

# What of a tested number could not be.
UNTESTED_PARTS = {
    17: "an accelerator's allocator",
    46: "worker processes and /dev/shm: threads decode here",
    48: "an index beyond the present accelerators",
    64: "a folder on NFS",
    73: "pages of HTML: none is written yet",
    79: "a report in a browser: none is written yet",
    80: "Ray: nothing here uses it yet",
}

PAGE = Path("docs/faults.md")
INTRODUCTION = """# What the harness survives

Eighty faults, the promise that each would break, and what the test suite saw. Made by
`FAULTS_RESULTS=build/faults.json python -m pytest tests/faults && python -m tests.faults.catalogue build/faults.json`.

"""


def page(results: dict[str, list[str]]) -> str:
    """The table: `results` has the outcomes of every test of a number."""
    promises = [f"- **{name}** {text}" for name, text in PROMISES.items()]
    rows = [
        f"| {number} | {fault} | {promise} | {_result(number, results)} |"
        for number, (fault, promise) in FAULTS.items()
    ]
    head = ["| number | fault | promise | result |", "| ---: | --- | --- | --- |"]
    return INTRODUCTION + "\n".join([*promises, "", *head, *rows]) + "\n"


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
