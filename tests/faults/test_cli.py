"""Faults 47-55: what a person mistypes, lacks or pipes elsewhere, through the command line."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from harness.cli import main
from harness.cli.commands.doctor import libraries
from tests.source import ROOT

RUN = ("run", "--dataset", "digits", "--device", "cpu")


@pytest.fixture
def refused(capsys, tmp_path):
    """Runs a command that must be refused; returns its exit code, its cause and its remedy, and nothing was written."""

    def run(*arguments):
        given = [*arguments, "--output", str(tmp_path / "runs")] if "run" in arguments else list(arguments)
        code = main.main(given)
        out, err = capsys.readouterr()
        assert (out, (tmp_path / "runs").exists()) == ("", False)
        cause, remedy = err.splitlines()
        return code, cause.removeprefix("error: "), remedy.strip()

    return run


@pytest.fixture
def no_torch(monkeypatch):
    """An attempt to load what trains fails: such mistakes are found before."""
    monkeypatch.setitem(sys.modules, "harness.runs.start", None)


@pytest.mark.fault(47)
@pytest.mark.parametrize(
    ("names", "cause"),
    [
        ("resnet81", "unknown plugin 'resnet81'. Did you mean resnet18"),
        ("qqqqq", "unknown plugin 'qqqqq'. There are 1,"),
        ("qqqqq*", "unknown plugin 'qqqqq*'. There are 1,"),
        ("", "no plugin was named"),
        (" , ,", "no plugin was named"),
        ("resnet18,-resnet*", "nothing is left of 'resnet18,-resnet*'"),
    ],
)
def test_47_names_that_match_nothing_are_refused_with_a_guess_or_a_count(refused, no_torch, names, cause):
    code, said, remedy = refused(*RUN, "--plugins", names)
    assert (code, said[: len(cause)], bool(remedy)) == (2, cause, True)


@pytest.mark.fault(47)
def test_47_a_name_that_is_given_twice_is_meant_once(monkeypatch):
    chosen = []
    ended = SimpleNamespace(text=lambda *, as_json: "", exit_code=0)
    monkeypatch.setattr("harness.runs.start.run", lambda request, choices, *_: chosen.extend(choices) or ended)
    main.main([*RUN, "--plugins", "resnet18,resnet18,resnet18"])
    assert [choice.name for choice in chosen] == ["resnet18"]


@pytest.mark.fault(48)
@pytest.mark.parametrize(
    ("device", "code", "cause"),
    [
        ("gpu", 2, "no such kind of device. Did you mean cuda?"),
        ("cuda:9", 3, "--device cuda:9, but "),
        ("cuda", 3, "--device cuda, but "),
        ("mps", 3, "--device mps, but "),
        ("cpu:1", 2, "no such kind of device."),
    ],
)
def test_48_a_device_that_is_not_there_is_refused_and_never_replaced(refused, monkeypatch, device, code, cause):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    given, said, remedy = refused("run", "--dataset", "digits", "--plugins", "mlp", "--device", device)
    assert (given, cause in said) == (code, True)
    assert remedy.startswith("use ")


@pytest.mark.fault(48)
def test_48_a_device_beyond_the_last_one_lists_those_that_are_there(refused, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    said = refused("run", "--dataset", "digits", "--plugins", "mlp", "--device", "cuda:9")
    assert said == (3, "--device cuda:9, but there is no such device", "use one of: cpu, cuda:0, cuda:1, auto")


@pytest.mark.fault(49)
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--epochs", "-1"),
        ("--epochs", "0"),
        ("--epochs", "1.5"),
        ("--batch-size", "0"),
        ("--lr", "nan"),
        ("--lr", "inf"),
        ("--lr", "-0.1"),
        ("--lr", "0"),
        ("--momentum", "nan"),
        ("--weight-decay", "-1"),
        ("--seed", str(2**70)),
        ("--seed", "-1"),
        ("--seeds", "0"),
        ("--val-split", "1"),
    ],
)
def test_49_numbers_that_make_no_sense_are_refused_before_torch_is_loaded(refused, no_torch, option, value):
    code, cause, remedy = refused(*RUN, f"{option}={value}")
    assert (code, remedy) == (2, "see: harness run --help")
    assert cause.startswith(f"argument {option}: ")
    assert value in cause


@pytest.mark.fault(50)
@pytest.mark.parametrize(
    ("option", "guess"),
    [("--epoch", "--epochs"), ("--batchsize", "--batch-size"), ("--pretained", "--pretrained"), ("--sed=3", "--seed")],
)
def test_50_an_unknown_option_is_refused_with_the_one_that_was_meant(refused, no_torch, option, guess):
    code, cause, _ = refused(*RUN, option)
    assert code == 2
    assert cause.endswith(f"unrecognized arguments: {option}. Did you mean {guess}?")


@pytest.mark.fault(50)
@pytest.mark.parametrize("option", ["--zzzzzz", "-q"])
def test_50_an_option_like_no_other_is_refused_without_a_guess(refused, no_torch, option):
    assert refused(*RUN, option)[:2] == (2, f"unrecognized arguments: {option}")


@pytest.mark.fault(51)
def test_51_a_reader_that_goes_away_is_no_error():
    command = f"{sys.executable} -m harness list | head -n 1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.fault(51)
@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_51_under_a_plain_locale_only_ascii_is_written(monkeypatch, locale):
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setattr(main, "_dispatch", lambda arguments: print("2.1 ± 0.1 × 3 … 漢") or 0)
    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", written)
    assert main.main([]) == 0
    assert written.buffer.getvalue() == b"2.1 +- 0.1 x 3 ... ?\n"


@pytest.mark.fault(51)
def test_51_a_terminal_that_lacks_a_sign_costs_the_sign_and_not_the_run(monkeypatch):
    monkeypatch.setattr(main, "_dispatch", lambda arguments: print("é ± 漢") or 0)
    monkeypatch.setenv("LC_ALL", "de_DE.ISO-8859-1")
    written = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", written)
    assert main.main([]) == 0
    assert written.buffer.getvalue() == b"\xe9 \xb1 ?\n"


@pytest.mark.fault(51)
@pytest.mark.parametrize("variable", [("COLUMNS", "20"), ("NO_COLOR", "1"), ("TERM", "dumb")])
def test_51_narrow_and_colourless_terminals_get_plain_lines(monkeypatch, capsys, variable):
    monkeypatch.setenv(*variable)
    for arguments in (["list", "resnet*"], ["plugins"]):
        assert main.main(arguments) == 0
    with pytest.raises(SystemExit):
        main.main(["run", "--help"])
    out = capsys.readouterr().out
    assert "resnet18" in out
    assert "\x1b" not in out


@pytest.mark.fault(52)
@pytest.mark.parametrize(
    ("pin", "installed", "problem"),
    [
        ("torch (==2.6.0)", "2.7.1+cu126", "made for torch 2.6.0, found 2.7.1; reinstall both together: pip install"),
        ("torch==2.6.0", "2.6.0+cpu", ""),
        ("torch (>=2.14.0)", "2.9.1", "made for torch 2.14.0, found 2.9.1; reinstall both together: pip install"),
        ("torch>=2.14.0", "2.15.0", ""),
    ],
)
def test_52_the_doctor_sees_a_torchvision_that_was_made_for_another_torch(monkeypatch, pin, installed, problem):
    monkeypatch.setattr(libraries, "requires", lambda name: ["numpy", pin])
    monkeypatch.setattr(libraries, "version", lambda name: installed)
    (line,) = [line for line in libraries.versions() if line.topic == "torchvision"]
    assert line.problem.startswith(problem)
    assert bool(line.problem) == bool(problem)


@pytest.mark.fault(52)
def test_52_the_doctor_says_what_to_do_where_the_import_fails(monkeypatch, capsys):
    def broken(name):
        if name == "torchvision":
            raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(libraries, "import_module", broken)
    assert main.main(["doctor"]) == 3
    said = capsys.readouterr().out
    assert "operator torchvision::nms does not exist; reinstall both together: pip install" in said


@pytest.mark.fault(53)
def test_53_a_package_that_is_missing_is_named_with_its_installation(refused, tmp_path):
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "import zoo\n@zoo.hookimpl\ndef zoo_models():\n"
        "    yield zoo.ModelSpec(name='mine/net', build='x:y', requires=('not_there',))\n"
    )
    said = refused("-p", str(plugin), *RUN, "--plugins", "mine/net")
    assert said == (3, "mine/net needs not_there, which is not installed", "pip install not_there")


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Empty caches, and a network that must not be asked for anything; returns what was asked."""
    asked = []

    def refuse(*arguments, **options):
        asked.append(arguments)
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    return asked


