from __future__ import annotations

import json

import pytest

from harness.cli.main import main
from harness.cli.shared.messages import Messages


@pytest.mark.parametrize(
    ("arguments", "as_json"),
    [
        (["run", "--log", "json"], True),
        (["run", "--log=json"], True),
        (["run", "--log", "plain"], False),
        (["json", "--log"], False),
    ],
)
def test_what_was_asked_for_is_known_before_arguments_are_read(arguments, as_json):
    assert Messages.of(arguments).as_json is as_json


def test_words_are_harmless_lines_or_events(capsys):
    for messages in (Messages(), Messages(as_json=True)):
        messages.note("note: \x1b[2Ja")
        messages.error("b\x9b", "c\nd", 3)
        messages.ended("interrupted", 130)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:5] == ["note: a", "error: b", "  c", "  d", "interrupted"]
    events = [json.loads(line) for line in lines[5:]]
    assert [(event.pop("event"), event.pop("time") > "2") for event in events] == [
        ("note", True), ("error", True), ("error", True),
    ]  # fmt: skip
    assert events == [
        {"text": "note: \x1b[2Ja"},
        {"cause": "b\x9b", "remedy": "c\nd", "exit_code": 3},
        {"cause": "interrupted", "remedy": "", "exit_code": 130},
    ]


def test_an_error_of_the_command_line_itself_is_an_event_too(capsys):
    assert main(["run", "--log", "json", "--epocs", "3"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["cause"].startswith("unrecognized arguments: --epocs 3")


def test_quiet_and_log_exclude_each_other(capsys):
    assert main(["run", "--log", "json", "--quiet"]) == 2
    assert "not allowed with argument" in json.loads(capsys.readouterr().err)["cause"]
