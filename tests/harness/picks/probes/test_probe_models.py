"""Models probed in processes: what is planted is found, what does harm costs itself alone, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from time import monotonic, sleep

import pytest

from harness.picks.probes.store import probe_path
from results.ranking.compare import rank
from tests.harness.picks.probes.picks import probed, same_answers
from tests.harness.pictures import folder
from tests.source import ROOT

SOUND = ["planted/seer", "planted/blind", "planted/copy"]
HARMFUL = ["planted/crash", "planted/memory", "planted/nan", "planted/fails", "planted/constant"]
# Sound ones stand before and between: a process that has done something is the one that is ended.
MIXED = [*SOUND[:2], *HARMFUL[:2], SOUND[2], *HARMFUL[2:]]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """The results of sound and harmful models, which of them were heard of, and the labels."""
    heard = []
    results, asked = probed(MIXED, tmp_path_factory.mktemp("mixed"), num_threads=1, on_result=heard.append)
    return results, heard, asked


def test_every_model_has_one_result_in_the_order_that_was_asked(mixed):
    results, heard, _ = mixed
    assert list(results) == MIXED
    assert sorted(result.model for result in heard) == sorted(MIXED)
    assert [results[name].status for name in SOUND] == ["ok"] * 3


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("crash", "failed", "crashed with SIGABRT"),
        ("memory", "oom", "memory ran out while they were computed"),
        ("nan", "failed", "its features are not finite for 1 of 30 images"),
        ("fails", "failed", "ValueError: no more than two images"),
        ("constant", "failed", "its features are the same for all 30 images"),
    ],
)
def test_a_harmful_model_is_a_result_with_its_reason(mixed, name, status, error):
    result = mixed[0][f"planted/{name}"]
    assert (result.status, result.error, result.phase) == (status, error, "features")
    assert not result.correct([0] * 30).any()


def test_a_model_that_hangs_is_ended_when_its_time_is_up(tmp_path):
    result = probed(["planted/hang"], tmp_path, limit_s=1.5)[0]["planted/hang"]
    assert (result.status, result.error) == ("timeout", "no end after 1.5 s")


def test_a_model_that_sees_the_label_is_always_right_and_a_blind_one_guesses(mixed):
    results, _, asked = mixed
    labels = asked.images.judged[1].labels
    assert results["planted/seer"].correct(labels).all()
    assert results["planted/blind"].correct(labels).mean() < 0.7
    assert results["planted/seer"].seconds.keys() == {"build", "data", "features", "fit"}


def test_a_copy_under_another_name_ties_to_the_bit(mixed):
    blind, copy = (mixed[0][name] for name in SOUND[1:])
    assert blind.predictions_N.tobytes() == copy.predictions_N.tobytes()
    assert blind.scores_NK.tobytes() == copy.scores_NK.tobytes()
    assert blind.facts == copy.facts


def test_the_order_of_the_models_decides_nothing(mixed, tmp_path):
    backwards, _ = probed(["planted/copy", "planted/nan", *SOUND[1::-1]], tmp_path, num_threads=1)
    assert all(same_answers(backwards[name], mixed[0][name]) for name in backwards)


def test_with_shuffled_labels_all_are_one_tie_group(tmp_path):
    results, asked = probed(SOUND, tmp_path, dataset="shuffled", sizes=(90, 90))
    ranking = rank({name: result.correct(asked.images.judged[1].labels) for name, result in results.items()})
    assert ranking.best == set(SOUND)
    assert set(ranking.places.values()) == {(1, 3)}
    assert min(interval.high for interval in ranking.errors.values()) > 60


def test_what_is_kept_is_not_probed_again_and_what_was_cut_off_goes_on(tmp_path, mixed):
    def stop(result):
        sleep(0.5)  # its process goes on with the next model, whose features may be kept when it is ended
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        probed(SOUND, tmp_path, num_threads=1, on_result=stop)
    assert [probe_path(tmp_path / "probes", name, 1).exists() for name in SOUND] == [True, False, False]
    begun = []
    results, _ = probed(SOUND, tmp_path, num_threads=1, on_phase=lambda model, phase: begun.append(model))
    assert set(begun) == set(SOUND[1:])
    assert all(same_answers(results[name], mixed[0][name]) for name in SOUND)


def test_a_damaged_file_and_another_question_are_probed_again(tmp_path):
    notes = []
    probed(SOUND[:1], tmp_path)
    path = probe_path(tmp_path / "probes", SOUND[0], 1)
    path.write_bytes(path.read_bytes()[:-30])
    results, _ = probed(SOUND[:1], tmp_path, note=notes.append)
    probed(SOUND[:1], tmp_path, note=notes.append, sizes=(36, 60))
    assert results[SOUND[0]].is_ok
    assert notes == [
        "planted/seer is probed again: planted--seer@p1.npz is damaged (BadZipFile)",
        "planted/seer is probed again: what is asked has changed since planted--seer@p1.npz was written",
    ]


def test_who_spoils_its_process_costs_no_other_its_result(tmp_path, mixed):
    results, _ = probed(["planted/spoiler", "planted/blind"], tmp_path, num_threads=1)
    assert results["planted/spoiler"].is_ok
    assert same_answers(results["planted/blind"], mixed[0]["planted/blind"])


def test_images_are_decoded_once_for_all_models_of_one_geometry(tmp_path, monkeypatch):
    """Once the files are gone, a model that wants them at another size has none."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = folder(tmp_path / "data", ["cat", "dog"], num=20, mode="L")
    _, asked = probed(["planted/blind"], tmp_path / "pick", data_dir=root, img_size=16)
    shutil.rmtree(root)
    same = probed(["planted/copy"], tmp_path / "pick", asked=asked, img_size=16)[0]["planted/copy"]
    other = probed(["planted/seer"], tmp_path / "pick", asked=asked, img_size=20)[0]["planted/seer"]
    assert (same.status, other.status, other.phase) == ("ok", "failed", "data")