@pytest.mark.fault(54)
@pytest.mark.parametrize(
    ("name", "file"), [("resnet18", "resnet18-f37072fd.pth"), ("timm/lcnet_050", "model.safetensors")]
)
def test_54_weights_without_a_network_fail_at_once_and_name_their_file(refused, offline, name, file):
    import timm  # noqa: F401  whose own import is not what is timed
    import torchvision.models  # noqa: F401

    start = time.monotonic()
    code, cause, remedy = refused(*RUN, "--plugins", name, "--pretrained")
    assert time.monotonic() - start < 1
    assert (code, len(offline), file in cause, "put it at" in remedy) == (3, 1, True, True)


@pytest.mark.fault(54)
def test_54_what_is_told_to_be_offline_opens_no_socket(refused, offline, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    code, cause, _ = refused(*RUN, "--plugins", "timm/lcnet_050", "--pretrained")
    assert (code, offline) == (3, [])
    assert cause.endswith("HF_HUB_OFFLINE is set")


@pytest.mark.fault(54)
def test_54_a_run_that_asks_for_no_weights_uses_no_network(offline, capsys):
    assert main.main(["list", "--weights", "resnet18"]) == 0
    assert offline == []


@pytest.mark.fault(55)
def test_55_a_weights_file_with_another_hash_is_refused_with_both(refused, tmp_path):
    (tmp_path / "net.safetensors").write_bytes(b"x")
    code, cause, remedy = refused(
        *RUN, "--plugins", "resnet18", "--weights", f"{tmp_path}/net.safetensors#sha256={'0' * 64}"
    )
    assert (code, remedy) == (3, "get the file again, or correct the hash")
    assert cause.endswith("has sha256 2d711642b726b044…, wanted 0000000000000000…")


@pytest.mark.fault(55)
@pytest.mark.parametrize("content", [b"<!DOCTYPE html><title>404</title>", b"\x80\x02", b""])
def test_55_a_page_or_a_part_of_weights_in_the_cache_is_refused_with_both_hashes(refused, offline, tmp_path, content):
    file = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    code, cause, remedy = refused(*RUN, "--plugins", "resnet18", "--pretrained")
    assert (code, cause.endswith("…, not f37072fd"), remedy) == (3, True, f"delete it and try again: rm {file}")
    assert offline == []
