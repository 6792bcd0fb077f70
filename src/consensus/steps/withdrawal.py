"""Withdrawal: somebody takes back what they sent in a round, while it can still be told whose it is.

By their own link; or, where it came on paper or by telephone, by the number of the sheet at the desk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from consensus import models, store, tokens
from consensus.digest import digest
from consensus.errors import StageError
from consensus.report.erasing import WITHDRAWN, erase_from_files, tells
from consensus.settings import Settings
from consensus.steps.outcome import Outcome
from consensus.steps.review import rebuild_questions
from consensus.steps.timetable import record_act
from consensus.steps.unlinking import ANSWERS, clear_traces
from consensus.store import Store, erased
from consensus.store.keying import sheet_key

__all__ = ["withdraw", "withdraw_sheet"]


def withdraw(db: Store, token: str, *, folder: Path | str | None = None, now: datetime) -> Outcome | None:
    """Take out all that was sent by a link, and every word of it from the database, its log and the outputs.

    The chain keeps its commitments, from which nothing can be read, and still verifies. Withdrawing twice changes
    nothing. None where the link leads nowhere.

    Parameters
    ----------
    folder
        Where exports lie; the partnership's outputs when not given.

    Raises
    ------
    StageError
        The round is unlinked: nobody knows any more which response came by this link.
    """
    return _take_out(db, tokens.token_hash(token), folder, now)


def withdraw_sheet(
    db: Store, round_id: str, sheet: str, *, by: str, folder: Path | str | None = None, now: datetime
) -> Outcome | None:
    """Take out all that was keyed in from a sheet, as `withdraw` does by a link; who did it is recorded.

    None where no such sheet is kept.

    Raises
    ------
    StageError
        The round is unlinked.
    """
    return _take_out(db, sheet_key(round_id, sheet), folder, now, sheet=sheet, by=by)


def _take_out(
    db: Store, key: str, folder: Path | str | None, now: datetime, *, sheet: str = "", by: str = ""
) -> Outcome | None:
    with db.writing() as session:
        row = session.get(models.Participation, key)
        if row is None:
            return None
        partnership, round_id = row.partnership, row.round_id
        round_ = store.load_round(session, round_id)
        if round_.unlinked_at is not None:
            raise StageError(
                f"The round '{round_id}' is unlinked: nobody can tell any more whose response is which, so none can be "
                "taken out."
            )
        if sheet and row.state != "withdrawn":
            why = f"sheet {sheet} was withdrawn by the person who filled it in"
            record_act(session, round_, "withdraw sheet", by=by, now=now, why=why)
        before = _inputs(session, partnership)
        taken = erased.erase_response(session, row, at=now)
        if taken.words:
            _redact_decisions(session, partnership, taken.words)
            rebuild_questions(session, partnership)
            _still_up_to_date(session, partnership, before, now)
    folder = Path(folder or Settings.from_environment().outputs(partnership))
    changed = erase_from_files(folder, taken.words, taken.ids)
    cleared = clear_traces(db, now=now)
    return Outcome(
        stage="withdraw",
        done="What was sent is taken out."
        + ("" if cleared else " The last traces in the database file go within minutes."),
        next="Copies of exports that were taken elsewhere are the facilitators' to delete." if taken.words else "",
        ids={"partnership": partnership, "round": round_id, "files": ", ".join(path.name for path in changed)},
    )


def _inputs(session: Session, partnership: str) -> dict[str, str]:
    """Return, by stage, the digest of what it would be made from now."""
    return {
        ANSWERS: digest(store.load_answers(session, partnership)),
        "deduplicate": digest(store.load_frame(session, "submissions", partnership)),
    }


def _still_up_to_date(session: Session, partnership: str, before: dict[str, str], now: datetime) -> None:
    """Let a stage that was up to date before the words went be so afterwards."""
    for stage, inputs in _inputs(session, partnership).items():
        if store.load_derivation(session, partnership, stage) == before[stage]:
            store.save_derivation(session, partnership, stage, inputs, now)


def _redact_decisions(session: Session, partnership: str, words: Sequence[str]) -> None:
    """Take somebody's words, unless others wrote the same, out of wordings and reasons.

    A question whose wording goes has the words of another of its submissions, as one that was accepted without.
    """
    others = store.load_answers(session, partnership)["text"]
    words = [word for word in words if not any(tells(text, [word]) for text in others)]
    for decision in session.exec(select(models.Decision).where(col(models.Decision.partnership) == partnership)):
        value = json.loads(decision.value)
        kept = {key: _without(text, words, "") for key, text in value.items()}
        why = _without(decision.why, words, WITHDRAWN)
        if kept != value or why != decision.why:
            decision.value, decision.why = json.dumps(kept, sort_keys=True, ensure_ascii=False), str(why)
            session.add(decision)
    session.flush()


def _without(text: object, words: Sequence[str], instead: str) -> object:
    return instead if isinstance(text, str) and tells(text, words) else text
