"""The commands that describe: whole outputs, in one process."""

from __future__ import annotations

import json

import pytest

from harness.cli.main import main

PLUGIN = """
import zoo

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/net", build="x:y", summary="my own")
"""


def test_list_prints_one_name_a_line(capsys):
    assert main(["list", "mlp*", "fc_model"]) == 0
    assert capsys.readouterr().out.splitlines() == ["fc_model", "mlp", "mlp-small", "mlp-wide", "mlp-deep"]


def test_list_shows_every_timm_architecture(capsys):
    timm = pytest.importorskip("timm")
    main(["list", "timm/*"])
    assert capsys.readouterr().out.splitlines() == [f"timm/{name}" for name in sorted_as_shipped(timm.list_models())]


def sorted_as_shipped(names):
    from plugins.timm_models import zoo_models

    order = {spec.name.removeprefix("timm/"): index for index, spec in enumerate(zoo_models())}
    return sorted(names, key=order.__getitem__)


def test_list_shows_pretrained_tags_and_datasets(capsys):
    main(["list", "--weights", "resnet50"])
    main(["list", "--datasets"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "resnet50.IMAGENET1K_V2\tunknown\tabout 98 MiB\tpublished top-1 80.9 % at 224 px",
        "resnet50.IMAGENET1K_V1\tunknown\tabout 98 MiB\tpublished top-1 76.1 % at 224 px",
    ]
    assert {line.partition("\t")[0] for line in lines[2:]} >= {
        "digits",
        "mnist",
        "fashion-mnist",
        "cifar10",
        "synthetic",
    }


def test_a_licence_leaves_the_weights_that_have_it(capsys):
    assert main(["list", "--weights", "--license", "cc-by-nc-4.0", "vit_*", "resnet50"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split("\t")[1] for line in lines} == {"cc-by-nc-4.0"}
    assert all("SWAG" in line for line in lines)
    main(["list", "--json", "--license", "cc-by-nc-4.0", "vit_b_16"])
    (row,) = json.loads(capsys.readouterr().out)
    assert row["weights"] == list(row["published"]) == ["IMAGENET1K_SWAG_E2E_V1", "IMAGENET1K_SWAG_LINEAR_V1"]


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--license", "mit", "resnet50", "mlp"], "no weights of 2 models are under mit"),
        (["--license", "mti"], "no weights have the licence 'mti'. Did you mean mit?"),
        (["--license", "mit", "--datasets"], "--license chooses models, not datasets or loggers"),
    ],
)
def test_licences_that_nothing_has_or_that_are_none_are_errors(capsys, arguments, cause):
    assert main(["list", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error: {cause}")


def test_info_says_what_is_published_of_each_of_the_weights(capsys):
    main(["info", "vit_b_16"])
    main(["info", "vit_b_16.IMAGENET1K_SWAG_LINEAR_V1"])
    main(["info", "mlp"])
    lines = [line.split(None, 1)[1] for line in capsys.readouterr().out.splitlines() if line.startswith("published ")]
    assert lines == [
        "IMAGENET1K_V1: licence unknown, about 330 MiB, published top-1 81.1 % at 224 px",
        "IMAGENET1K_SWAG_E2E_V1: licence cc-by-nc-4.0, about 331 MiB, published top-1 85.3 % at 384 px",
        "IMAGENET1K_SWAG_LINEAR_V1: licence cc-by-nc-4.0, about 330 MiB, published top-1 81.9 % at 224 px",
        "IMAGENET1K_SWAG_LINEAR_V1: licence cc-by-nc-4.0, about 330 MiB, published top-1 81.9 % at 224 px",
        "nothing",
    ]


def test_list_shows_what_a_run_may_log_to(capsys):
    main(["list", "--loggers"])
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [name for name, _ in lines] == ["mlflow", "tensorboard", "csv", "jsonl"]
    assert all(summary for _, summary in lines)


def test_a_name_that_nobody_has_is_two_lines(capsys):
    assert main(["list", "resnet81"]) == 2
    assert capsys.readouterr().err == (
        "error: unknown plugin 'resnet81'. Did you mean resnet18, resnet152 or resnet101?\n"
        "  list them: harness list 'resnet*'\n"
    )


def test_a_plugin_file_is_listed_with_its_source(tmp_path, capsys):
    (tmp_path / "my_net.py").write_text(PLUGIN)
    main(["-p", str(tmp_path / "my_net.py"), "list", "--json", "mine/*"])
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["source"], row["summary"]) == ("mine/net", "my_net", "my own")


def test_a_broken_plugin_file_is_a_warning_and_a_missing_one_an_error(tmp_path, capsys):
    (tmp_path / "bad.py").write_text("1 / 0")
    assert main(["-p", str(tmp_path / "bad.py"), "list", "mlp"]) == 0
    seen = capsys.readouterr()
    assert seen.out == "mlp\n"
    assert "warning: plugin bad (" in seen.err
    assert "ZeroDivisionError: division by zero" in seen.err
    assert main(["-p", "missing.py", "list"]) == 2


def test_a_blocked_plugin_offers_nothing(capsys):
    main(["-p", "no:timm_models", "list"])
    assert "timm/" not in capsys.readouterr().out


def test_plugins_shows_each_plugin_and_what_went_wrong(tmp_path, capsys):
    (tmp_path / "bad.py").write_text("1 / 0")
    assert main(["-p", str(tmp_path / "bad.py"), "-p", "no:mlp", "plugins"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["plugin", "status", "models", "data", "loggers", "ms", "source"]
    assert any(line.split()[:3] == ["mlp", "blocked", "0"] for line in lines)
    cause, place = "bad: import: ZeroDivisionError: division by zero", f"at {tmp_path}/bad.py:1"
    assert lines[-1] == f"{cause}, {place}; its traceback: harness plugins --verbose"


def test_plugins_shows_the_traceback_of_what_went_wrong_and_nothing_of_ours(tmp_path, capsys):
    (tmp_path / "bad.py").write_text("def half(n):\n    return n / 0\n\nhalf(1)\n")
    main(["-p", str(tmp_path / "bad.py"), "plugins", "--verbose"])
    first, *lines = capsys.readouterr().out.partition("bad: import")[2].splitlines()
    assert f"at {tmp_path}/bad.py:2;" in first
    assert lines[0] == "  Traceback (most recent call last):"
    assert [line.split('"')[1] for line in lines if "File" in line] == [f"{tmp_path}/bad.py"] * 2
    assert lines[-1] == "  ZeroDivisionError: division by zero"


def test_plugins_that_all_work_exit_with_0():
    assert main(["plugins"]) == 0


def test_info_says_what_a_program_needs_to_know(capsys):
    assert main(["info", "resnet18", "--num-classes", "10", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    expected = {
        "name": "resnet18",
        "source": "torchvision_models",
        "param_count": 11_181_642,
        "trainable_param_count": 11_181_642,
        "head": "fc",
        "head_type": "Linear",
        "in_features": 512,
        "img_size": 224,
        "num_classes": 10,
    }
    assert {key: facts[key] for key in expected} == expected


def test_what_is_printed_as_a_model_is_built_breaks_no_json(tmp_path, capsys):
    linear = "nn.Sequential(nn.Flatten(), nn.Linear(task.channels * task.image_size**2, task.num_classes))"
    build = f"def build(task):\n    from torch import nn\n    print('building')\n    return {linear}\n"
    (tmp_path / "loud.py").write_text(PLUGIN.replace("x:y", "loud:build") + build)
    assert main(["-p", str(tmp_path / "loud.py"), "info", "mine/net", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["name"] == "mine/net"
    assert set(err.split()) == {"building"}


def test_no_command_is_a_usage_error(capsys):
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("error: the following arguments are required: COMMAND\n")


def test_a_closed_pipe_is_no_error(monkeypatch):
    import os
    import sys

    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert main(["list"]) == 0
