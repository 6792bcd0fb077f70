"""The commands that call one step each."""

from __future__ import annotations

import argparse
from collections.abc import Hashable
from pathlib import Path

import pandas as pd

from consensus import orchestration, steps
from consensus.cli import deciding
from consensus.cli.adding import Adder
from consensus.cli.context import Context, Said
from consensus.cli.tables import as_columns
from consensus.errors import DataError
from consensus.provenance import say_decision

__all__ = ["add_to"]


def add_to(subcommands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add every command that calls a step."""
    adder = Adder(subcommands, common)
    command, family = adder.command, adder.family

    init = command(subcommands, "init", _init, "register a partnership's folder, or take in what changed in it")
    init.add_argument("folder", type=Path)
    init.add_argument("--why", default="", help="the reason, once the protocol is frozen")

    command(subcommands, "status", _status, "where the partnership stands, and the next thing to do")

    importing = family("import", "bring in answers or ballots collected elsewhere")
    for kind, run in (("answers", _import_answers), ("ballots", _import_ballots)):
        parser = command(importing, kind, run, f"import a file of {kind}; importing it twice changes nothing")
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, help="a TOML file that says which column is what")
        parser.add_argument("--source", default="auto", help="which tool wrote the file (default: recognised)")
        if kind == "answers":
            parser.add_argument("--corrects", action="store_true", help="the file corrects answers that are there")

    text = "rows and ballots that could not be taken: where they stand and why"
    command(subcommands, "quarantine", _quarantine, text)
    command(subcommands, "deduplicate", _deduplicate, "cut answers into submissions and propose duplicate groups")

    review = family("review", "decide what asks the same: in a workbook, or screen by screen")
    deciding.add_to(review, command)

    command(subcommands, "questions", _questions, "the questions on the ballot: id and wording, the shortlist marked")
    parser = command(subcommands, "shortlist", _shortlist, "put a question on the shortlist by hand")
    parser.add_argument("question")
    parser.add_argument("--why", required=True)
    command(subcommands, "decisions", _decisions, "every decision: who, when, why (restricted)")
    parser = command(subcommands, "undo", _undo, "take a decision back, by another row")
    parser.add_argument("decision")
    parser.add_argument("--why", required=True)

    command(subcommands, "rank", _rank, "rank the closed interim round and make the shortlist")
    parser = command(
        subcommands,
        "firmness",
        _firmness,
        "how firm the order is, question by question (restricted: groups of any size)",
    )
    parser.add_argument("--agreement", action="store_true", help="how far people and groups agree, instead")
    parser = command(
        subcommands, "approve", _approve, "sign off the shortlist, or reject it with --reject and a reason"
    )
    parser.add_argument("--reject", action="store_true")
    parser.add_argument("--why", default="")
    parser.add_argument("--ranking", metavar="ID", help="the ranking that was seen (default: the current one)")

    meeting = family("workshop", "the workshop's rankings, moves and final order")
    command(meeting, "import", _workshop_import, "take the small groups' rankings").add_argument("file", type=Path)
    parser = command(meeting, "move", _workshop_move, "record that the plenary moves a question")
    parser.add_argument("question")
    parser.add_argument("to", type=int, metavar="PLACE")
    parser.add_argument("--why", required=True)
    parser = command(meeting, "merge", _workshop_merge, "record that the plenary merges a question into another")
    parser.add_argument("question")
    parser.add_argument("into")
    parser.add_argument("--why", required=True)
    command(meeting, "dissent", _workshop_dissent, "record a dissent").add_argument("--why", required=True)
    command(meeting, "finish", _workshop_finish, "combine the rankings into the final order")

    text = "copy the database into a new file while people take part (PostgreSQL: says which command does)"
    command(subcommands, "backup", _backup, text).add_argument("file", type=Path)
    parser = command(subcommands, "publish", _publish, "write the report and the published spreadsheet")
    parser.add_argument("--folder", type=Path, help="where to (default: the partnership's outputs)")
    command(
        subcommands, "trace", _trace, "a question's whole lineage (restricted: holds what people wrote)"
    ).add_argument("question", help="its id, or its place in the final order")
    parser = command(subcommands, "compare", _compare, "what moved between two stored rankings, and why")
    parser.add_argument("before", metavar="RANKING")
    parser.add_argument("after", metavar="RANKING")


def _init(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(steps.register(context.db, options.folder, by=context.by, now=context.now, why=options.why))


def _status(context: Context, options: argparse.Namespace) -> Said:
    names = [options.partnership] if options.partnership else [name for name, _ in steps.list_partnerships(context.db)]
    if not names:
        return Said(("No partnership is registered yet.", "Next: consensus init FOLDER"), {"partnerships": []})
    lines, data = [], []
    for name in names:
        view = steps.status(context.db, name, now=context.now)
        data.append(view.to_dict())
        lines += view.to_lines()
    return Said(tuple(lines), {"partnerships": data})


def _import_answers(context: Context, options: argparse.Namespace) -> Said:
    outcome = steps.import_answers(
        context.db,
        context.partnership,
        options.file,
        mapping=options.mapping,
        source=options.source,
        corrects=options.corrects,
        by=context.by,
        now=context.now,
    )
    return Said.of(outcome)


def _import_ballots(context: Context, options: argparse.Namespace) -> Said:
    outcome = steps.import_ballots(
        context.db,
        context.partnership,
        options.file,
        mapping=options.mapping,
        source=options.source,
        by=context.by,
        now=context.now,
    )
    return Said.of(outcome)


def _quarantine(context: Context, options: argparse.Namespace) -> Said:
    rows = steps.quarantine(context.db, context.partnership)
    lines = as_columns(rows, widest=90) or ["Nothing is in quarantine."]
    return Said(tuple(lines), {"quarantine": rows.to_dict("records")})


def _deduplicate(context: Context, options: argparse.Namespace) -> Said:
    gathered = steps.gather(context.db, context.partnership, now=context.now)
    found = steps.propose_duplicates(context.db, context.partnership, cache=context.cache, now=context.now)
    return Said.of(found, gathered.done)


def _questions(context: Context, options: argparse.Namespace) -> Said:
    rows = steps.listed_questions(context.db, context.partnership)
    lines = as_columns(rows, widest=90) or ["The interim round has not opened; nothing stands on its ballot yet."]
    return Said(tuple(lines), {"questions": rows.to_dict("records")})


def _shortlist(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(
        steps.record_by_hand(
            context.db, context.partnership, options.question, by=context.by, why=options.why, now=context.now
        )
    )


def _decisions(context: Context, options: argparse.Namespace) -> Said:
    rows = steps.decisions(context.db, context.partnership)
    shown = rows.assign(
        at=[f"{at:%Y-%m-%d %H:%M}" for at in rows["at"]],
        decision=[say_decision(kind, value) for kind, value in zip(rows["kind"], rows["value"], strict=True)],
        stands=rows["stands"].map({True: "yes", False: "taken back"}),
    )[["decision_id", "at", "by", "decision", "subject", "why", "stands"]]
    lines = as_columns(shown) or ["Nothing is decided yet."]
    return Said(tuple(lines), {"decisions": rows.astype({"at": str}).to_dict("records")})


def _undo(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(
        steps.undo(context.db, context.partnership, options.decision, by=context.by, why=options.why, now=context.now)
    )


def _rank(context: Context, options: argparse.Namespace) -> Said:
    outcome = steps.rank_round(context.db, context.partnership, now=context.now)
    return Said.of(outcome, *as_columns(_brief(outcome.tables["Interim ranking"].head(10))))


def _brief(ranking: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a ranking that a terminal has room for."""
    firm = [name for name in ranking if name in ("low", "high") or str(name).startswith("P(")]
    return ranking[["rank", "wording", "score", *firm, "question"]]


def _firmness(context: Context, options: argparse.Namespace) -> Said:
    found = steps.firmness(context.db, context.partnership)
    rows = found.agreement if options.agreement else found.questions.reset_index()
    told = ["rank", "wording", "low", "high", "p_top", "acceptability"]
    lines = as_columns(rows.round(3) if options.agreement else rows[told].round(3))
    return Said(
        (*lines, "", *found.sentences),
        {
            "ranking": found.ranking_id,
            "questions": _records(found.questions.reset_index()),
            "agreement": _records(found.agreement),
            "sentences": list(found.sentences),
        },
    )


def _records(frame: pd.DataFrame) -> list[dict[Hashable, object]]:
    """Return rows as JSON holds them: nothing where there is no number."""
    plain = frame.astype(object)
    return plain.where(plain.notna(), None).to_dict("records")


def _approve(context: Context, options: argparse.Namespace) -> Said:
    if options.by is None:
        raise DataError("Who signs? Give the name of the person who decides: --by NAME.")
    ranking_id = options.ranking or steps.current_ranking_id(context.db, context.partnership)
    outcome = steps.record_approval(
        context.db,
        context.partnership,
        ranking_id,
        "reject" if options.reject else "approve",
        by=context.by,
        why=options.why,
        now=context.now,
    )
    return Said.of(outcome, orchestration.wake_approval(ranking_id, context.settings))


def _workshop_import(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(steps.import_workshop(context.db, context.partnership, options.file, by=context.by, now=context.now))


def _workshop_move(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(
        steps.record_move(
            context.db,
            context.partnership,
            options.question,
            options.to,
            by=context.by,
            why=options.why,
            now=context.now,
        )
    )


def _workshop_merge(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(
        steps.record_merge(
            context.db,
            context.partnership,
            options.question,
            options.into,
            by=context.by,
            why=options.why,
            now=context.now,
        )
    )


def _workshop_dissent(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(
        steps.record_dissent(context.db, context.partnership, by=context.by, why=options.why, now=context.now)
    )


def _workshop_finish(context: Context, options: argparse.Namespace) -> Said:
    outcome = steps.finalise(context.db, context.partnership, now=context.now)
    return Said.of(outcome, *as_columns(steps.top_table(context.db, context.partnership)))


def _publish(context: Context, options: argparse.Namespace) -> Said:
    folder = options.folder or context.settings.outputs(context.partnership)
    outcome = steps.publish(context.db, context.partnership, folder=folder, now=context.now)
    return Said.of(
        outcome, f"The report is {outcome.ids['report']}.", f"The spreadsheet is {outcome.ids['spreadsheet']}."
    )


def _backup(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(steps.back_up(context.db, options.file))


def _trace(context: Context, options: argparse.Namespace) -> Said:
    found = steps.trace(context.db, context.partnership, options.question)
    name = steps.protocol(context.db, context.partnership).group_name
    return Said(tuple(found.to_lines(name)), found.to_dict())


def _compare(context: Context, options: argparse.Namespace) -> Said:
    found = steps.compare(context.db, options.before, options.after)
    lines = [*found.reasons, "", *(as_columns(_moves(found.moved)) or ["No question moved."])]
    if len(found.shortlist):
        lines += ["", "The shortlist:", *as_columns(found.shortlist.reset_index())]
    return Said(tuple(lines), found.to_dict())


def _moves(moved: pd.DataFrame) -> pd.DataFrame:
    """Return what moved as people read it: a place that an order lacks is left empty, a move has its sign."""
    chance = [column for column in ("interval before", "interval after", "outside") if column in moved]
    told = moved.reset_index()[["before", "after", "moved", *chance, "wording", "question"]].astype(object)
    told["moved"] = [
        f"{move:+d}" if move is not None else "came" if before is None else "went"
        for move, before in zip(told["moved"], told["before"], strict=True)
    ]
    return told.where(told.notna(), "")
