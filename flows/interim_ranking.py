"""Ballots in, checked and tallied; the combined order across groups and its shortlist."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from consensus import steps
from flows.artifacts import Progress
from flows.parameters import BallotsPath, MappingPath, Now, PartnershipId, Source, instant
from flows.running import BY, completed, run_step, show
from flows.tally_parts import tally_in_parts

__all__ = ["interim_ranking"]

STAGE = "interim-ranking"


@flow(name=STAGE, flow_run_name="{partnership}: interim ranking")
def interim_ranking(
    partnership: PartnershipId,
    ballots: BallotsPath = None,
    mapping: MappingPath = None,
    source: Source = "auto",
    now: Now = None,
) -> State[Any]:
    """Rank the closed interim round by the protocol's rule, with its shortlist and each group left out in turn.

    A file of ballots received before the close can be imported first; importing twice changes nothing.
    """
    at = instant(now)
    with Progress(partnership, STAGE, 2 if ballots else 1) as progress:
        if ballots is not None:
            run_step(
                "import ballots",
                steps.import_ballots,
                partnership=partnership,
                path=ballots,
                mapping=mapping,
                source=source,
                by=BY,
                now=at,
            )
            progress.part()
        ranked = {"partnership": partnership, "now": at, "tally_with": tally_in_parts}
        outcome = run_step("rank the round", steps.rank_round, **ranked)
    show(outcome, partnership, plot=True)
    return completed(outcome)
