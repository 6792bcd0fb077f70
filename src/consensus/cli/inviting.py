"""The commands about people who are invited, and the letters to them."""

from __future__ import annotations

import argparse
from pathlib import Path

from consensus import steps
from consensus.cli.adding import Adder
from consensus.cli.context import Context, Said
from consensus.cli.tables import as_columns

__all__ = ["add_to"]


def add_to(subcommands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `consensus invite` and `consensus mail`."""
    adder = Adder(subcommands, common)
    command, family = adder.command, adder.family

    invite = family("invite", "the address book, and invitations into a round")
    text = "take people into the address book: email, group, partner, language; importing twice changes nothing"
    command(invite, "import", _import, text).add_argument("file", type=Path)
    text = "invite everybody who has no invitation into an open round yet, and send what is due"
    command(invite, "send", _send_invitations, text).add_argument("round")

    mail = family("mail", "the outbox")
    command(mail, "send", _send, "send what is due now")
    for kind, text in (
        ("workshop", "invite to the workshop whoever asked for it, with the event for a calendar"),
        ("outcome", "tell the published priorities to whoever asked to hear of them"),
    ):
        command(mail, kind, _write_to_list, text).set_defaults(kind=kind)
    command(mail, "list", _list, "how many letters are in which state, and those that wait for a person")
    for name, takes, text in (
        ("again", "failed", "send failed letters, or letters in doubt, once more: a person says so"),
        ("done", "is in doubt", "take letters in doubt as sent: a person found out that they came"),
    ):
        parser = command(mail, name, _decide, text)
        parser.add_argument("mail", nargs="*", help="ids, as in `consensus mail list`")
        parser.add_argument("--all", action="store_true", help=f"every letter that {takes} and waits for a person")
        parser.add_argument("--why", required=True)
        parser.set_defaults(verdict=name, takes=takes.removeprefix("is "))


def _import(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(steps.import_people(context.db, context.partnership, options.file, by=context.by, now=context.now))


def _send_invitations(context: Context, options: argparse.Namespace) -> Said:
    queued = steps.invite_round(context.db, options.round, now=context.now)
    if not context.settings.smtp_url:
        return Said.of(queued, "No mail server is set (CONSENSUS_SMTP_URL), so they wait in the outbox.")
    sent = steps.send_mail(context.db, queued.ids["partnership"], context.settings, now=context.now)
    return Said.of(sent, queued.done)


def _write_to_list(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(steps.write_to_list(context.db, context.partnership, options.kind, by=context.by, now=context.now))


def _send(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(steps.send_mail(context.db, context.partnership, context.settings, now=context.now))


def _list(context: Context, options: argparse.Namespace) -> Said:
    box = steps.outbox(context.db, context.partnership, now=context.now)
    lines = as_columns(box.counts) or ["The outbox is empty."]
    if len(box.waiting):
        lines += ["", "These wait for a person (`consensus mail again` or `consensus mail done`):"]
        lines += as_columns(box.waiting)
    return Said(
        tuple(lines), {"counts": box.counts.to_dict("records"), "waiting": box.waiting.astype(str).to_dict("records")}
    )


def _decide(context: Context, options: argparse.Namespace) -> Said:
    act = steps.mail_again if options.verdict == "again" else steps.mail_done
    mail = list(options.mail)
    if options.all:
        waiting = steps.outbox(context.db, context.partnership, now=context.now).waiting
        mail += waiting.loc[waiting["state"] == options.takes, "mail"].tolist()
    if not mail:
        return Said(
            ("No letter was named, and none waits; `consensus mail list` shows those that do.",), {"letters": 0}
        )
    return Said.of(act(context.db, mail, by=context.by, why=options.why, now=context.now))
