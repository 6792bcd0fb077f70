"""A shortlist to the orders of a workshop's small groups, by what seated people want."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from consensus.protocol import Protocol
from consensus.simulate.ballots import wants
from consensus.simulate.drawing import Draw
from consensus.simulate.specification import Specification
from consensus.simulate.truth import latent_of_questions, latent_of_submissions
from consensus.vocabulary import COLUMNS
from consensus.workshop import allocate_seats

__all__ = ["simulate_small_groups", "simulate_workshop", "workshop_people", "write_workshop"]

PLACES_APART = 10  # a person strays from their group's order by about a tenth of its length


def workshop_people(protocol: Protocol, seed: int, specification: Specification | None = None) -> pd.DataFrame:
    """Return who is invited: columns person, group, organisation, as many as the protocol has seats.

    The declared least parts are filled first, a seat to each named group in turn; the other seats go to the other
    groups that rank, in turn, by their shares.
    """
    seats, listed = protocol.workshop.seats, []
    for least in protocol.workshop.minimum:
        count = -(-seats * least.at_least_percent // 100)
        listed += [least.groups[k % len(least.groups)] for k in range(count)]
    named = {group for least in protocol.workshop.minimum for group in least.groups}
    others = [group for group, share in protocol.shares.items() if group not in named for _ in range(share)]
    others = others or [group for group, share in protocol.shares.items() for _ in range(share)]
    listed = (listed + [others[k % len(others)] for k in range(max(seats - len(listed), 0))])[:seats]
    draw = Draw(seed, "workshop people")
    rows = [
        (f"seat {number:02d}", group, _organisation(group, specification, draw))
        for number, group in enumerate(listed, 1)
    ]
    return pd.DataFrame(rows, columns=["person", "group", "organisation"])


def _organisation(group: str, specification: Specification | None, draw: Draw) -> str:
    if specification is None:
        return ""
    partners = specification.groups[group].partners
    return list(partners)[draw.weighted(list(partners.values()))]


def simulate_workshop(
    shortlist: Sequence[str],
    lineage: pd.DataFrame,
    submissions: pd.DataFrame,
    truth: pd.DataFrame,
    specification: Specification,
    protocol: Protocol,
    seed: int,
) -> pd.DataFrame:
    """Return the workshop's rankings: each small group ranks by the mean of what its members want, blurred by the talk.

    Parameters
    ----------
    shortlist
        Summary questions, in any order.

    Returns
    -------
    DataFrame
        Columns session, small_group, question, place; place 1 is most favoured; small groups are named simulated.
    """
    latent = latent_of_questions(lineage, latent_of_submissions(submissions, truth))

    def wanted(person: str, group: str) -> dict[str, float]:
        tastes = wants(latent.values(), group, person, specification, protocol, seed)
        return {question: tastes[latent[question]][0] for question in shortlist}

    people = workshop_people(protocol, seed, specification)
    return _rankings(sorted(shortlist), people, wanted, specification.workshop.blur / 100, protocol, seed)


def simulate_small_groups(group_positions: pd.DataFrame, protocol: Protocol, seed: int) -> pd.DataFrame:
    """Return the workshop's rankings simulated from the stakeholder groups' own orders, where no truth is known.

    Each seated person holds their group's order, give or take a tenth of its length; each small group ranks by the
    mean of its members. Small groups are named simulated.

    Parameters
    ----------
    group_positions
        Index question (the shortlist), a column a stakeholder group, 1 is most favoured.

    Returns
    -------
    DataFrame
        Columns session, small_group, question, place; place 1 is most favoured.
    """
    questions = sorted(group_positions.index)
    positions = {group: column.to_dict() for group, column in group_positions.items()}
    apart = len(questions) / PLACES_APART

    def wanted(person: str, group: str) -> dict[str, float]:
        draw = Draw(seed, f"small group {person}")
        return {question: apart * draw.normal() - positions[group][question] for question in questions}

    people = workshop_people(protocol, seed)
    return _rankings(questions, people[people["group"].isin(list(positions))], wanted, 0.0, protocol, seed)


def write_workshop(rankings: pd.DataFrame, path: Path | str) -> None:
    """Write the workshop's rankings as the sheet that is brought from the day: CSV in UTF-8."""
    Path(path).write_text(rankings.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="")


def _rankings(
    questions: Sequence[str],
    people: pd.DataFrame,
    wanted: Callable[[str, str], dict[str, float]],
    blur: float,
    protocol: Protocol,
    seed: int,
) -> pd.DataFrame:
    """Return each sitting's order: the mean of what its members want, the most wanted first."""
    plan = protocol.workshop
    seats = allocate_seats(people, plan.small_groups, plan.sessions, seed)
    held = {person: wanted(person, group) for person, group in people[["person", "group"]].itertuples(index=False)}
    rows = []
    for (session, table), seated in seats.groupby(["session", "small_group"], sort=True):
        draw = Draw(seed, f"sitting {session} {table}")
        members = [held[person] for person in seated["person"]]
        mean = {q: sum(member[q] for member in members) / len(members) + blur * draw.normal() for q in questions}
        order = [question for _, question in sorted((-mean[question], question) for question in questions)]
        rows += [(session, f"simulated {table}", question, place) for place, question in enumerate(order, 1)]
    return pd.DataFrame(rows, columns=list(COLUMNS["workshop_rankings"]))
