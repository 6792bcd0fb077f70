"""By which way people took part: how they answered, and through which partner organisation's open link."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
from sqlmodel import Session, col, select

from consensus import models, store
from consensus.protocol import Protocol
from consensus.report.tables import MODES, PARTNERS
from consensus.steps.ballots import counted_ballots
from consensus.store.taking_part import SOURCE

__all__ = ["ways_of"]

ONLINE, IMPORTED, NOBODY = "online", "imported from a file", "through no partner"
KEYED = ("paper", "telephone", "assisted")


def ways_of(
    session: Session, row: models.Round, protocol: Protocol, among: Collection[str] | None = None
) -> dict[str, pd.Series]:
    """Return how many people took part in a round by mode of entry and by partner, exact, each in a lasting order.

    Who was imported from elsewhere stands as such. Partners are named; all that a protocol lists are there.

    Parameters
    ----------
    among
        Ids of the responses to count; without, all that count so far.
    """
    query = select(models.Response).where(models.Response.round_id == row.round_id)
    sent = {one.response_id: one for one in session.exec(query.order_by(col(models.Response.version)))}
    came = _came(session, row)
    if row.kind == "gather":
        came = dict.fromkeys(sent, ("", "")) | came
    gone = {key for key, one in sent.items() if one.withdrawn}
    came = {key: each for key, each in came.items() if key not in gone and (among is None or key in among)}
    modes = pd.Series(
        [_mode(sent[key].mode if key in sent else source) for key, (source, _) in came.items()], dtype=str
    )
    through = pd.Series(
        [sent[key].partner if key in sent else partner for key, (_, partner) in came.items()], dtype=str
    )
    names = {partner.id: partner.name for partner in protocol.partners}
    return {
        MODES: modes.value_counts().reindex([ONLINE, *KEYED, IMPORTED], fill_value=0),
        PARTNERS: through.map(names).fillna(NOBODY).value_counts().reindex([*names.values(), NOBODY], fill_value=0),
    }


def _came(session: Session, row: models.Round) -> dict[str, tuple[str, str]]:
    """Return source and partner by the id of everybody whose answers or ballot count."""
    if row.kind == "gather":
        answers = store.load_answers(session, row.partnership).drop_duplicates("response_id")
        columns = answers[["response_id", "source", "partner"]]
        return {key: (source, partner) for key, source, partner in columns.itertuples(index=False, name=None)}
    return {ballot.ballot_id: (ballot.source, "") for ballot in counted_ballots(session, row).ballots}


def _mode(source: str) -> str:
    """Return the mode of entry that a response's mode or an answer's source stands for."""
    return source if source in KEYED else ONLINE if source in ("web", SOURCE) else IMPORTED
