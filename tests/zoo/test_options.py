"""Options of a model: declared with a default, set by a person, part of the name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torch import nn

import zoo
from zoo.building import build
from zoo.errors import ZooError
from zoo.options import Setting, brackets, chosen, parted, shown, split_names
from zoo.selection import select

DEFAULTS = {"width": 64, "rate": 0.5, "norm": "batch", "bias": True, "hidden": (512, 256)}


def make(task):
    size = task.channels * task.image_size**2
    return nn.Sequential(
        nn.Flatten(), nn.Linear(size, task.options["width"]), nn.Linear(task.options["width"], task.num_classes)
    )


SPECS = [
    zoo.ModelSpec(name="mine/tiny", build=make, options=DEFAULTS, weights=("a",)),
    zoo.ModelSpec(name="mine/other", build=make, options={"width": 8}),
    zoo.ModelSpec(name="plain", build=make, tags=frozenset({"starter"})),
]
MODELS = {spec.name: (spec, "owner") for spec in SPECS}


@pytest.mark.parametrize(
    ("expression", "settings", "names"),
    [
        ("mine/tiny[width=32]", [], ["mine/tiny[width=32]"]),
        ("mine/tiny[rate=0.1, width=32]", [], ["mine/tiny[width=32,rate=0.1]"]),
        ("mine/tiny[width=64],mine/tiny", [], ["mine/tiny"]),
        ("mine/tiny,mine/tiny[width=32],plain", [], ["mine/tiny", "mine/tiny[width=32]", "plain"]),
        ("mine/*[width=32],-mine/other*", [], ["mine/tiny[width=32]"]),
        ("mine/*[width=32],-mine/other[width=32]", [], ["mine/tiny[width=32]"]),
        ("mine/[ot]*", [], ["mine/tiny", "mine/other"]),
        ("mine/[ot]*[width=3]", [], ["mine/tiny[width=3]", "mine/other[width=3]"]),
        ("mine/tiny.a[bias=false]", [], ["mine/tiny.a[bias=false]"]),
        ("mine/*", ["mine/tiny.width=32"], ["mine/tiny[width=32]", "mine/other"]),
        ("mine/*,plain", ["mine/*.width=32"], ["mine/tiny[width=32]", "mine/other[width=32]", "plain"]),
        ("mine/tiny[width=1],mine/other", ["mine/*.width=32"], ["mine/tiny[width=1]", "mine/other[width=32]"]),
        ("mine/tiny", ["mine/tiny.rate=1e-3", "mine/tiny.hidden=7"], ["mine/tiny[rate=0.001,hidden=7]"]),
    ],
)
def test_options_are_set_by_name_or_apart_and_named_in_one_way(expression, settings, names):
    choices = select(MODELS, expression, settings)
    assert [choice.name for choice in choices] == names
    assert [one.name for name in names for one in select(MODELS, name)] == names


@pytest.mark.parametrize(
    ("name", "cause", "remedy"),
    [
        (
            "mine/tiny[widht=3]",
            "mine/tiny has no option 'widht'. Did you mean width?",
            "it has width=64, rate=0.5, norm",
        ),
        ("plain[width=3]", "plain has no option 'width'", "leave it out: it has no options"),
        ("mine/tiny[width=wide]", "mine/tiny: width=wide is not a whole number", "as in width=64"),
        ("mine/tiny[width=1.5]", "mine/tiny: width=1.5 is not a whole number", "as in width=64"),
        ("mine/tiny[rate=nan]", "mine/tiny: rate=nan is not a number", "as in rate=0.5"),
        ("mine/tiny[bias=1]", "mine/tiny: bias=1 is not true or false", "as in bias=true"),
        ("mine/tiny[hidden=5-]", "mine/tiny: hidden=5- is not whole numbers with dashes", "as in hidden=512-256"),
        ("mine/tiny[norm=]", "mine/tiny: norm= is not a word", "as in norm=batch"),
        ("mine/tiny[width=1,width=2]", "'width=2' in 'mine/tiny[width=1,width=2]' is set twice", "write NAME["),
        ("mine/tiny[width=1,x]", "'x' in 'mine/tiny[width=1,x]' is no option with a value", "write NAME[option="),
        ("mine/tni[width=1]", "unknown plugin 'mine/tni'. Did you mean mine/tiny or mine/other?", "list them"),
    ],
)
def test_an_option_that_cannot_be_meant_is_one_line_with_its_remedy(name, cause, remedy):
    with pytest.raises(ZooError) as caught:
        select(MODELS, name)
    assert caught.value.cause.startswith(cause)
    assert caught.value.remedy.startswith(remedy)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["width=3", "mine/tiny.=3", "mine/tiny.width", "mine/tiny.a-b=3", ""])
def test_a_setting_of_no_form_is_refused(text):
    with pytest.raises(ZooError, match=r"is not NAME\.option=value"):
        Setting.parse(text)


def test_a_setting_of_a_model_that_was_not_chosen_is_refused():
    with pytest.raises(ZooError, match=r"no model that was chosen is 'mine/tni'\. Did you mean mine/tiny\?"):
        select(MODELS, "mine/tiny", ["mine/tni.width=3"])


def test_options_reach_the_builder_and_its_defaults_where_nothing_is_set():
    (choice,) = select(MODELS, "mine/tiny[width=32]")
    task = zoo.Task(num_classes=4, image_size=8, channels=1)
    widths = [build(spec, task).model[1].out_features for spec in (choice.spec, SPECS[0])]
    asked = build(SPECS[0], replace(task, options={"width": 16})).model[1].out_features
    assert (widths, asked) == ([32, 64], 16)
    assert zoo.Task.for_model(choice.spec, 4).options == {**DEFAULTS, "width": 32}


def test_every_kind_of_value_is_read_as_it_is_shown():
    typed = {name: shown(value) for name, value in DEFAULTS.items()}
    assert chosen("m", dict.fromkeys(DEFAULTS, "") | DEFAULTS, typed) == {}
    other = {"width": 1, "rate": 2.5, "norm": "layer norm", "bias": False, "hidden": (3,)}
    assert chosen("m", DEFAULTS, parted("m" + brackets(other))[1]) == other


@pytest.mark.parametrize(
    "options", [{"a-b": 1}, {1: 1}, {"a": None}, {"a": ()}, {"a": "x,y"}, {"a": (-1,)}, {"a": [1]}]
)
def test_a_plugin_cannot_declare_what_nobody_could_type(options):
    with pytest.raises(ZooError, match="option "):
        zoo.ModelSpec(name="mine/net", build=make, options=options)


def test_commas_part_names_only_outside_brackets():
    assert split_names("a[b=1,c=2], d,,e*[f=1]") == ["a[b=1,c=2]", "d", "e*[f=1]"]
