"""The sweep: every five minutes whatever is due, so that nothing depends on a run having come at its instant."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

import pandas as pd
from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State

from consensus import orchestration, steps
from consensus.errors import ConsensusError
from consensus.settings import Settings
from consensus.steps import Outcome
from flows.artifacts import show_outcome
from flows.interim_ranking import interim_ranking
from flows.parameters import Now, instant
from flows.running import open_store, run_step, swept

__all__ = ["advance_rounds"]

STAGE = "advance-rounds"
ALL = "all-partnerships"
"""Stands in the keys of artifacts where the partnership's id does otherwise."""


@flow(name="advance-rounds", flow_run_name="advance rounds")
def advance_rounds(now: Now = None) -> State[Any]:
    """Do whatever is due in every partnership's rounds, and wake what waits for a recorded decision.

    Doing it twice changes nothing. It catches what was missed while nothing ran.
    """
    at = instant(now)
    log = get_run_logger()
    outcome = run_step("advance rounds", steps.advance_rounds, now=at, outputs=Settings.from_environment().outputs)
    told, faults = [outcome.done.strip()], list[str]()
    _show(outcome, at, faults)
    for partnership in _to_rank(at, faults):
        with steps.noting(faults, f"'{partnership}' was not ranked"):
            try:
                interim_ranking(partnership=partnership, now=at)
                told.append(f"Ranked '{partnership}'.")
            except ConsensusError as error:
                log.warning("'%s' could not be ranked: %s", partnership, error)
                told.append(f"'{partnership}' could not be ranked: {error}")
    with open_store() as db:
        for reply in orchestration.reconcile(db, now=instant(None), faults=faults):
            log.info(reply.sentence)
        mail_is_due = False
        for name, _title in steps.list_partnerships(db):
            with steps.noting(faults, f"Whether letters of '{name}' are due is not known"):
                mail_is_due = steps.mail_is_due(db, name, now=at) or mail_is_due
        if mail_is_due and Settings.from_environment().smtp_url:
            log.info(orchestration.trigger("send-mail", {}).sentence)
    return swept(outcome, " ".join(told), faults)


def _show(outcome: Outcome, at: datetime, faults: list[str]) -> None:
    """Show what was done and every round with what it waits for; where something was done, also the plot of the rounds.

    A sweep that finds nothing due draws nothing, so that one every five minutes costs no more than two artifacts.
    """
    rounds: list[pd.DataFrame] = []
    images: dict[str, bytes] = {}
    with open_store() as db:
        for name, _title in steps.list_partnerships(db):
            with steps.noting(faults, f"The rounds of '{name}' are not shown"):
                rounds.append(steps.waiting_rounds(db, name, now=at))
                drawn = steps.plots(db, name, STAGE, now=at) if outcome.counts.get("acts") else {}
                images |= {f"{name} rounds": plot for plot in drawn.values()}
    tables = {"rounds": pd.concat(rounds, ignore_index=True)} if rounds else {}
    show_outcome(dataclasses.replace(outcome, tables=tables), ALL, images=images)


def _to_rank(at: datetime, faults: list[str]) -> list[str]:
    """Return the partnerships whose interim round is over and waits to be ranked."""
    waiting = []
    with open_store() as db:
        for partnership, _title in steps.list_partnerships(db):
            with steps.noting(faults, f"What comes next in '{partnership}' is not known"):
                action = steps.next_action(db, partnership, now=at)
                if action.actor == "machine" and action.stage == "interim-ranking":
                    waiting.append(partnership)
    return waiting
