"""Duplicate groups proposed, reviewed by people, and turned into summary questions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import pandas as pd
from sqlmodel import Session

from consensus import duplicates, store
from consensus.digest import digest
from consensus.duplicates.deciding import standing_groups
from consensus.embedding import CachedEmbedder, Embedder, about, default_embedder
from consensus.errors import StageError
from consensus.importers.review import read_review, review_workbook
from consensus.protocol import Protocol
from consensus.protocol.model import Duplicates
from consensus.questions import NOT_YET_REVIEWED, Questions, apply_decisions, apply_evidence_checks, in_force
from consensus.steps.ballots import interim_round, on_ballot
from consensus.steps.outcome import Outcome
from consensus.store import Store
from consensus.vocabulary import how_many
from consensus.workbooks import write_whole

__all__ = [
    "build_questions",
    "derive_questions",
    "export_review",
    "import_review",
    "propose_duplicates",
    "rebuild_questions",
    "record_decisions",
]

STAGE = "deduplicate"
OVERTAKEN = (
    "That screen is not the next one any more; somebody decided in between. Look again: `consensus review next`."
)
WRITTEN = "review workbook"


def propose_duplicates(
    db: Store, partnership: str, *, embedder: Embedder | None = None, cache: Path | None = None, now: datetime
) -> Outcome:
    """Propose which submissions ask the same; nothing is merged until a person says so.

    With `cache`, a folder, what a text was turned into is kept there and not computed again. Where the protocol
    declares no threshold it is found from the questions that people have made, once most submissions are in one.
    """
    reader = embedder or default_embedder()
    reader = CachedEmbedder(reader, cache) if cache is not None else reader
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        submissions = store.load_frame(session, "submissions", partnership)
        lineage = derive_questions(session, partnership, protocol).lineage
        standing = in_force(store.load_decisions(session, partnership))
    if submissions.empty:
        raise StageError(
            f"'{partnership}' has no submissions yet; import its answers first: "
            f"`consensus import answers FILE --partnership {partnership}`."
        )
    taken_back = set(standing.loc[standing["kind"] == "in_scope", "subject"])
    heard = (submissions["status"] == "") | submissions["submission_id"].isin(taken_back)
    texts = submissions[heard].assign(status="")
    declared = protocol.duplicates
    meant, spelled = _thresholds(texts, lineage, reader, declared)
    proposed = duplicates.propose_groups(
        texts, reader, threshold=meant, spelling_threshold=spelled, common_directions=declared.common_directions
    )
    proposals = _as_decided(proposed, submissions, standing)
    with db.writing() as session:
        store.replace_frame(session, "proposals", partnership, proposals)
        store.save_derivation(session, partnership, STAGE, digest(submissions), now)
        questions = rebuild_questions(session, partnership)
    sizes = proposals["group"].value_counts()
    groups = int((sizes > 1).sum())
    return Outcome(
        stage=STAGE,
        done=f"{len(proposals)} submissions: {groups} duplicate groups proposed, holding "
        f"{int(sizes[sizes > 1].sum())} of them; {int((sizes == 1).sum())} stand alone. {about(reader)}",
        next=f"Review them: `consensus review export --partnership {partnership}`, then "
        f"`consensus review import FILE --partnership {partnership}`.",
        counts={
            "submissions": len(proposals),
            "duplicate groups": groups,
            "standing alone": int((sizes == 1).sum()),
            "waiting for review": int((questions.set_aside["reason"] == NOT_YET_REVIEWED).sum()),
        },
        tables={"Size of the proposed groups": _size_table(sizes)},
        ids={"partnership": partnership, "embedder": reader.name, "model": reader.sha256},
    )


def _thresholds(
    submissions: pd.DataFrame, lineage: pd.DataFrame, embedder: Embedder, declared: Duplicates
) -> tuple[float | None, float | None]:
    """Return the thresholds of meaning and of spelling: the declared one, or those that agree with people's questions.

    None while most submissions are in no question.
    """
    settled = dict(zip(lineage["submission_id"], lineage["question_id"], strict=True))
    few = 2 * submissions["submission_id"].isin(settled).sum() < len(submissions)
    if declared.threshold or few or len(settled) < duplicates.FEWEST_SETTLED:
        return declared.threshold, declared.threshold
    meant, spelled = (
        duplicates.calibrated_threshold(
            submissions, settled, embedder, spelling=spelling, common_directions=declared.common_directions
        )
        for spelling in (False, True)
    )
    return meant, spelled


def _as_decided(proposals: pd.DataFrame, submissions: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Return proposals in which the groups that people put together in the review queue stand as they are."""
    if not standing["kind"].isin(["compared", "split"]).any():
        return proposals
    decided = standing_groups(submissions, standing)
    frame = proposals.assign(settled=proposals["submission_id"].map(decided))
    names = frame["settled"].fillna(frame["group"])
    together = frame.groupby(names)["submission_id"].agg(list).map(duplicates.group_id)
    why = frame["why"].where(frame["settled"].isna(), "put together by people in the review")
    return frame.assign(group=names.map(together), why=why).drop(columns="settled")


