"""What a person may type, checked before anything heavy is imported."""

from __future__ import annotations

import json
import re

import pytest

from harness.cli.commands import COMMANDS
from harness.cli.main import main
from harness.cli.shared.parser import Parser
from harness.cli.shared.train_options import add_run_options
from harness.plan.config import TrainConfig
from harness.plan.option_table import RUN, as_flags, checked
from harness.plan.options import for_choice, train_config
from harness.plan.request import RunRequest
from harness.plan.run_setup import RunSetup
from zoo.errors import ZooError
from zoo.selection import Choice
from zoo.specs import ModelSpec
from zoo.weights import Weights


def parsed(*arguments):
    parser = Parser(prog="harness run")
    add_run_options(parser)
    return train_config(vars(parser.parse_args(arguments)))


def choice(weights=None):
    return Choice(spec=ModelSpec(name="net", build="x:y", weights=("V2", "V1")), owner="me", weights=weights)


def test_without_flags_the_configuration_is_the_default():
    config = for_choice(parsed(), choice())
    assert config == TrainConfig()


@pytest.mark.parametrize(
    ("flags", "weights", "finetune"),
    [
        ((), None, "full"),
        (("--pretrained",), "default", "head"),
        (("--pretrained", "--finetune", "full"), "default", "full"),
        (("--finetune", "head"), None, "head"),
        (("--weights", "V1"), "V1", "head"),
        (("--weights", "/tmp/x.bin#sha256=ABCDEF12"), "file:/tmp/x.bin#sha256=ABCDEF12", "head"),
    ],
)
def test_weights_decide_what_is_trained_unless_it_was_said(flags, weights, finetune):
    config = for_choice(parsed(*flags), choice())
    assert (config.weights and str(config.weights), config.finetune) == (weights, finetune)


def test_a_tag_in_the_models_name_is_the_weights_it_gets():
    assert for_choice(parsed(), choice("V1")).weights == Weights(tag="V1")


def test_a_model_without_weights_is_never_trained_from_random_ones_instead():
    bare = Choice(spec=ModelSpec(name="fc", build="x:y"), owner="me")
    with pytest.raises(ZooError, match="fc has no pretrained weights"):
        for_choice(parsed("--pretrained"), bare)
    with pytest.raises(ZooError, match="net has no pretrained weights 'V9'"):
        for_choice(parsed("--weights", "V9"), choice())


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ("--epochs 0", "argument --epochs: 0 is out of range: at least 1"),
        ("--epochs -1", "argument --epochs: -1 is out of range: at least 1"),
        ("--epochs many", "argument --epochs: 'many' is not a whole number"),
        ("--batch-size 0", "argument --batch-size: 0 is out of range: at least 1"),
        ("--lr nan", "argument --lr: nan is out of range: above 0"),
        ("--lr inf", "argument --lr: inf is out of range: above 0"),
        ("--lr -0.1", "argument --lr: -0.1 is out of range: above 0"),
        ("--val-split 1", "argument --val-split: 1 is out of range: above 0, below 1"),
        ("--seed 9999999999999999999999", "is out of range: from 0 to 9223372036854775807"),
        ("--head mlp", "argument --head: 'mlp' is not a head: linear, mlp:256 or mlp:256:0.2"),
        ("--head mlp:256:", "argument --head: 'mlp:256:' is not a head: linear, mlp:256 or mlp:256:0.2"),
        ("--opt lion", "argument --opt: invalid choice: 'lion'"),
        ("--pretrained --weights V1", "argument --weights: not allowed with argument --pretrained"),
        ("--colour", "unrecognized arguments: --colour"),
    ],
)
def test_a_mistake_on_the_command_line_is_two_lines_and_exit_2(flags, says, capsys):
    assert main(["run", *flags.split()]) == 2
    error, remedy = capsys.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert says in error
    assert remedy == "  see: harness run --help" or flags == "--colour"


def test_a_flag_may_be_given_again_where_each_adds_a_name(tmp_path):
    parser = Parser(prog="harness run")
    add_run_options(parser)
    flags = vars(parser.parse_args(["--logger", "csv", "--logger", "jsonl"]))
    given = RunRequest.of(flags | {"plugins": [], "quiet": True, "log": None}, [])
    assert given.setup.logger == ("csv", "jsonl")
    assert RunSetup.from_json(json.loads(json.dumps(given.setup.as_json()))) == given.setup
    arguments = checked({"logger": ["csv", "jsonl", "csv"]}, RUN, "harness.run")
    assert as_flags(arguments) == ["run", "--logger", "csv", "--logger", "jsonl"]
    assert checked({"logger": "csv"}, RUN, "harness.run")["logger"] == ("csv",)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_a_default_only_where_it_is_a_value(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    help_text = " ".join(capsys.readouterr().out.split())
    assert "show this help" in help_text
    assert not re.search(r"\(default: (None|True|False)\)", help_text)
