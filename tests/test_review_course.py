"""The course of a review: what the chart of decisions against estimated recall is drawn from, and how it looks."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from consensus import steps
from consensus.report.plots import plot_review
from consensus.steps.review_course import review_course
from consensus.store import Store
from tests import walk


@pytest.fixture
def db(tmp_path, monkeypatch):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    opened = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")
    for name in walk.STAGES[: walk.STAGES.index("deduplicate") + 1]:
        walk.run_stage(name, opened, tmp_path)
    yield opened
    opened.close()


def test_a_review_that_nobody_began_has_no_course(db, tmp_path) -> None:
    assert review_course(db, "small", cache=tmp_path / "cache").empty
    assert set(steps.plots(db, "small", "deduplicate")) == {"plot"}


def test_the_course_goes_from_no_decision_to_where_the_review_stands(db, tmp_path) -> None:
    for number in range(3):
        asked = steps.next_screen(db, "small", cache=tmp_path / "cache")
        now = walk.REVIEWED + timedelta(minutes=number)
        identity = steps.screen_id(asked.screen)
        steps.answer_screen(db, "small", identity, [], by="ann", now=now, cache=tmp_path / "cache")

    course = review_course(db, "small", cache=tmp_path / "cache")
    drawn = steps.plots(db, "small", "deduplicate")

    assert course["decisions"].iloc[[0, -1]].tolist() == [0, 3]
    assert course["decisions"].is_monotonic_increasing
    assert (course["low"] <= course["recall"]).all()
    assert (course["recall"] <= course["high"]).all()
    assert drawn["decisions and recall"].startswith(b"\x89PNG")


@pytest.mark.parametrize("width", ["phone", "page"])
def test_the_words_beside_the_chart_say_what_it_shows(width) -> None:
    course = pd.DataFrame({"decisions": [0, 40], "recall": [0.31, 0.9], "low": [0.2, 0.84], "high": [0.5, 0.97]})

    drawing = plot_review(course, width=width)

    assert "After 0 decisions 31% (20% to 50%). After 40 decisions 90% (84% to 97%)." in drawing.alt
    assert "<svg" in drawing.svg()
