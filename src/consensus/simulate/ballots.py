"""Summary questions to ballots: people choose up to ten by what they want, each stakeholder group its own way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from consensus.protocol import Protocol
from consensus.simulate.drawing import Draw
from consensus.simulate.specification import Specification
from consensus.simulate.truth import latent_of_questions, latent_of_submissions, utility

__all__ = ["simulate_ballots", "wants", "write_ballots"]

UNKNOWN_QUESTION = "q000000000000"
FEWEST = 4
MANY = 100  # bad ballots are drawn from groups of so many, where a few less do no harm


def simulate_ballots(
    questions: pd.DataFrame,
    lineage: pd.DataFrame,
    submissions: pd.DataFrame,
    truth: pd.DataFrame,
    specification: Specification,
    protocol: Protocol,
    seed: int,
) -> pd.DataFrame:
    """Return an export of ballots: one row a respondent, columns for the first to the last choice.

    People read a summary question as what most of its submissions ask. They choose one after the other, each with a
    chance that grows with what their group and they themselves want (Plackett-Luce). A few ballots are bad on purpose:
    an unknown question, a question twice, after the close.

    Parameters
    ----------
    questions, lineage, submissions
        The frames of those names; questions that a review has answered are not on the ballot.
    truth
        As `simulate_answers` gives it.

    Returns
    -------
    DataFrame
        Columns `response_id, submitted_at, group, consent, rank_1, ...`; `group` is the group's name, the rank columns
        hold question ids, the most favoured first, and nothing where no more were chosen.
    """
    latent = latent_of_questions(lineage, latent_of_submissions(submissions, truth))
    on_ballot = sorted(questions.loc[questions["status"] != "answered", "question_id"])
    people = [(group.id, k) for group in protocol.groups for k in range(specification.groups[group.id].ballots)]
    draw = Draw(seed, "ballots")
    people = draw.shuffled(people)
    depth = min(protocol.ballot.depth, protocol.ballot.max_choices or protocol.ballot.depth, len(on_ballot))
    rows = []
    for (group, k), at in zip(people, _instants(len(people), protocol, seed), strict=True):
        tastes = wants(latent.values(), group, f"{group} {k}", specification, protocol, seed)
        few = draw.chance(specification.ballots.fewer_than_ten)
        count = FEWEST + draw.below(depth - FEWEST) if few and depth > FEWEST else depth
        rows.append([at, group, _chosen(on_ballot, latent, tastes)[:count]])
    _spoil(rows, specification, protocol, draw)
    return _export(rows, protocol, depth)


def write_ballots(ballots: pd.DataFrame, path: Path | str) -> None:
    """Write ballots as a survey tool would export them: CSV in UTF-8, one row a respondent."""
    Path(path).write_text(ballots.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="")


def wants(
    latent: Iterable[str], group: str, person: str, specification: Specification, protocol: Protocol, seed: int
) -> dict[str, tuple[float, Draw]]:
    """Return how much one person wants each latent question, and the stream of draws that hangs on the two.

    A group's utility and the person's own taste. What one person wants of one question depends on no other question,
    so that another wording or merge elsewhere leaves it as it is.
    """
    wanted = utility(specification, protocol, group)
    told = specification.ballots
    result = {}
    for each in sorted(set(latent)):
        draw = Draw(seed, f"wants {person} {each}")
        result[each] = (wanted.get(each, 0) / 100 * told.pull / 100 + draw.normal() * told.difference / 100, draw)
    return result


def _chosen(on_ballot: Sequence[str], latent: Mapping[str, str], tastes: Mapping[str, tuple[float, Draw]]) -> list[str]:
    """Return the questions in the order of one Plackett-Luce draw, the most favoured first."""
    drawn = []
    for question in on_ballot:
        taste, draw = tastes[latent[question]]
        drawn.append((-(taste + draw.gumbel()), question))
    return [question for _, question in sorted(drawn)]


def _instants(n: int, protocol: Protocol, seed: int) -> list[datetime]:
    draw = Draw(seed, "ballot times")
    plan = protocol.rounds.interim
    length = int((plan.closes - plan.opens).total_seconds())
    return sorted(plan.opens + timedelta(seconds=draw.below(length)) for _ in range(n))


def _spoil(rows: list[list], specification: Specification, protocol: Protocol, draw: Draw) -> None:
    """Make a few ballots bad, in place."""
    told = specification.ballots
    many = [place for place, (_, group, _) in enumerate(rows) if specification.groups[group].ballots >= MANY]
    places = draw.shuffled(many)
    for place in places[: told.unknown_question]:
        rows[place][2][1] = UNKNOWN_QUESTION
    places = places[told.unknown_question :]
    for place in places[: told.repeated_question]:
        rows[place][2][2] = rows[place][2][0]
    over = protocol.rounds.interim.closes + timedelta(minutes=protocol.rounds.interim.grace_minutes)
    for number, place in enumerate(places[told.repeated_question :][: told.late], 1):
        rows[place][0] = over + timedelta(hours=number)


def _export(rows: list[list], protocol: Protocol, depth: int) -> pd.DataFrame:
    ordered = sorted(rows, key=lambda row: (row[0], row[1], row[2]))
    table = [
        [f"B{number:04d}", at.strftime("%Y-%m-%dT%H:%M:%SZ"), protocol.group(group).name, "yes"]
        + [chosen[place] if place < len(chosen) else "" for place in range(depth)]
        for number, (at, group, chosen) in enumerate(ordered, 1)
    ]
    columns = ["response_id", "submitted_at", "group", "consent", *(f"rank_{r}" for r in range(1, depth + 1))]
    return pd.DataFrame(table, columns=columns)