def test_two_processes_at_a_time_come_to_the_same(tmp_path, mixed):
    names = ["planted/copy", "planted/fails", *SOUND[:2]]
    results, asked = probed(names, tmp_path, num_threads=2)
    assert (asked.num_processes, asked.threads_each) == (2, 1)
    assert list(results) == names
    assert all(same_answers(results[name], mixed[0][name]) for name in SOUND)


def test_what_stops_one_process_stops_the_others_too(tmp_path):
    def stop(result):
        raise KeyboardInterrupt

    start = monotonic()
    with pytest.raises(KeyboardInterrupt):
        probed(["planted/hang", "planted/seer"], tmp_path, num_threads=2, on_result=stop)
    assert monotonic() - start < 60  # and not the ten minutes that a model may take
    assert not probe_path(tmp_path / "probes", "planted/hang", 1).exists()


def test_the_second_stage_takes_the_features_of_the_first_and_judges_validation_images(tmp_path):
    (first, asked), (second, _) = (probed(SOUND[:2], tmp_path, stage=stage) for stage in (1, 2))
    features = {path.name for path in (tmp_path / "work" / "features").iterdir()}
    assert len(features) == 2 * 3
    for name in SOUND[:2]:
        assert first[name].facts["weights_sha256"] == second[name].facts["weights_sha256"]
        assert len(second[name].predictions_N) == len(asked.images.judged[2].labels)
    assert second[SOUND[0]].correct(asked.images.judged[2].labels).all()
    assert second[SOUND[0]].facts["is_converged"] is True


def test_where_the_first_set_has_all_images_the_second_stage_takes_no_more(tmp_path):
    results, asked = probed(SOUND[:1], tmp_path, stage=2, sizes=(10_000, 40_000))
    assert asked.images.second.counts["val"] == 0
    assert results[SOUND[0]].correct(asked.images.judged[2].labels).all()


@pytest.mark.slow
def test_killed_at_any_moment_the_same_answers_come_to_the_bit(tmp_path):
    command = [sys.executable, "-m", "tests.harness.picks.probes.picks"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    begin = monotonic()
    subprocess.run([*command, str(tmp_path / "whole"), *SOUND], check=True, env=environment)
    seconds, killed = monotonic() - begin, tmp_path / "killed"
    for at in range(20):
        child = subprocess.Popen([*command, str(killed), *SOUND], env=environment)
        sleep(seconds * (0.3 + 0.9 * at / 20))
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    subprocess.run([*command, str(killed), *SOUND], check=True, env=environment)
    for stage in (1, 2):
        one, other = (probed(SOUND, where, stage=stage)[0] for where in (tmp_path / "whole", killed))
        assert all(same_answers(one[name], other[name]) for name in SOUND)
