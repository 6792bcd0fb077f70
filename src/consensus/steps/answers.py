"""Importing answers, keeping them as received, and cutting them into submissions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from consensus import gather as gathering
from consensus import importers, store
from consensus.digest import digest
from consensus.errors import DataError, StageError
from consensus.importers import Imported
from consensus.protocol import Protocol
from consensus.report.content import ANSWERED
from consensus.steps.outcome import Outcome, counts_by_group, shown
from consensus.store import Store

__all__ = ["gather", "import_answers", "keep_upload"]

STAGE = "gather-uncertainties"


def import_answers(
    db: Store,
    partnership: str,
    path: Path | str,
    *,
    mapping: Path | str | None = None,
    source: str = "auto",
    corrects: bool = False,
    by: str,
    now: datetime,
) -> Outcome:
    """Import a file of answers and keep it as received; importing it twice changes nothing.

    With `corrects` the file is said to correct an earlier one; without it, a file in which more of the answers that are
    there already have other words than the same ones is refused: two tools often number people alike.

    Raises
    ------
    DataError
        The file as a whole cannot be taken: empty, a column missing, ids of other people. Single rows that cannot be
        taken go to quarantine.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
    imported = importers.read_answers(path, protocol, mapping=mapping, source=source)
    answers = imported.answers.copy()
    answers["received_at"] = [now if at is None or at != at else at for at in answers["received_at"]]
    with db.writing() as session:
        keep_upload(session, partnership, "answers", Path(path), imported, by=by, now=now)
        received = store.save_answers(session, partnership, answers)
        if received.changed > received.unchanged and not corrects:
            raise DataError(
                f"{Path(path).name}: {received.changed} of its answers have ids that are there with other "
                "words. If it comes from another tool, give it a source of its own in its mapping "
                '(source = "paper"); if it corrects the earlier file, say --corrects. Nothing of it was taken.'
            )
    return Outcome(
        stage=STAGE,
        done=f"Imported {shown(len(answers), protocol)} answers ({shown(received.new, protocol)} new, "
        f"{shown(received.changed, protocol)} changed, {shown(received.unchanged, protocol)} there already); "
        f"{shown(len(imported.quarantine), protocol)} rows in quarantine. " + " ".join(imported.warnings),
        next=f"Cut them into submissions: `consensus deduplicate --partnership {partnership}`.",
        counts={
            "answers": len(answers),
            "new": received.new,
            "changed": received.changed,
            "there already": received.unchanged,
            "in quarantine": len(imported.quarantine),
        },
        ids={"partnership": partnership, "upload": imported.sha256, "source": imported.source},
    )


def keep_upload(
    session: Session, partnership: str, kind: str, path: Path, imported: Imported, *, by: str, now: datetime
) -> None:
    """Keep an upload's bytes, its mapping and its quarantine."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    content = b"".join(file.read_bytes() for file in files)
    store.save_upload(
        session,
        partnership,
        kind=kind,
        sha256=imported.sha256,
        source=imported.source,
        mapping=str(imported.mapping or ""),
        content=content,
        by=by,
        at=now,
    )
    store.save_quarantine(session, partnership, kind, imported.sha256, imported.quarantine)


def gather(db: Store, partnership: str, *, now: datetime) -> Outcome:
    """Cut the answers into submissions and flag what may identify somebody; the answers stay as received."""
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        answers = store.load_answers(session, partnership)
    if answers.empty:
        raise StageError(
            f"'{partnership}' has no answers yet; import them first: "
            f"`consensus import answers FILE --partnership {partnership}`."
        )
    submissions = gathering.split_answers(answers)
    identifiers = gathering.flag_identifiers(submissions)
    with db.writing() as session:
        store.replace_frame(session, "submissions", partnership, submissions)
        store.replace_frame(session, "identifiers", partnership, identifiers)
        store.save_derivation(session, partnership, STAGE, digest(answers), now)
        people = answers.drop_duplicates("response_id")["group"]
        targets = {group.id: group.target_answers for group in protocol.groups}
        by_group = counts_by_group(session, protocol, ANSWERED, people, targets=targets, now=now)
    heard = submissions[submissions["status"] == ""]
    flagged = int(identifiers["submission_id"].nunique())
    return Outcome(
        stage=STAGE,
        done=_told(protocol, len(people), len(answers), len(submissions), len(submissions) - len(heard), flagged),
        next=f"Propose duplicate groups: `consensus deduplicate --partnership {partnership}`.",
        counts={
            "people": int(people.size),
            "answers": len(answers),
            "submissions": len(submissions),
            "set aside by their source": len(submissions) - len(heard),
            "flagged for redaction": flagged,
        },
        tables={"People by stakeholder group": by_group},
        ids={"partnership": partnership},
    )


def _told(protocol: Protocol, people: int, answers: int, submissions: int, by_source: int, flagged: int) -> str:
    counts = (shown(count, protocol) for count in (people, answers, submissions, by_source, flagged))
    return (
        "{} people gave {} answers, cut into {} submissions; {} of them carry a reason of their source to set them "
        "aside; {} may name somebody and wait for a person to redact or to leave them."
    ).format(*counts)
