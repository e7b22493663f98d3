"""`harness new`: what it prints, and its exit codes."""

from __future__ import annotations

import pytest

from harness.cli.main import main


def test_a_file_is_written_and_what_to_type_next_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my_net"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote my_net.py",
        "next  harness -p my_net.py check my_net/tiny",
        "      harness -p my_net.py run --plugins my_net/tiny,mlp",
    ]
    assert main(["-p", "my_net.py", "list", "my_net/*"]) == 0
    assert capsys.readouterr().out == "my_net/tiny\n"


def test_a_package_goes_into_a_folder_of_its_own(tmp_path, capsys):
    assert main(["new", "my_data", "--package", "--dataset", "--output", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    folder = tmp_path / "zoo-my-data"
    assert lines[0] == f"wrote {folder}/src/my_data.py"
    assert f"next  pip install -e '{folder}[test]'" in lines
    assert lines[-2:] == ["      harness run --dataset my_data --plugins mlp,fc_model", f"      pytest {folder}"]
    assert {path.name for path in folder.iterdir()} == {
        "src",
        "tests",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        ".github",
    }


@pytest.mark.parametrize(
    ("arguments", "code", "cause"),
    [
        (["my-net"], 2, "error: 'my-net' is no name that a Python module can have here"),
        (["there"], 2, "error: {folder}/there.py is there already"),
        (["net", "--from-library", "keras"], 2, "error: there is no template for the library 'keras'"),
        (["net", "--output", "{folder}/there.py"], 4, "error: {folder}/there.py cannot be written: File exists"),
    ],
)
def test_what_cannot_be_written_is_one_line_and_a_remedy(tmp_path, capsys, arguments, code, cause):
    (tmp_path / "there.py").write_text("mine")
    given = [one.format(folder=tmp_path) for one in arguments]
    output = [] if "--output" in given else ["--output", str(tmp_path)]
    assert main(["new", *given, *output]) == code
    assert capsys.readouterr().err.splitlines()[0] == cause.format(folder=tmp_path)
    assert (tmp_path / "there.py").read_text() == "mine"
