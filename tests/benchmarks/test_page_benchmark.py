"""How long the page of a very large run takes in a browser: until it is drawn, to be sorted, to be filtered."""

from __future__ import annotations

import pytest

from tests.browser import browser, needs_chromium, opened
from tests.results.page.made import made_run, written

pytestmark = needs_chromium
NUM_MODELS = 1400
DRAWN_SECONDS, ANSWER_MS = 2, 200
# Since the page was asked for; the first chart is the one with a point for every model.
UNTIL_DRAWN = """() => new Promise(done => {
  const look = () => document.querySelector('#error_time .points') && document.querySelector('#table tbody tr')
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now()))) : setTimeout(look, 5);
  look();
})"""
# Until what it does is on the screen.
UNTIL_SHOWN = """act => new Promise(done => {
  const start = performance.now();
  answer(act);
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
  function answer(act) {
    const table = document.querySelector('#table');
    if (act === 'sort') return table.querySelectorAll('thead button')[2].click();
    const box = table.querySelector('input[type=search]');
    box.value = act;
    box.dispatchEvent(new Event('input'));
  }
})"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    return written(made_run(folder / "run", NUM_MODELS, num_seeds=1), folder / "report.html")


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


def test_1400_rows_and_points_are_drawn_within_two_seconds(benchmark, chromium, file):
    def seconds():
        with opened(chromium, file) as shown:
            times.append(shown.page.evaluate(UNTIL_DRAWN) / 1e3)

    times = []
    benchmark.pedantic(seconds, rounds=5, warmup_rounds=1)
    benchmark.extra_info["seconds"] = times
    assert min(times) < DRAWN_SECONDS


@pytest.mark.parametrize("act", ["sort", "mlp", "resnet 1"])
def test_1400_rows_are_sorted_and_filtered_within_200_ms(benchmark, chromium, file, act):
    with opened(chromium, file) as shown:
        shown.page.wait_for_selector("html[data-charts=drawn]")
        shown.page.locator("#table button", has_text="Show all").click()

        def milliseconds():
            times.append(shown.page.evaluate(UNTIL_SHOWN, act))

        times = []
        benchmark.pedantic(milliseconds, rounds=10, warmup_rounds=1)
    benchmark.extra_info["milliseconds"] = times
    assert sorted(times)[len(times) // 2] < ANSWER_MS
