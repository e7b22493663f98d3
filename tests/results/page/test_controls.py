"""The controls of cards and table in a real browser: order, filter, columns, rows beyond the first, budgets."""

from __future__ import annotations

import pytest

from results.page.sections import table
from tests.browser import browser, needs_chromium, opened
from tests.results.page.parsed import page_of
from tests.results.page.sections.test_cards import two_devices
from tests.results.runs import trial

pytestmark = [pytest.mark.once, needs_chromium]
TIMES = {"a10": 30.0, "a9": 4.0, "b": 0.5, "c": None}


def trials():
    """Three timed models, one that was not, one that failed."""
    made = [
        trial(name, wrong=range(100 * at, 100 * at + 40 + at), **({"cpu_infer_step_time": (ms,) * 5} if ms else {}))
        for at, (name, ms) in enumerate(TIMES.items())
    ]
    return [*made, trial("swin", status="oom", cause="no memory")]


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@pytest.fixture
def shown(chromium, tmp_path, request):
    file = tmp_path / "report.html"
    file.write_text(page_of(*getattr(request, "param", trials)()).html)
    with opened(chromium, file) as page:
        yield page.page
        assert (page.console, page.requests) == ([], [file.as_uri()])


def names(page):
    return page.locator("tbody.ranked tr:visible th").all_text_contents()


def heading(page, words):
    return page.locator("#table thead th", has_text=words)


def test_figures_are_sorted_as_numbers_both_ways_and_what_is_not_known_stands_last(shown):
    button = heading(shown, "ms/batch").locator("button")
    for direction, order in (("ascending", ["b", "a9", "a10", "c"]), ("descending", ["a10", "a9", "b", "c"])):
        button.click()
        assert names(shown) == order
        assert [one.get_attribute("aria-sort") for one in shown.locator("th[aria-sort]").all()] == [direction]


def test_names_are_sorted_by_the_numbers_in_them(shown):
    heading(shown, "plugin").locator("button").click()
    assert names(shown) == ["a9", "a10", "b", "c"]


def test_what_failed_stays_below_however_the_rest_is_sorted(shown):
    heading(shown, "plugin").locator("button").click()
    assert shown.locator("#table tbody tr th").all_text_contents()[-1] == "swin"


def test_a_filter_keeps_rows_with_all_its_words_and_says_how_many(shown):
    box, count = shown.locator("input[type=search]"), shown.locator(".count")
    assert count.text_content() == "5 of 5 rows"
    box.fill("A 30.0")
    assert (names(shown), count.text_content()) == (["a10"], "1 of 5 rows")
    box.fill("MEMORY")
    assert (names(shown), shown.locator("#table tbody tr:visible").count()) == ([], 1)
    box.fill("")
    assert len(names(shown)) == 4


def test_a_column_is_shown_and_hidden_by_its_box(shown):
    shown.locator(".columns summary").click()
    for key, words in (("head", "head"), ("params", "params")):
        before = heading(shown, words).is_visible()
        shown.locator(f".columns input[value={key}]").click()
        assert heading(shown, words).is_visible() is not before
        cells = shown.locator("tbody.ranked tr").first.locator(":is(th, td):visible").count()
        assert cells == shown.locator("#table thead th:visible").count()


def test_the_first_rows_are_those_of_the_present_order_until_all_are_wanted(chromium, tmp_path, monkeypatch):
    monkeypatch.setattr(table, "MOST_SHOWN", 2)
    file = tmp_path / "report.html"
    file.write_text(page_of(*trials()).html)
    with opened(chromium, file) as opening:
        page = opening.page
        assert page.locator(".count").text_content() == "5 of 5 rows, the first 3 are shown"
        heading(page, "ms/batch").locator("button").click()
        assert names(page) == ["b", "a9"]
        page.locator(".show-all").click()
        assert (len(names(page)), page.locator(".show-all").is_visible()) == (4, False)
        at_once = page.evaluate(
            "() => (document.querySelector('#table thead button').click(), document.querySelectorAll('.beyond').length)"
        )
        page.locator("#table .beyond").first.wait_for(state="detached")
        assert (at_once, len(names(page)), page.locator(".show-all").is_visible()) == (2, 4, False)


@pytest.mark.parametrize("shown", [two_devices], indirect=True)
def test_every_step_of_the_slider_shows_its_answer_and_its_command(shown):
    data = shown.evaluate("JSON.parse(document.getElementById('data-cards').textContent)")
    slider, answer = shown.locator("input[type=range]"), shown.locator(".answer p")
    slider.focus()
    for device, radio in zip(data["devices"], shown.locator("#cards input[type=radio]").all(), strict=True):
        radio.check()
        slider.focus()
        shown.keyboard.press("Home")
        for step in device["steps"]:
            assert answer.all_text_contents() == device["answers"][step["answer"]]
            assert shown.locator(".command").text_content() == step["command"]
            assert step["ms"] in slider.get_attribute("aria-valuetext")
            shown.keyboard.press("ArrowRight")


@pytest.mark.parametrize("shown", [two_devices], indirect=True)
def test_another_device_keeps_the_budget_as_near_as_it_has_one(shown):
    slider = shown.locator("input[type=range]")
    slider.focus()
    shown.keyboard.press("Home")
    before = float(slider.get_attribute("aria-valuetext").split()[0])
    shown.locator("#cards input[type=radio]").last.check()
    words = slider.get_attribute("aria-valuetext")
    assert words.endswith("on CPU")
    assert float(words.split()[0]) >= before
