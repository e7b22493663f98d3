"""A logger in ten lines: harness -p ten_line_logger.py run --plugins mlp --logger lines."""

from types import SimpleNamespace

import zoo


def open_lines(folder, run):
    file = (folder / "lines.txt").open("a")

    def trial(event):
        print(event.name, event.status, event.metrics.get("top1_err"), file=file)

    return SimpleNamespace(epoch=lambda event: None, trial=trial, close=file.close)


@zoo.hookimpl
def zoo_loggers():
    return [zoo.LoggerSpec(name="lines", open=open_lines, summary="a line a trial")]