def _size_table(sizes: pd.Series) -> pd.DataFrame:
    counted = sizes.value_counts().sort_index()
    return pd.DataFrame({"submissions in a group": counted.index.astype(int), "groups": counted.to_numpy()})


def export_review(
    db: Store,
    partnership: str,
    path: Path | str,
    *,
    cache: Path | None = None,
    order: Literal["groups", "scope"] = "groups",
    now: datetime,
) -> Outcome:
    """Write the review workbook: a row a submission, its proposed group, and columns for a person's decisions.

    With `cache`, the folder of what texts were turned into, categories and scope are judged by meaning too. Rows stand
    by group, or with `order="scope"` the likeliest out of scope first.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        submissions = store.load_frame(session, "submissions", partnership)
        proposals = store.load_frame(session, "proposals", partnership)
        identifiers = store.load_frame(session, "identifiers", partnership)
        answers = store.load_answers(session, partnership)[["answer_id", "language"]]
        questions = derive_questions(session, partnership, protocol)
    if proposals.empty:
        raise StageError(
            f"'{partnership}' has no proposed groups yet; propose them first: "
            f"`consensus deduplicate --partnership {partnership}`."
        )
    came = submissions.merge(answers, on="answer_id", how="left")
    content = review_workbook(
        submissions,
        proposals,
        questions,
        protocol,
        identifiers,
        embedder=None if cache is None else CachedEmbedder(default_embedder(), cache),
        languages=dict(zip(came["submission_id"], came["language"].fillna(""), strict=True)),
        order=order,
    )
    path = _not_worked_on(db, partnership, Path(path), content)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    with db.writing() as session:
        store.save_derivation(session, partnership, f"{WRITTEN} {path.name}", _sha256(content), now)
    return Outcome(
        stage=STAGE,
        done=f"Wrote {len(proposals)} submissions for review to {path.name}.",
        next=f"Decide in it, save it, then `consensus review import {path} --partnership {partnership}`.",
        counts={"submissions": len(proposals)},
        ids={"partnership": partnership, "workbook": str(path)},
    )


def _not_worked_on(db: Store, partnership: str, path: Path, content: bytes) -> Path:
    """Return `path`, or one numbered after it where somebody has changed the workbook that is there."""
    with db.reading() as session:
        for each in [path, *(path.with_stem(f"{path.stem}-{n}") for n in range(2, 1000))]:
            if not each.exists():
                return each
            there = each.read_bytes()
            written = store.load_derivation(session, partnership, f"{WRITTEN} {each.name}")
            if there == content or written == _sha256(there):
                return each
    raise StageError(f"There are too many workbooks beside {path.name}; move those that are done with.")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def import_review(db: Store, partnership: str, path: Path | str, *, by: str, now: datetime) -> Outcome:
    """Take a reviewed workbook's decisions and make the summary questions; taking it twice adds nothing.

    Raises
    ------
    DataError
        Every fault of the workbook at once; nothing of it is taken then.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        submissions = store.load_frame(session, "submissions", partnership)
        proposals = store.load_frame(session, "proposals", partnership)
        questions = derive_questions(session, partnership, protocol)
    rows = read_review(path, submissions, proposals, questions, protocol, by=by, at=now)
    return record_decisions(db, partnership, rows, now=now)


