"""The page in a real browser: it asks for nothing, fits, is reached by keys, and shows names from outside as text."""

from __future__ import annotations

import pytest

from results.page.library import ChartLibrary
from tests.browser import axe_findings, browser, needs_axe, needs_chromium, opened, overflowing
from tests.results.page.made import CLASSES, made_run, with_images, written

pytestmark = [pytest.mark.once, needs_chromium]
NASTY = (
    "<script>document.planted = 1</script>",
    "<img src=x onerror='document.planted = 1'>",
    "<a href='https://example.org'>out</a>",
    "</script><b>bold",
    "timm/convnext_base.clip_laion2b_augreg_ft_in12k_in1k_384",
    "mlp",
)
# The page's policy forbids what playwright's own waiting for a function does.
UNTIL_CHARTS_FIT = """() => new Promise(done => {
  const fits = chart => Math.abs(chart.querySelector('.main-svg')?.clientWidth - chart.clientWidth) < 2;
  const look = left => [...document.querySelectorAll('.chart')].every(fits) ? done(true)
    : left ? setTimeout(look, 20, left - 1) : done(false);
  look(1500);
})"""


@pytest.fixture(scope="module")
def chromium():
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def nasty(chromium, tmp_path_factory):
    """An opened page of six models and four classes with names from outside: its opening takes longest."""
    file = page_file(tmp_path_factory.mktemp("nasty"), 6, names=NASTY, classes=(*NASTY[:4], *CLASSES[:2]))
    with opened(chromium, file) as shown:
        drawn(shown)
        yield shown


@pytest.fixture(scope="module")
def bare(chromium, tmp_path_factory):
    """The same without the script that draws charts."""
    folder, library = tmp_path_factory.mktemp("bare"), ChartLibrary(missing="for this test")
    with opened(chromium, page_file(folder, 6, library, names=NASTY)) as shown:
        yield shown


def page_file(folder, num_models, library=None, **changes):
    """The page of a made run, in `folder`."""
    run = with_images(made_run(folder / "run", num_models, **changes), folder / "images")
    return written(run, folder / "report.html", library)


def drawn(shown):
    shown.page.wait_for_selector("html[data-charts=drawn]")
    return shown.page


@pytest.mark.parametrize(
    "num_models", [2, *(pytest.param(size, marks=pytest.mark.slow) for size in (60, 1400))], ids=str
)
def test_a_page_asks_for_nothing_says_nothing_and_fits(chromium, tmp_path, num_models):
    file = page_file(tmp_path, num_models, num_seeds=1 + (num_models < 100))
    with opened(chromium, file) as shown:
        for width in (1400, 390):
            shown.page.set_viewport_size({"width": width, "height": 900})
            assert shown.page.evaluate(UNTIL_CHARTS_FIT)
            assert overflowing(drawn(shown)) == []
        assert (shown.console, shown.requests) == ([], [file.as_uri()])


def test_names_from_outside_stay_text(nasty):
    page = nasty.page
    assert page.evaluate("document.planted") is None
    assert page.locator("main b:text-is('bold'), main a[href^=https], img[src=x], svg a").count() == 0
    text = page.evaluate("document.querySelector('#table').textContent")
    assert [name for name in NASTY if name not in text] == []
    ticks = page.locator("#classes .ytick text").all_text_contents()
    assert any(tick.startswith("<script>document.planted") for tick in ticks)
    page.locator("#error_time .chart").focus()
    page.keyboard.press("Home")
    assert page.locator("#error_time .hovertext").text_content().startswith(NASTY)
    assert (nasty.console, nasty.requests) == ([], [page.url])


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(nasty, scheme):
    page = nasty.page
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert axe_findings(drawn(nasty)) == []


def test_the_table_is_sorted_by_keys_alone(bare):
    page, names = bare.page, bare.page.locator("#table tbody.ranked th[scope=row]")
    before, heading = names.all_text_contents(), page.locator("#table thead th", has_text="plugin")
    for _ in range(100):
        page.keyboard.press("Tab")
        if heading.evaluate("cell => cell.contains(document.activeElement)"):
            break
    page.keyboard.press("Enter")
    ascending = names.all_text_contents()
    assert ascending != before
    assert heading.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Space")
    assert names.all_text_contents() == ascending[::-1]


def test_the_slider_changes_the_recommendation(bare):
    slider, answer = bare.page.locator("#cards input[type=range]"), bare.page.locator("#cards .answer")
    before = answer.inner_text()
    slider.focus()
    bare.page.keyboard.press("Home")
    assert answer.inner_text() != before
    bare.page.keyboard.press("End")
    assert answer.inner_text() == before


def test_the_switch_of_devices_changes_the_chart(nasty):
    for kind, label in (("cuda", "GPU"), ("cpu", "CPU")):
        nasty.page.locator(f"#error_time input[value={kind}]").focus()
        nasty.page.keyboard.press("Space")
        assert drawn(nasty).locator("#error_time .xtitle").text_content() == f"{label} ms a batch of 32, inference"


def test_arrow_keys_go_through_points_and_tell_them(nasty):
    page, told = nasty.page, nasty.page.locator("#error_time .chart-words")
    page.locator("#error_time .chart").focus()
    page.keyboard.press("Home")
    first = told.text_content()
    page.keyboard.press("ArrowRight")
    assert " % error, rank " in first
    assert told.text_content() != first


def test_what_the_mouse_points_at_is_told_in_full(nasty):
    nasty.page.locator("#classes .points path").first.hover(force=True)
    told = nasty.page.locator("#classes .chart-words")
    nasty.page.wait_for_selector("#classes .hovertext")
    assert told.text_content().startswith(NASTY[:4] + CLASSES[:2])
    assert " % of " in told.text_content()


def test_arrow_keys_go_through_pairs_and_tell_them(nasty):
    page = nasty.page
    page.locator("#significance td[tabindex='0']").focus()
    for key in ("Home", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    place = "document.activeElement.cellIndex + ' ' + document.activeElement.parentElement.rowIndex"
    assert page.evaluate(place) == "1 2"
    told = page.locator("#significance .chart-words").text_content()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == told
    assert " pp of error, adjusted p " in told


def test_another_model_has_other_curves_classes_and_words(nasty):
    parts = ("#learning .learnt", "#learning .lines", "#classes .points", "#classes table.confusion")
    shown = []
    for model in ("0", "3"):
        for name in ("learning", "classes"):
            nasty.page.locator(f"#{name} select").select_option(model)
        shown.append([drawn(nasty).locator(part).first.inner_html() for part in parts])
    assert [one == other for one, other in zip(*shown, strict=True)] == [False] * 4


def test_on_paper_every_chart_is_drawn_dark_on_white_and_within_it(nasty):
    page = nasty.page
    page.emulate_media(media="print", color_scheme="dark")
    widths = [chart.bounding_box()["width"] for chart in page.locator(".chart .main-svg").all()]
    text = page.locator("#error_time .xtick text").first
    colour = text.evaluate("node => getComputedStyle(node).fill")
    page.emulate_media(media="screen")
    assert (len(widths) > 4, max(widths) <= 660, colour) == (True, True, "rgb(0, 0, 0)")


def test_without_the_charts_script_the_words_are_there(bare):
    assert "for this test" in bare.page.locator("main").inner_text()
    assert bare.page.locator("#classes table.confusion td").count() == 36
    assert bare.console == []
