"""What is promised of ranks and intervals, tried on made runs: each function gives a share of runs, or of models."""

from __future__ import annotations

import numpy as np

from results.ranking import resolution
from results.ranking.compare import Ranking, compare, rank
from results.ranking.error_intervals import error_interval
from results.ranking.uncertainty import ALPHA
from tests.statistics.draws import draw, draw_grouped, effects_of

ERROR = 0.1
GAP = 0.01
Effect = float | str


def false_alarms(num_models: int, num_seeds: int, num_images: int, effect: Effect, runs: int) -> float:
    """Runs of equal models in which any two are told apart."""
    generator = np.random.default_rng([1, num_models, num_seeds, num_images])
    alarms = 0
    for _ in range(runs):
        effects = effects_of(generator, effect, num_models)
        alarms += told_apart(rank(draw(generator, [ERROR] * num_models, effects, num_seeds, num_images)))
    return alarms / runs


def uneven_alarms(num_models: int, num_images: int, effect: Effect, runs: int) -> tuple[float, float]:
    """Runs of equal models with three seeds, but one with a single seed, in which any two are told apart.

    And how often that one's interval covers its error.
    """
    generator = np.random.default_rng([2, num_models, num_images])
    alarms = covered = 0
    for _ in range(runs):
        answers = draw(generator, [ERROR] * num_models, effects_of(generator, effect, num_models), 3, num_images)
        ranking = rank({**answers, "m0": answers["m0"][:1]})
        alarms += told_apart(ranking)
        covered += covers(ranking, "m0", ERROR)
    return alarms / runs, covered / runs


def power(num_models: int, num_seeds: int, num_images: int, effect: Effect, gap: float, runs: int) -> float:
    """How often one model that is better by `gap` than all others is told apart from each of them."""
    generator = np.random.default_rng([3, num_models, num_images])
    errors = [ERROR] + [ERROR + gap] * (num_models - 1)
    found = 0.0
    for _ in range(runs):
        answers = draw(generator, errors, effects_of(generator, effect, num_models), num_seeds, num_images)
        ranking = rank(answers)
        found += np.mean([ranking.better("m0", name) for name in list(answers)[1:]])
    return found / runs


def coverage(num_seeds: int, num_images: int, effect: Effect, runs: int, num_models: int = 5) -> float:
    """How often the interval of a model that was not chosen for its error covers it."""
    generator = np.random.default_rng([4, num_seeds, num_images])
    covered = 0
    for _ in range(runs):
        ranking = rank(
            draw(generator, [ERROR] * num_models, effects_of(generator, effect, num_models), num_seeds, num_images)
        )
        name = str(generator.choice(list(ranking.order[1:])))
        covered += covers(ranking, name, ERROR)
    return covered / runs


def coverage_alone(num_seeds: int, num_images: int, effect: float, runs: int) -> float:
    """How often the interval of a model that was run alone covers its error."""
    generator = np.random.default_rng([5, num_seeds, num_images])
    covered = 0
    for _ in range(runs):
        (answers,) = draw(generator, [ERROR], [effect], num_seeds, num_images).values()
        interval = error_interval(answers)
        covered += interval.low <= 100 * ERROR <= interval.high
    return covered / runs


def winner_covered(num_models: int, num_seeds: int, num_images: int, effect: Effect, runs: int) -> tuple[float, float]:
    """How often the first row's interval covers its error, and how often one of the truly best is named."""
    generator = np.random.default_rng([6, num_models, num_images])
    covered = named = 0
    for _ in range(runs):
        effects = effects_of(generator, effect, num_models)
        ranking = rank(draw(generator, [ERROR] * num_models, effects, num_seeds, num_images))
        covered += covers(ranking, ranking.order[0], ERROR)
        named += "m0" in ranking.best
    return covered / runs, named / runs


def found_when_promised(num_models: int, num_seeds: int, effect: float, runs: int) -> tuple[float, int | None, float]:
    """The share of runs on 5,000 images that say how many they need to see a gap, the number in the middle of them.

    And how often the gap is seen with so many.
    """
    generator = np.random.default_rng([7, num_models, num_seeds])
    errors = [ERROR] + [ERROR + GAP] * (num_models - 1)
    asked = []
    for _ in range(15):
        answers = draw(generator, errors, [effect] * num_models, num_seeds, 5000)
        asked.append(resolution.images_needed(resolution.design(answers, GAP), GAP))
    said = sorted(images for images in asked if images is not None)
    if not said:
        return 0.0, None, 0.0
    middle = said[len(said) // 2]
    return len(said) / len(asked), middle, power(num_models, num_seeds, middle, effect, GAP, runs)


def places_hold(num_models: int, num_seeds: int, num_images: int, effect: Effect, runs: int) -> float:
    """How often the intervals of ranks of models of all kinds of errors contain the true ranks of all of them."""
    generator = np.random.default_rng([8, num_models, num_seeds, num_images])
    held = 0
    for _ in range(runs):
        errors = np.sort(0.03 + 0.2 * generator.random(num_models))
        effects = effects_of(generator, effect, num_models)
        places = rank(draw(generator, list(errors), effects, num_seeds, num_images)).places
        held += all(low <= index + 1 <= high for index in range(num_models) for low, high in [places[f"m{index}"]])
    return held / runs


def group_sizes(num_models: int, num_images: int, effect: Effect) -> tuple[int, int]:
    """How many models have rank 1 in their interval with one seed, and how many with three on the same images.

    Errors go from 1.4 to 26 %, and one model in thirty has a seed whose training diverged.
    """
    generator = np.random.default_rng([9, num_models, num_images])
    errors = 0.014 + 0.25 * generator.random(num_models) ** 2
    answers = draw(generator, list(errors), effects_of(generator, effect, num_models), 3, num_images)
    one = rank({name: correct[:1].copy() for name, correct in answers.items()})
    for name in generator.choice(list(answers), num_models // 30, replace=False):
        answers[str(name)][generator.integers(3)] = generator.random(num_images) < 0.1
    return firsts(one), firsts(rank(answers))


def clustered(num_groups: int, spread: float, runs: int) -> tuple[float, float, float, float]:
    """Groups of 1 to 11 images: how often intervals by groups, and by single images, cover a model's error.

    And how often two equal models are told apart by groups, and by single images. `spread` is the standard deviation,
    in logits, of how hard a group is for all models; half of it is what is hard for one of them alone.
    """
    generator = np.random.default_rng([10, num_groups])
    found = np.zeros(4)
    for _ in range(runs):
        answers, groups = draw_grouped(generator, ERROR, spread, num_groups)
        for at, clusters in enumerate((groups, None)):
            interval = error_interval(answers[0], clusters)
            found[at] += interval.low <= 100 * ERROR <= interval.high
            found[2 + at] += compare(*answers, clusters).p < ALPHA
    covered, alone, alarms, alarms_alone = (found / runs).tolist()
    return covered, alone, alarms, alarms_alone


def firsts(ranking: Ranking) -> int:
    """How many models have rank 1 in their interval."""
    return sum(low == 1 for low, _ in ranking.places.values())


def told_apart(ranking: Ranking) -> bool:
    """Whether the ranking says of any model that another is better."""
    return any(low > 1 for low, _ in ranking.places.values())


def covers(ranking: Ranking, name: str, error: float) -> bool:
    """Whether the interval that is printed for a model contains its error."""
    interval = ranking.errors[name]
    return interval.low <= 100 * error <= interval.high
