"""The commands that open, move, cap, pause and close rounds."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from consensus import orchestration, steps
from consensus.cli.adding import Adder
from consensus.cli.context import Context, Said
from consensus.cli.tables import as_columns, as_lines
from consensus.steps import Outcome

__all__ = ["add_to"]


def add_to(subcommands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `consensus round`."""
    adder = Adder(subcommands, common)
    command = adder.command
    rounds = adder.family("round", "open, move and close rounds")
    parser = command(rounds, "open", _round_open, "open the gathering or the interim round now")
    parser.add_argument("kind", choices=["gather", "interim"])
    parser.add_argument(
        "--closes", metavar="WHEN", help="another close than the protocol's: a time, or '14 days' from now"
    )
    parser = command(rounds, "extend", _round_extend, "move a round's close")
    parser.add_argument("round")
    parser.add_argument("closes", metavar="WHEN", help="a time, or '14 days' from now")
    parser.add_argument("--why", default="")
    parser = command(rounds, "close", _round_close, "close a round whose close has come, or --early")
    parser.add_argument("round")
    parser.add_argument("--early", action="store_true", help="close it now, before its close")
    parser.add_argument("--why", default="")
    parser = command(rounds, "cap", _round_cap, "close a round to new starters once so many people have sent something")
    parser.add_argument("round")
    parser.add_argument("cap", type=int, help="0 for any number")
    parser.add_argument("--why", default="")
    for act in ("pause", "resume"):
        parser = command(rounds, act, _round_switch, f"{act} a round")
        parser.add_argument("round")
        parser.add_argument("--why", default="")
        parser.set_defaults(act=act)
    command(rounds, "list", _round_list, "the rounds and their states")
    parser = command(rounds, "links", _round_links, "the open links of a round, one a partner organisation")
    parser.add_argument("round")


def _round_open(context: Context, options: argparse.Namespace) -> Said:
    closes_at = context.local_instant(options.closes, "--closes") if options.closes else None
    outcome = steps.open_round(
        context.db, context.partnership, options.kind, closes_at=closes_at, by=context.by, now=context.now
    )
    return Said.of(outcome, orchestration.schedule_close_of(outcome, context.settings))


def _round_extend(context: Context, options: argparse.Namespace) -> Said:
    context.partnership_option = context.partnership_option or steps.partnership_of(context.db, options.round)
    closes_at = context.local_instant(options.closes, "WHEN")
    outcome = steps.extend_round(context.db, options.round, closes_at, by=context.by, why=options.why, now=context.now)
    return Said.of(outcome, orchestration.schedule_close_of(outcome, context.settings))


def _round_close(context: Context, options: argparse.Namespace) -> Said:
    outcome = steps.close_round(
        context.db, options.round, by=context.by, why=options.why, now=context.now, early=options.early
    )
    return Said.of(outcome, orchestration.schedule_close_of(outcome, context.settings))


def _round_cap(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(
        steps.cap_round(context.db, options.round, options.cap, by=context.by, why=options.why, now=context.now)
    )


def _round_switch(context: Context, options: argparse.Namespace) -> Said:
    act: Callable[..., Outcome] = steps.pause_round if options.act == "pause" else steps.resume_round
    return Said.of(act(context.db, options.round, by=context.by, why=options.why, now=context.now))


def _round_list(context: Context, options: argparse.Namespace) -> Said:
    names = [options.partnership] if options.partnership else [name for name, _ in steps.list_partnerships(context.db)]
    lines: list[str] = []
    rows: list[dict[str, object]] = []
    for name in names:
        table = steps.rounds_of(context.db, name)
        lines += as_lines(table)
        rows += [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    return Said(tuple(lines or ["There are no rounds yet."]), {"rounds": rows})


def _round_links(context: Context, options: argparse.Namespace) -> Said:
    links = steps.round_links(context.db, context.settings, options.round)
    return Said(tuple(as_columns(links, widest=120)), {"links": links.to_dict("records")})
