"""Made-up ballots of every form for laws and twins: ties, truncation, weights, and groups that nobody is in."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

GROUPS = ("carer", "nurse", "public")
QUESTIONS = ("q1", "q10", "q2", "q3", "q4")


examples = settings(max_examples=int(os.environ.get("CONSENSUS_EXAMPLES", "15")), deadline=None)
"""How many profiles each law is tried on: few, so that the core tests take seconds; set the variable for a deep run."""


@dataclass(frozen=True)
class Ballot:
    """One ballot; `said` is question -> value, for a task or pair a list of them (see `rows`)."""

    group: str
    said: Any
    weight: int = 1


def rows(at: int, ballot: Ballot, form: str) -> list[dict[str, Any]]:
    """Return a ballot's rows of the long frame."""
    head = {"ballot": f"b{at}", "group": ballot.group, "weight": ballot.weight}
    if form == "best_worst":
        return [
            head | {"set": f"task{n}", "question": q, "value": v}
            for n, task in enumerate(ballot.said)
            for q, v in task.items()
        ]
    if form == "pairwise":
        return [head | {"question": q, "other": other, "value": v} for (q, other), v in ballot.said.items()]
    return [head | {"question": q, "value": v} for q, v in ballot.said.items()]


def frame_of(profile: list[Ballot], form: str = "ranked") -> pd.DataFrame:
    """Return a profile as the long ballots frame."""
    columns = ["ballot", "group", "question", "value", "weight"]
    columns += {"best_worst": ["set"], "pairwise": ["other"]}.get(form, [])
    return pd.DataFrame([row for at, b in enumerate(profile) for row in rows(at, b, form)], columns=columns)


@st.composite
def ranked(draw: st.DrawFn) -> dict[str, int]:
    """Draw places with ties and truncation, written 1,1,3 or 1,1,2."""
    listed = draw(st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=5, unique=True))
    fresh = [True, *(draw(st.booleans()) for _ in listed[1:])]
    dense = draw(st.booleans())
    places: list[int] = []
    for at, new in enumerate(fresh):
        places.append((at + 1 if not dense else (places[-1] + 1 if places else 1)) if new else places[-1])
    return dict(zip(listed, places, strict=True))


def valued(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a value for some questions."""
    return st.dictionaries(st.sampled_from(QUESTIONS), values, min_size=1)


@st.composite
def task(draw: st.DrawFn) -> dict[str, int]:
    """Draw one best-worst task: which questions it shows, the first best and the last worst."""
    shown = draw(st.lists(st.sampled_from(QUESTIONS), min_size=2, max_size=4, unique=True))
    return dict(zip(shown, [1, *[0] * (len(shown) - 2), -1], strict=True))


@st.composite
def comparisons(draw: st.DrawFn) -> dict[tuple[str, str], int]:
    """Draw results of some pairs, each once."""
    pairs = [(a, b) for a in QUESTIONS for b in QUESTIONS if a < b]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=4, unique=True))
    turned = [(pair[::-1] if draw(st.booleans()) else pair) for pair in chosen]
    return {pair: draw(st.sampled_from([-1, 0, 1])) for pair in turned}


SAID: dict[str, st.SearchStrategy[Any]] = {
    "ranked": ranked(),
    "chosen": valued(st.sampled_from([-1, 0, 1])),
    "rated": valued(st.one_of(st.none(), st.integers(1, 9))),
    "points": valued(st.integers(0, 12)),
    "best_worst": st.lists(task(), min_size=1, max_size=3),
    "pairwise": comparisons(),
}


def profiles(form: str = "ranked", groups: tuple[str, ...] = GROUPS) -> st.SearchStrategy[list[Ballot]]:
    """Draw a profile of 1 to 8 ballots; any of the groups may have none."""
    ballot = st.builds(Ballot, st.sampled_from(groups), SAID[form], st.integers(1, 3))
    return st.lists(ballot, min_size=1, max_size=8)


def times(profile: list[Ballot], group: str, k: int) -> list[Ballot]:
    """Return the profile with every ballot of one group k times."""
    return [copy for b in profile for copy in [b] * (k if b.group == group else 1)]


def shared_out(profile: list[Ballot]) -> list[Ballot]:
    """Return the profile with a ballot of weight n written n times."""
    return [replace(b, weight=1) for b in profile for _ in range(b.weight)]
