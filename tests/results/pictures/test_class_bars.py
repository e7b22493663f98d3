"""Images beside their classes: what stands where, for few and many classes, tall and wide images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from results.answers.predicted import RankedClass
from results.pictures.class_bars import BEST, IMAGE, MOST_BARS, MOST_ROWS, Drawn, class_bars
from results.pictures.figure import DOTS_PER_INCH


def drawn(names=("oak", "elm"), width=40, height=30, path="leaves/a.png"):
    shares = np.linspace(1, 0.1, len(names)) / len(names)
    ranked = [RankedClass(name=name, probability=p, log_prob=0.0) for name, p in zip(names, shares, strict=True)]
    return Drawn(path=Path(path), pixels=np.zeros((height, width, 3), dtype=np.uint8), ranked=ranked)


def boxes(figure):
    """Where each of the axes lies, in inches, text included."""
    figure.draw_without_rendering()
    return [axes.get_tightbbox().transformed(figure.dpi_scale_trans.inverted()) for axes in figure.axes]


def test_bars_are_as_long_as_the_probabilities_and_the_best_is_marked():
    image, bars = class_bars([drawn()]).axes
    tracks, lengths = ([bar.get_width() for bar in found] for found in bars.containers)
    assert (tracks, lengths) == ([1, 1], [0.5, 0.05])
    assert bars.containers[1][0].get_facecolor() == pytest.approx((0x1F / 255, 0x6F / 255, 0xB2 / 255, 1)), BEST
    assert [text.get_text() for text in bars.get_yticklabels()] == ["oak", "elm"]
    assert [text.get_text() for text in bars.texts] == ["50.0 %", "5.0 %"]
    assert image.get_title() == "leaves/a.png"
    assert bars.yaxis_inverted(), "the best on top"


ROWS = {
    "two classes": [drawn()],
    "long names": [drawn(["Acer platanoides subsp. turkestanicum (Pax) P.C.DeJong", "W" * 60])],
    "wide letters": [drawn(["日本語モデル" * 9, "elm"])],
    "more classes than are drawn": [drawn([f"class {number}" for number in range(120)])],
    "hundred classes": [drawn([f"class {number}" for number in range(100)])],
    "tall": [drawn(width=2, height=500)],
    "wide": [drawn([str(number) for number in range(9)], width=500, height=2)],
    "many": [drawn(), drawn(width=500, height=20), drawn([str(number) for number in range(30)]), drawn()],
    "long path": [drawn(path="x/" + "W" * 300 + ".png")],
}


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", ROWS)
def test_nothing_overlaps_and_nothing_is_cut_off(name):
    figure = class_bars(ROWS[name])
    found, (wide, high) = boxes(figure), figure.get_size_inches()
    for box in found:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= wide
        assert box.y1 <= high
    pairs = [(one, other) for at, one in enumerate(found) for other in found[at + 1 :]]
    assert not [pair for pair in pairs if pair[0].overlaps(pair[1])]


def test_a_row_is_as_high_as_what_it_shows():
    rows = [drawn(width=500, height=2), drawn(), ROWS["hundred classes"][0]]
    low, usual, many = (class_bars([row]).get_size_inches()[1] for row in rows)
    assert low < usual < IMAGE + 1 < many


def test_signs_of_mathematics_in_names_are_shown_as_they_are():
    image, bars = class_bars([drawn(["$x_1$", "a^$"], path="$b$.png")]).axes
    texts = [image.title, *bars.get_yticklabels()]
    assert [text.get_text() for text in texts] == ["$b$.png", "$x_1$", "a^$"]
    assert not any(text.get_parse_math() for text in texts)


@pytest.mark.once
def test_as_many_as_may_be_drawn_make_a_picture():
    most = class_bars([drawn([f"class {number}" for number in range(MOST_BARS + 1)])] * MOST_ROWS)
    assert len(most.axes[1].get_yticks()) == MOST_BARS
    assert most.get_size_inches()[1] * DOTS_PER_INCH < 2**16
