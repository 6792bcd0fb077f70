"""`python -m benchmarks.stages STAGE HOME`: run one stage of the example partnership on the state in HOME."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from consensus import steps
from consensus.protocol import Protocol, read_protocol
from consensus.steps import Outcome
from consensus.store import Store

__all__ = ["STAGES", "run"]

FOLDER = Path(__file__).parents[1] / "surveys" / "lanternfield"
NAME = FOLDER.name

Stage = Callable[[Store, Protocol, Path], Outcome | None]


STAGES: dict[str, Stage] = {
    "(imports alone)": lambda db, p, home: None,
    "register": lambda db, p, home: steps.register(db, FOLDER, by="benchmark", now=p.rounds.gather.opens),
    "import answers": lambda db, p, home: steps.import_answers(
        db,
        NAME,
        FOLDER / "answers.csv",
        mapping=FOLDER / "answers.mapping.toml",
        by="benchmark",
        now=p.rounds.gather.closes,
    ),
    "gather-uncertainties": lambda db, p, home: steps.gather(db, NAME, now=p.rounds.gather.closes),
    "deduplicate": lambda db, p, home: steps.propose_duplicates(db, NAME, now=p.rounds.gather.closes),
    "review export": lambda db, p, home: steps.export_review(
        db, NAME, home / "review.xlsx", now=p.rounds.gather.closes
    ),
    "review (scripted)": lambda db, p, home: steps.scripted_review(db, NAME, folder=FOLDER, now=p.rounds.gather.closes),
    "open-round": lambda db, p, home: steps.open_round(db, NAME, "interim", by="benchmark", now=p.rounds.interim.opens),
    "ballots (simulated)": lambda db, p, home: steps.scripted_ballots(
        db, NAME, folder=FOLDER, out=home, now=p.rounds.interim.opens
    ),
    "close-round": lambda db, p, home: steps.advance_rounds(db, now=p.rounds.interim.closes),
    "interim-ranking": lambda db, p, home: steps.rank_round(db, NAME, now=_ranked(p)),
    "approve-shortlist (scripted)": lambda db, p, home: steps.scripted_approval(db, NAME, now=_ranked(p)),
    "workshop (simulated)": lambda db, p, home: steps.scripted_workshop(
        db, NAME, folder=FOLDER, out=home, now=_ranked(p)
    ),
    "final-workshop": lambda db, p, home: steps.finalise(db, NAME, now=_ranked(p)),
    "publish": lambda db, p, home: steps.publish(db, NAME, folder=home / "out", now=_ranked(p)),
}
"""Every stage in order, on the example partnership."""


def _ranked(protocol: Protocol) -> datetime:
    return protocol.rounds.interim.closes + timedelta(minutes=protocol.rounds.interim.grace_minutes)


def run(stage: str, home: Path) -> None:
    """Run one stage on the state in `home`."""
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    STAGES[stage](db, read_protocol(FOLDER), home)
    db.close()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))
