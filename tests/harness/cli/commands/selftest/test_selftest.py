"""The selftest passes, and fails when a fault is planted."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from harness.cli.commands import selftest as command
from harness.cli.commands.selftest import checks, clocks, counts, learning
from harness.cli.commands.selftest.parts import Finding, Parts
from harness.timing.clock import HostClock
from harness.training.evaluate import Scores, evaluate

SOUND = Parts(device=torch.device("cpu"))


LONG = {clocks.twice_the_layers_take_twice_the_time}


@pytest.mark.parametrize(
    "check",
    [pytest.param(check, marks=pytest.mark.once if check in LONG else ()) for check in checks.CHECKS],
    ids=lambda check: check.__name__,
)
def test_a_sound_harness_passes(check):
    finding = checks.repeated(check, SOUND)
    assert finding.ok, finding.seen


def test_a_check_that_always_fails_is_not_repeated_into_passing():
    seen = []
    finding = checks.repeated(lambda parts: seen.append(1) or Finding(ok=False, seen="wrong"), SOUND)
    assert (finding.ok, len(seen)) == (False, checks.NUM_TRIES)


def test_a_clock_without_synchronisation_is_found():
    careless = replace(SOUND, host_clock=lambda synchronize: HostClock(lambda: None))
    assert not clocks.clock_waits_for_the_device(careless).ok


def test_a_clock_that_waits_only_before_the_step_is_found():
    class Early(HostClock):
        def time_ms(self, step):
            self.synchronize()
            return HostClock(lambda: None).time_ms(step)

    assert not clocks.clock_waits_for_the_device(replace(SOUND, host_clock=Early)).ok


@pytest.mark.parametrize("factor", [0.7, 3.0])
def test_a_clock_that_runs_wrong_is_found(factor):
    class Wrong(HostClock):
        def time_ms(self, step):
            return factor * super().time_ms(step)

    assert not clocks.sleeping_adds_its_time(replace(SOUND, clock_for=lambda device: Wrong(lambda: None))).ok


def test_a_clock_with_a_hidden_cost_is_found():
    class Padded(HostClock):
        def time_ms(self, step):
            return super().time_ms(step) + 1000.0

    padded = replace(SOUND, clock_for=lambda device: Padded(lambda: None))
    assert not clocks.twice_the_layers_take_twice_the_time(padded).ok


def test_flops_reported_as_multiply_adds_are_found():
    def doubled(model, shape):
        work = SOUND.count(model, shape)
        return replace(work, gmacs=2 * work.gmacs)

    assert not counts.known_network_has_its_known_work(replace(SOUND, count=doubled)).ok


def test_eval_mode_left_out_is_found():
    def left_out(trainable, batches, config):
        careless = SimpleNamespace(eval_mode=trainable.train_mode, forward=trainable.forward, device=trainable.device)
        return evaluate(careless, batches, config)

    finding = learning.painted_labels_are_learned(replace(SOUND, evaluate=left_out))
    assert not finding.ok


def off_by_one(trainable, batches, config) -> Scores:
    right = total = 0
    trainable.eval_mode()
    for images, labels in batches.eval():
        right += int((trainable.forward(images).argmax(1) + 1 == labels).sum())
        total += len(labels)
    return Scores(loss=0.0, top1=100 * right / total)


def averaged_over_batches_of_the_wrong_size(trainable, batches, config) -> Scores:
    scores = evaluate(trainable, batches, config)
    return replace(scores, top1=scores.top1 * (len(batches.labels) - 1) / len(batches.labels))


@pytest.mark.parametrize("metric", [off_by_one, averaged_over_batches_of_the_wrong_size])
def test_a_metric_that_is_off_by_one_is_found(metric):
    assert not learning.painted_labels_are_learned(replace(SOUND, evaluate=metric)).ok


def test_a_fault_in_the_metric_of_the_test_set_alone_is_found():
    wrong = replace(SOUND, test_error=lambda *arguments: SOUND.test_error(*arguments) + 0.1)
    finding = learning.painted_labels_are_learned(wrong)
    assert (finding.ok, finding.seen[:19]) == (False, "0.0 % and 0.1 % err")


def test_a_metric_that_always_agrees_is_found():
    flattering = replace(SOUND, evaluate=lambda *arguments: Scores(loss=0.0, top1=100.0))
    assert not learning.random_labels_give_chance(flattering).ok


def test_a_check_that_raises_has_failed(monkeypatch):
    def broken_check(parts):
        raise RuntimeError("no such thing")

    monkeypatch.setattr(checks, "CHECKS", (broken_check,))
    assert list(checks.run(SOUND)) == [("broken check", Finding(ok=False, seen="RuntimeError: no such thing"))]


def test_the_command_prints_every_check_and_its_exit_code_says_whether_all_passed(monkeypatch, capsys):
    findings = [("a", Finding(ok=True, seen="right")), ("b", Finding(ok=False, seen="wrong"))]
    monkeypatch.setattr(checks, "run", lambda parts: iter(findings))
    assert command.execute(argparse.Namespace(device="cpu", json=False), None) == 1
    assert capsys.readouterr().out == "ok    a: right\nFAIL  b: wrong\n"
    assert command.execute(argparse.Namespace(device="cpu", json=True), None) == 1
    assert [entry["ok"] for entry in json.loads(capsys.readouterr().out)] == [True, False]