def record_decisions(
    db: Store, partnership: str, rows: Iterable[Mapping[str, object]], *, seen: int | None = None, now: datetime
) -> Outcome:
    """Append people's decisions (kind, subject, value, by, at, why) and rebuild what follows from them.

    Parameters
    ----------
    seen
        How many decisions there were when the person looked, where nobody may have decided anything since.

    Raises
    ------
    StageError
        Somebody decided since, or a question would leave the ballot of a round that has opened; nothing is recorded.
    """
    with db.writing() as session:
        if seen is not None and len(store.load_decisions(session, partnership)) != seen:
            raise StageError(OVERTAKEN)
        added = store.append_decisions(session, partnership, rows)
        _keep_the_ballot(session, partnership)
    outcome = build_questions(db, partnership, now=now)
    return Outcome(
        stage=STAGE,
        done=f"{how_many(added, 'decision')} recorded. {outcome.done}",
        next=outcome.next,
        counts={"decisions": added, **outcome.counts},
        tables=outcome.tables,
        ids=outcome.ids,
    )


def _keep_the_ballot(session: Session, partnership: str) -> None:
    """Refuse decisions that would take a question off the ballot of a round that has opened."""
    asked = on_ballot(interim_round(session, partnership))
    left = derive_questions(session, partnership, store.load_protocol(session, partnership)).questions["question_id"]
    gone = asked[~asked["question_id"].isin(set(left))]
    if len(gone):
        raise StageError.of(
            "the review, of which nothing was taken",
            [
                f"'{question}' stands on the ballot of the interim round, so its submissions cannot all leave it; "
                "leave them, and merge questions at the workshop."
                for question in gone["question_id"]
            ],
        )


def build_questions(db: Store, partnership: str, *, now: datetime) -> Outcome:
    """Rebuild summary questions, lineage and the set-aside list from the decisions; every submission ends once."""
    with db.writing() as session:
        protocol = store.load_protocol(session, partnership)
        built = rebuild_questions(session, partnership)
    reasons = built.set_aside["reason"].value_counts()
    waiting = int(reasons.get(NOT_YET_REVIEWED, 0))
    still_open = int((built.questions["status"] == "open").sum())
    return Outcome(
        stage=STAGE,
        done=f"{how_many(len(built.questions), 'summary question')} ({still_open} open) from "
        f"{how_many(len(built.lineage), 'submission')}; "
        f"{how_many(len(built.set_aside) - waiting, 'submission')} set aside, {waiting} not yet reviewed.",
        next=_after_build(partnership, waiting),
        counts={
            "summary questions": len(built.questions),
            "open questions": still_open,
            "submissions in questions": len(built.lineage),
            "set aside": len(built.set_aside),
            "not yet reviewed": waiting,
        },
        tables={"Summary questions by category": _category_table(built.questions, protocol)},
        ids={"partnership": partnership},
    )


def _after_build(partnership: str, waiting: int) -> str:
    if waiting:
        return f"Review the rest: `consensus review export --partnership {partnership}`."
    return f"Open the interim round: `consensus round open interim --partnership {partnership}`."


def _category_table(questions: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    names = {category.id: category.name for category in protocol.categories}
    counted = questions["category"].map(lambda c: names.get(c, "No category")).value_counts().sort_index()
    return pd.DataFrame({"category": counted.index, "summary questions": counted.to_numpy()})


def derive_questions(session: Session, partnership: str, protocol: Protocol) -> Questions:
    """Return what the decisions say, without keeping it."""
    decisions = store.load_decisions(session, partnership)
    built = apply_decisions(
        store.load_frame(session, "submissions", partnership),
        store.load_frame(session, "proposals", partnership),
        decisions,
        [category.id for category in protocol.categories],
    )
    return Questions(apply_evidence_checks(built.questions, decisions), built.lineage, built.set_aside)


def rebuild_questions(session: Session, partnership: str) -> Questions:
    """Make summary questions, lineage and set-aside list anew, in the caller's transaction."""
    built = derive_questions(session, partnership, store.load_protocol(session, partnership))
    store.replace_frame(session, "questions", partnership, built.questions)
    store.replace_frame(session, "lineage", partnership, built.lineage)
    store.replace_frame(session, "set_aside", partnership, built.set_aside)
    return built
