"""What the commands say of a real run on the digits, against its files by the textbook."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.metrics import precision_recall_fscore_support
from statsmodels.stats.contingency_tables import mcnemar

from harness.cli.main import main
from results.store.run_store import RunStore

MODELS = ("mlp", "mlp-small", "fc_model")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits")
    asked = ["--plugins", ",".join(MODELS), "--epochs", "2", "--time-budget", "0.01", "--device", "cpu", "--quiet"]
    assert main(["run", *asked, "--output", str(folder)]) == 0
    return folder


@pytest.fixture
def kept(run):
    """Labels [N], and by model the probabilities [N, K] of the test images, as they lie on disk."""
    store = RunStore.find(None, run)
    arrays = {record.model: store.predictions(record) for record in store.records()}
    return arrays["mlp"]["labels"], {model: np.exp(one["log_probs"].astype(float)) for model, one in arrays.items()}


def answered(capsys, run, *words):
    capsys.readouterr()
    assert main([*words, "--json", "--output", str(run)]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.once
def test_an_ensemble_of_three_has_the_errors_of_their_mean_probabilities(run, kept, capsys):
    labels, by_model = kept
    order = np.argsort(-np.mean(list(by_model.values()), axis=0), axis=1, kind="stable")
    found = answered(capsys, run, "ensemble", *MODELS)
    assert found["top1_err"]["mean"] == pytest.approx(100 * np.mean(order[:, 0] != labels))
    assert found["top5_err"] == pytest.approx(100 * np.mean((order[:, :5] != labels[:, None]).all(axis=1)))


def test_two_models_are_compared_by_the_images_that_one_of_them_missed(run, kept, capsys):
    labels, by_model = kept
    right = [by_model[model].argmax(axis=1) == labels for model in ("mlp", "mlp-small")]
    only, other = np.sum(right[0] & ~right[1]), np.sum(~right[0] & right[1])
    exact = mcnemar([[0, only], [other, 0]], exact=True).pvalue
    fewer = min(only, other)
    (pair,) = answered(capsys, run, "compare", "mlp", "mlp-small")["pairs"]
    assert pair["error"]["difference"] == pytest.approx(100 * (other - only) / len(labels))
    assert pair["error"]["p"] == pytest.approx(exact - binom.pmf(fewer, only + other, 0.5))
    counts = [np.sum(right[0] & right[1]), only, other, np.sum(~right[0] & ~right[1])]
    assert main(["compare", "mlp", "mlp-small", "--output", str(run)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("same images"))
    assert [int(word) for word in line.split() if word.isdigit()] == counts


def test_classes_have_scikit_learns_figures(run, kept, capsys):
    labels, by_model = kept
    expected = precision_recall_fscore_support(labels, by_model["mlp"].argmax(axis=1))
    classes = answered(capsys, run, "classes", "mlp")["classes"]
    for own in classes:
        figures = own["models"]["mlp"]
        shown = [figures[what]["mean"] for what in ("precision", "recall", "f1")]
        assert shown == pytest.approx([100 * column[int(own["name"])] for column in expected[:3]])
