"""People's parts played by script, for a demonstration or a test, and named as such in every decision.

The scripted reviewer reads what a person would be shown. Only the simulated participants know the truth of a simulated
partnership: they know what they want.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
from sqlmodel import Session

from consensus import simulate, store, workshop
from consensus.embedding import CachedEmbedder, default_embedder
from consensus.protocol import Protocol, read_protocol
from consensus.simulate import REVIEWER, ScriptedReviewer
from consensus.steps.approving import record_approval
from consensus.steps.ballots import import_ballots
from consensus.steps.outcome import Outcome
from consensus.steps.ranking import current_ranking
from consensus.steps.review import record_decisions
from consensus.steps.workshop import final_ranking, import_workshop
from consensus.store import Store

__all__ = [
    "has_simulation",
    "recovered",
    "scripted_approval",
    "scripted_ballots",
    "scripted_review",
    "scripted_workshop",
    "simulate_partnership",
]

SIMULATION = "simulation"


def has_simulation(folder: Path | str) -> bool:
    """Tell whether a partnership's folder says what its simulated people have in mind."""
    return (Path(folder) / SIMULATION).is_dir()


def simulate_partnership(folder: Path | str, out: Path | str, *, seed: int | None = None) -> Outcome:
    """Write a simulated partnership's answers as a survey tool would export them, and the truth apart from them."""
    protocol = read_protocol(folder)
    specification = simulate.read_specification(Path(folder) / SIMULATION, protocol)
    answers, truth = simulate.simulate_answers(
        specification, protocol, protocol.partnership.seed if seed is None else seed
    )
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    simulate.write_answers(answers, out / "answers.csv")
    truth.to_csv(out / "truth.csv", index=False, lineterminator="\n")
    return Outcome(
        stage="simulate",
        done=f"Wrote the answers of {len(answers)} simulated people, and apart from them the truth of "
        f"{len(truth)} uncertainties.",
        next=f"Import them: `consensus import answers {out.name}/answers.csv --mapping answers.mapping.toml`.",
        counts={"people": len(answers), "uncertainties": len(truth)},
        ids={"answers": str(out / "answers.csv"), "truth": str(out / "truth.csv")},
    )


def scripted_review(
    db: Store, partnership: str, *, folder: Path | str, cache: Path | None = None, now: datetime
) -> Outcome:
    """Have the scripted reviewer answer the review queue's screens and check the evidence, by the rules in `folder`.

    With `cache`, a folder, what a text was turned into is taken from there, and kept there.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        submissions = store.load_frame(session, "submissions", partnership)
        proposals = store.load_frame(session, "proposals", partnership)
        identifiers = store.load_frame(session, "identifiers", partnership)
    reviewer = ScriptedReviewer.read(folder, protocol)
    if cache is not None:
        reviewer = replace(reviewer, embedder=CachedEmbedder(default_embedder(), cache))
    grouped = record_decisions(
        db, partnership, as_rows(reviewer.decide(submissions, proposals, identifiers, at=now)), now=now
    )
    with db.reading() as session:
        questions = store.load_frame(session, "questions", partnership)
    checked = record_decisions(db, partnership, as_rows(reviewer.check_evidence(questions, at=now)), now=now)
    decisions = grouped.counts["decisions"] + checked.counts["decisions"]
    return Outcome(
        stage=grouped.stage,
        done=f"The scripted reviewer took {decisions} decisions. {checked.done.split('. ', 1)[1]}",
        next=checked.next,
        counts={**checked.counts, "decisions": decisions},
        tables=checked.tables,
        ids=checked.ids,
    )


def as_rows(decisions: pd.DataFrame) -> Iterable[Mapping[str, object]]:
    """Return a decisions frame as rows to record."""
    return [{str(key): value for key, value in row.items()} for row in decisions.to_dict("records")]


def scripted_approval(db: Store, partnership: str, *, now: datetime) -> Outcome:
    """Have the scripted reviewer sign off the current shortlist."""
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        ranking_id = current_ranking(session, partnership).ranking_id
    row = ScriptedReviewer(protocol).approve(ranking_id, at=now).iloc[0]
    return record_approval(
        db, partnership, ranking_id, row["value"]["decision"], by=REVIEWER, why=str(row["why"]), now=now
    )


def scripted_ballots(db: Store, partnership: str, *, folder: Path | str, out: Path | str, now: datetime) -> Outcome:
    """Have the simulated people of `folder` rank what is on the ballot, and import their ballots from `out`."""
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        known = _known(session, partnership)
    specification, truth, seed = _truth(folder, protocol)
    ballots = simulate.simulate_ballots(
        known["questions"], known["lineage"], known["submissions"], truth, specification, protocol, seed
    )
    path = Path(out) / "ballots.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    simulate.write_ballots(ballots, path)
    mapping = Path(folder) / "ballots.mapping.toml"
    return import_ballots(
        db, partnership, path, mapping=mapping if mapping.exists() else None, by="simulated people", now=now
    )


def scripted_workshop(db: Store, partnership: str, *, folder: Path | str, out: Path | str, now: datetime) -> Outcome:
    """Have simulated small groups rank the shortlist, and the scripted reviewer move what its rule says.

    With a simulation in `folder` people rank by what they want; otherwise by the orders of their stakeholder groups.
    """
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        ranking = current_ranking(session, partnership)
        known = _known(session, partnership)
    shortlist = list(ranking.tables["shortlist"].index)
    positions = ranking.tables["group_positions"].loc[shortlist]
    if has_simulation(folder):
        specification, truth, seed = _truth(folder, protocol)
        sheet = simulate.simulate_workshop(
            shortlist, known["lineage"], known["submissions"], truth, specification, protocol, seed
        )
    else:
        sheet = simulate.simulate_small_groups(positions, protocol, protocol.partnership.seed)
    path = Path(out) / "workshop.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    simulate.write_workshop(sheet, path)
    outcome = import_workshop(db, partnership, path, by=REVIEWER, now=now)
    order = workshop.combine_rankings(sheet, shortlist)
    moves = ScriptedReviewer(protocol).move_in_plenary(order, positions, at=now)
    with db.writing() as session:
        store.append_decisions(session, partnership, as_rows(moves))
    return outcome


def recovered(db: Store, partnership: str, *, folder: Path | str) -> simulate.Recovery:
    """Return how much of a simulated partnership's truth its published priorities recovered."""
    with db.reading() as session:
        protocol = store.load_protocol(session, partnership)
        known = _known(session, partnership)
        final = final_ranking(session, partnership).tables["final"]
    specification, truth, _ = _truth(folder, protocol)
    return simulate.recovered(
        truth,
        known["lineage"],
        known["submissions"],
        list(final.index),
        specification,
        protocol,
        proposals=known["proposals"],
    )


def _known(session: Session, partnership: str) -> dict[str, pd.DataFrame]:
    names = ("questions", "lineage", "submissions", "proposals")
    return {name: store.load_frame(session, name, partnership) for name in names}


def _truth(folder: Path | str, protocol: Protocol) -> tuple[simulate.Specification, pd.DataFrame, int]:
    """Return what the simulated people have in mind; it is made anew from the seed and never kept in the store."""
    seed = protocol.partnership.seed
    specification = simulate.read_specification(Path(folder) / SIMULATION, protocol)
    return specification, simulate.simulate_answers(specification, protocol, seed)[1], seed
