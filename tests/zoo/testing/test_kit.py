"""The kit passes what is right; and for every check there is a model that fails it and only it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import zoo
from tests.zoo.testing import mutants
from tests.zoo.testing.builders import chaotic
from tests.zoo.testing.mutants import IN_ANOTHER_PROCESS, MUTANTS, SLOW_MUTANTS, network, spec_of
from zoo.errors import ZooError
from zoo.testing import failures
from zoo.testing.kit import CHECKS, Session
from zoo.testing.numerics import SAME, require
from zoo.testing.parametrise import subjects
from zoo.testing.result import EXPECTED, FAILED, NOT_RUN, PASSED, NotApplicable
from zoo.testing.subject import Subject

SPEC = spec_of(network)
OF_A_PROCESS = {"light_listing", "offline_build", "fresh_process"}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Small layers on two threads wait for each other, on a busy machine most of the time."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def by_status(results):
    return {
        status: {one.check for one in results if one.status == status} for status in (PASSED, FAILED, EXPECTED, NOT_RUN)
    }


def test_a_sound_model_passes_all_that_can_be_asked_of_a_spec():
    seen = by_status(Session(Subject(SPEC)).results(slow=True))
    assert seen[NOT_RUN] == OF_A_PROCESS | {"min_size"}
    assert seen[PASSED] == CHECKS.keys() - seen[NOT_RUN]


@pytest.mark.parametrize(("check", "builder"), MUTANTS, ids=[f"{c}-{b.__name__}" for c, b in MUTANTS])
def test_a_mutant_fails_the_check_of_its_promise_and_no_other(check, builder):
    (failure,) = failures(spec_of(builder))
    assert failure.check == check
    assert failure.cause
    assert failure.remedy


@pytest.mark.parametrize(("check", "builder"), SLOW_MUTANTS, ids=[check for check, _ in SLOW_MUTANTS])
def test_a_mutant_of_a_check_that_is_asked_for_fails_only_when_it_is(check, builder):
    if torch.__version__ < "2.15":
        pytest.skip("for torch 2.6 and 2.10 each of the two fails both checks")
    assert failures(spec_of(builder)) == []
    assert [one.check for one in failures(spec_of(builder), slow=True)] == [check]


def test_every_check_has_a_mutant():
    covered = {check for check, _ in [*MUTANTS, *SLOW_MUTANTS, *IN_ANOTHER_PROCESS]}
    assert covered | {"name", "expectations", "light_listing"} == CHECKS.keys()


def test_a_name_that_is_a_path_is_refused():
    assert [one.check for one in failures(replace(SPEC, name="../net"))] == ["name"]


@pytest.mark.parametrize(
    ("declared", "cause"),
    [
        ({"gradient": "no"}, "names 'gradient', which is no check. Did you mean gradients?"),
        ({"gradients": " "}, "has no reason for 'gradients'"),
    ],
)
def test_an_expectation_of_no_check_or_without_a_reason_is_a_failure(declared, cause):
    (failure,) = [one for one in failures(replace(SPEC, expected_failures=declared)) if one.check == "expectations"]
    assert cause in failure.cause


def test_what_is_declared_to_fail_is_no_failure_and_a_failure_where_it_passes():
    declared = {"order": "flips", "prints": "says hello"}
    results = {one.check: one for one in Session(Subject(declare(mutants.flipped, declared))).results()}
    assert (results["order"].status, results["prints"].status) == (EXPECTED, FAILED)
    assert results["order"].cause.endswith("(declared: flips)")
    assert results["prints"].cause == "it passes, though its spec declares that it fails: says hello"


def declare(builder, declared):
    return replace(spec_of(builder), expected_failures=declared)


def test_what_a_failed_check_is_needed_for_is_not_run():
    results = {one.check: one for one in Session(Subject(spec_of(mutants.noisy))).results()}
    assert (results["order"].status, results["order"].cause) == (NOT_RUN, "it needs deterministic")
    assert (results["checkpoint"].status, results["checkpoint"].cause) == (NOT_RUN, "it needs state_dict")


@pytest.mark.parametrize("check", ["channels_last", "bf16"])
def test_nothing_is_said_of_roundings_where_a_model_magnifies_any(check, monkeypatch):
    subject = Subject(spec_of(chaotic))
    session, evaluated = Session(subject), subject.evaluated
    assert session.result("deterministic").status == PASSED
    # On a few channels another layout takes the same kernels: here each pass rounds as if it took others.
    monkeypatch.setattr(subject, "evaluated", lambda images, *rest: evaluated(images * (1 + 2.0**-21), *rest))
    result = session.result(check)
    assert (result.status, result.cause[:45]) == (NOT_RUN, "of random weights it magnifies roundings: ima")


@pytest.mark.parametrize(("own", "raised"), [(0.3, NotApplicable), (0.2, ZooError)])
def test_all_roundings_of_a_model_may_do_four_times_what_one_of_its_images_does(own, raised):
    plain = torch.ones(2, 3)
    subject = SimpleNamespace(plain=plain, images=lambda: plain, evaluated=lambda images: plain * (1 + own * SAME))
    with pytest.raises(raised):
        require(subject, plain * (1 + 2 * SAME), "compiled")


def test_a_constant_that_all_models_share_is_no_fault():
    mean = torch.rand(1, 3, 1, 1)

    class Normalised(torch.nn.Module):
        def __init__(self, task):
            super().__init__()
            self.net = network(task)
            self.register_buffer("mean", mean if task.channels == 3 else mean[:, :1])

        def forward(self, images):
            return self.net(images - self.mean)

    session, before = Session(Subject(replace(SPEC, build=Normalised))), mean.clone()
    assert [one for one in session.results() if one.status == FAILED] == []
    assert torch.equal(mean, before)


def test_another_process_builds_while_this_one_does():
    done = []

    def build(task):
        if not torch.empty(0).is_meta:
            done.append("built")
        return network(task)

    def elsewhere(name, task):
        done.append(f"{name} asked")
        return SimpleNamespace(answer=lambda: done.append("answered") or {"digest": "", "asked": []})

    session = Session(Subject(replace(SPEC, build=build), elsewhere=elsewhere))
    assert session.result("offline_build").status == PASSED
    assert done == [f"{SPEC.name} asked", "built", "answered"]


def test_a_builder_with_a_class_count_of_its_own_passes():
    def imagenet(task):
        assert task.num_classes == 1000
        return network(task)

    assert failures(zoo.ModelSpec(name="mine/imagenet", build=imagenet)) == []


@pytest.fixture(scope="module")
def elsewhere():
    """The checks that ask a process of their own, of a sound model and of mutants."""
    names = ["network", "asks_the_network", "hashed", "remembering", "unseeded"]
    found = subjects([f"mutant/{name}" for name in names], [str(Path(mutants.__file__))])
    sessions = dict(zip(names, map(Session, found), strict=True))
    checks = ["seed_decides", *sorted(OF_A_PROCESS)]
    return {name: {check: session.result(check) for check in checks} for name, session in sessions.items()}


@pytest.mark.once
@pytest.mark.parametrize(
    ("check", "builder"),
    [(None, network), *IN_ANOTHER_PROCESS, ("seed_decides", mutants.remembering), ("seed_decides", mutants.unseeded)],
)
def test_a_process_of_its_own_sees_what_this_one_cannot(elsewhere, check, builder):
    results = elsewhere[builder.__name__]
    assert [name for name, result in results.items() if result.status == FAILED] == ([check] if check else [])
    assert results["light_listing"].status == PASSED


@pytest.mark.once
def test_a_plugin_that_loads_torch_to_be_listed_is_named(tmp_path):
    (tmp_path / "heavy.py").write_text(
        "import torch, zoo\n"
        "@zoo.hookimpl\n"
        "def zoo_models():\n"
        "    yield zoo.ModelSpec(name='mine/heavy', build=lambda task: torch.nn.Linear(1, 1))\n"
    )
    (subject,) = subjects(["mine/heavy"], [str(tmp_path / "heavy.py")])
    result = Session(subject).result("light_listing")
    assert (result.status, result.cause[:33]) == (FAILED, "listing its plugin imports torch,")
