"""What people said of themselves as respondent weights of their ballots, where the protocol declares margins."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
from sqlmodel import Session

from consensus import models
from consensus.interim import CheckedBallots
from consensus.protocol import Protocol
from consensus.steps.ballots import CountedBallots
from consensus.store import chained
from consensus.weights import weigh_ballots

__all__ = ["load_people", "weigh_people"]


def load_people(session: Session, row: models.Round, protocol: Protocol, counted: CountedBallots) -> pd.DataFrame:
    """Return what the declared margins need of the people behind the ballots that count; restricted, no rows if none.

    Columns `ballot, group` and the category of each item that a margin of the ballot's group names, missing where it
    was not stated. What was said with the very version of the ballot that counts is read, and of it these items alone.
    Ballots that came in a file say nothing of the person.
    """
    weighting = protocol.weighting
    items = list(dict.fromkeys(margin.item for margin in weighting.margins))
    if not items:
        return pd.DataFrame(columns=["ballot", "group"])
    replies = {
        (response.response_id, response.version): json.loads(response.replies)
        for response in chained.load_responses(session, row.round_id)
    }
    rows = []
    for ballot in counted.ballots:
        said = replies.get((ballot.ballot_id, ballot.version), {})
        of_items = [weighting.of_group(ballot.group, item).get(said.get(item)) for item in items]
        rows.append((ballot.ballot_id, ballot.group, *of_items))
    return pd.DataFrame(rows, columns=["ballot", "group", *items], dtype=object)


def weigh_people(checked: CheckedBallots, people: pd.DataFrame, protocol: Protocol) -> CheckedBallots:
    """Return the ballots that count with the respondent weight of each, or as they are where no margin is declared."""
    weighting = protocol.weighting
    if not weighting.margins:
        return checked
    mine = people[people["ballot"].isin(checked.ballots["ballot"])].reset_index(drop=True)
    return replace(checked, ballots=weigh_ballots(checked.ballots, mine, weighting.parts, most=weighting.most))
