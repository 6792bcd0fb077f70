"""Publishing: the report and the spreadsheet of a final order, and what was published before."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from consensus import models, store
from consensus.digest import digest
from consensus.protocol import Protocol
from consensus.report.content import publication
from consensus.report.tables import MODES, PARTNERS
from consensus.settings import Settings
from consensus.steps.freezing import publish_chain
from consensus.steps.material import load_material
from consensus.steps.outcome import TAKING_PART, Outcome
from consensus.steps.workshop import final_ranking, settled_ranking
from consensus.store import Store

__all__ = ["publication_inputs", "publish"]

STAGE = "publish"
KEPT = (TAKING_PART, "people", "set_aside", MODES, PARTNERS)
"""The tables of counts in a publication that are kept, by the names that the report gives them."""
REPORT, SPREADSHEET = "report.html", "published.xlsx"


def publish(db: Store, partnership: str, *, folder: Path | str | None = None, now: datetime) -> Outcome:
    """Write the report, the published spreadsheet and the rounds' chains; the same final order gives the same files.

    Without a `folder` they go to the partnership's outputs.

    The tables of counts as published are kept, so that no difference between two publications shows a small count.

    Raises
    ------
    StageError
        There is no final order yet, or something was decided since that it does not follow from.
    """
    from consensus.report.page import write_report  # draws: costs a second that other steps need not pay
    from consensus.report.spreadsheet import write_spreadsheet

    folder = Path(folder or Settings.from_environment().outputs(partnership))
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        final = settled_ranking(db, session, partnership)
        inputs = publication_inputs(session, protocol)
        again = session.get(models.Publication, (partnership, final.ranking_id, inputs))
        published_at = again.at if again else now
        material = load_material(session, partnership, published_at)
        before = {name: store.load_public_tables(session, partnership, name) for name in KEPT}
    published = publication(material, before)
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, write in ((REPORT, write_report), (SPREADSHEET, write_spreadsheet)):
        draft = folder / f".{name}.part"
        write(draft, published)
        files[name] = hashlib.sha256(draft.read_bytes()).hexdigest()
        draft.replace(folder / name)  # a reader sees the old file or the new one, never half of it
    publish_chain(db, partnership, folder=folder)
    with db.writing() as session:
        session.merge(
            models.Publication(
                partnership=partnership,
                ranking_id=final.ranking_id,
                inputs=inputs,
                files=json.dumps(files, sort_keys=True),
                at=published_at,
            )
        )
        for name, table in published.suppressed.items():
            store.save_public_table(session, partnership, name, table, published_at)
    return Outcome(
        stage=STAGE,
        done=f"Published the Top {protocol.publication.top} of '{partnership}': {REPORT} and {SPREADSHEET}.",
        next="The partnership is published. `consensus trace 1` shows what stands behind its first priority.",
        counts={"summary questions": len(published.questions), "priorities": len(published.top)},
        tables={f"Top {protocol.publication.top}": published.questions.loc[published.top, ["wording"]].reset_index()},
        ids={
            "partnership": partnership,
            "final": final.ranking_id,
            "report": str(folder / REPORT),
            "spreadsheet": str(folder / SPREADSHEET),
        },
    )


def publication_inputs(session: Session, protocol: Protocol) -> str:
    """Return the digest of all that a publication follows from."""
    names = ("submissions", "identifiers", "questions", "lineage", "set_aside")
    frames = [store.load_frame(session, name, protocol.id) for name in names]
    decisions = store.load_decisions(session, protocol.id)["decision_id"].tolist()
    return digest(final_ranking(session, protocol.id).ranking_id, protocol.hash, frames, decisions)
