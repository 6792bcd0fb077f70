"""`python -m flows.demonstration --folder FOLDER`: a partnership from its answers to its priorities, by the real flows.

The stages run as subflows of one run, because that saves their start-up; the sign-off is a run of its deployment, which
suspends and is woken. Rounds open and close by the clock being passed in. People's parts are played by script, and
named so in every decision. Running it again goes on from where it stopped.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from consensus import orchestration, steps
from consensus.errors import ConsensusError, StageError
from consensus.protocol import Protocol, read_protocol
from consensus.settings import Settings
from consensus.steps import Outcome
from flows.close_round import close_round
from flows.deduplicate import deduplicate
from flows.final_workshop import final_workshop
from flows.gather_uncertainties import gather_uncertainties
from flows.interim_ranking import interim_ranking
from flows.open_round import open_round
from flows.parameters import AnswersPath, BallotsPath, PartnershipId
from flows.publish import publish
from flows.running import BY, open_store, run_step, show, show_review
from flows.serve import wait_for_server

__all__ = ["Clock", "demonstration", "main"]

STARTED = time.monotonic()


@dataclass(frozen=True)
class Clock:
    """The instants of a demonstration, from the dates that the protocol declares."""

    gather_opens: datetime
    gather_closes: datetime
    reviewed: datetime
    interim_opens: datetime
    interim_closes: datetime
    ranked: datetime
    met: datetime

    @classmethod
    def of(cls, protocol: Protocol) -> Clock:
        """Return the clock of a partnership: reviewed on the day after the first close, met two weeks after ranking."""
        gather, interim = protocol.rounds.gather, protocol.rounds.interim
        ranked = interim.closes + timedelta(minutes=interim.grace_minutes)
        return cls(
            gather.opens,
            gather.closes,
            gather.closes + timedelta(days=1),
            interim.opens,
            interim.closes,
            ranked,
            protocol.workshop.on or ranked + timedelta(days=14),
        )


@flow(name="demonstration", flow_run_name="{partnership}: demonstration")
def demonstration(
    partnership: PartnershipId, folder: Path, answers: AnswersPath = None, ballots: BallotsPath = None
) -> State[Any]:
    """Take a partnership from its answers to its priorities, with people's parts played by script."""
    protocol = read_protocol(folder)
    clock, out = Clock.of(protocol), Settings.from_environment().outputs(partnership)
    _gather(partnership, folder, answers or folder / "answers.csv", clock)
    _review(partnership, folder, clock)
    _rank(partnership, folder, out, ballots, clock)
    _sign_off(partnership, clock)
    _meet(partnership, folder, out, clock)
    _stage(publish, partnership=partnership, now=clock.met)
    return Completed(message=f"'{partnership}' went from its answers to its priorities.")


def _gather(partnership: str, folder: Path, answers: Path, clock: Clock) -> None:
    with open_store() as db:
        steps.register(db, folder, by=BY, now=clock.gather_opens)
    with _round(partnership, "gather", clock.gather_opens, clock.gather_closes):
        _stage(
            gather_uncertainties,
            partnership=partnership,
            answers=answers,
            mapping=_beside(folder, "answers.mapping.toml"),
            now=clock.gather_closes,
        )


def _review(partnership: str, folder: Path, clock: Clock) -> None:
    _stage(deduplicate, partnership=partnership, now=clock.reviewed)
    given = {"folder": folder, "cache": Settings.from_environment().embeddings}
    outcome = run_step("scripted review", steps.scripted_review, partnership=partnership, now=clock.reviewed, **given)
    show(outcome, partnership, plot=True)
    show_review(partnership)
    _say(outcome)


def _rank(partnership: str, folder: Path, out: Path, ballots: Path | None, clock: Clock) -> None:
    during = clock.interim_opens + timedelta(hours=1)
    with _round(partnership, "interim", clock.interim_opens, clock.interim_closes):
        if ballots is None:
            given = {"folder": folder, "out": out}
            outcome = run_step(
                "simulated ballots", steps.scripted_ballots, partnership=partnership, now=during, **given
            )
        else:
            mapping = _beside(folder, "ballots.mapping.toml")
            outcome = run_step(
                "import ballots",
                steps.import_ballots,
                partnership=partnership,
                path=ballots,
                mapping=mapping,
                by=BY,
                now=during,
            )
        _say(outcome)
    _stage(interim_ranking, partnership=partnership, now=clock.ranked)


def _sign_off(partnership: str, clock: Clock) -> None:
    """Have the deployed sign-off suspend, record the scripted decision, and see the run woken by it."""
    with open_store() as db:
        ranking = steps.current_ranking_id(db, partnership)
        decided = steps.approval(db, ranking) is not None
    if decided:
        return
    asked = orchestration.ask_sign_off(partnership, ranking)
    waiting = orchestration.wait_for(asked.run_id) if asked.reached else asked
    if waiting.state != "Suspended":
        raise StageError(f"The sign-off does not wait: {waiting.sentence}")
    _line(waiting.sentence)
    _say(run_step("scripted sign-off", steps.scripted_approval, partnership=partnership, now=clock.ranked))
    _line(orchestration.wake_approval(ranking))
    ended = orchestration.wait_for(asked.run_id)
    if ended.state != "Completed":
        raise StageError(f"The sign-off did not end: {ended.sentence}")
    _line(ended.sentence)


def _meet(partnership: str, folder: Path, out: Path, clock: Clock) -> None:
    _say(
        run_step(
            "simulated workshop",
            steps.scripted_workshop,
            partnership=partnership,
            folder=folder,
            out=out,
            now=clock.met,
        )
    )
    _stage(final_workshop, partnership=partnership, now=clock.met)


@contextmanager
def _round(partnership: str, kind: str, opens: datetime, closes: datetime) -> Iterator[None]:
    """Open a round by the clock passed in, unless it has been, and close it afterwards."""
    round_id = f"{partnership}-{kind}-1"
    with open_store() as db:
        state = next(view.state for view in steps.list_rounds(db, partnership) if view.round_id == round_id)
    if state == "draft":
        _stage(open_round, partnership=partnership, kind=kind, now=opens)
    yield
    if state in ("draft", "open", "paused"):
        _stage(close_round, round_id=round_id, now=closes)


def _beside(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if path.is_file() else None


def _stage(stage: Any, **parameters: Any) -> None:
    """Run a stage as a subflow and say what it did."""
    state = stage(**parameters, return_state=True)
    if not state.is_completed():
        state.result()
    _line(f"{stage.name}: {state.message}")


def _say(outcome: Outcome) -> None:
    _line(f"{outcome.stage}: {outcome.done.strip()}")


def _line(text: str) -> None:
    print(f"[{time.monotonic() - STARTED:3.0f} s] {text}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m flows.demonstration", description=demonstration.description)
    parser.add_argument("--folder", type=Path, required=True, help="the partnership's folder")
    parser.add_argument("--answers", type=Path, help="the answers (default: answers.csv in the folder)")
    parser.add_argument("--ballots", type=Path, help="the ballots (default: those of simulated people)")
    options = parser.parse_args(arguments)
    for handler in logging.getLogger().handlers:  # a filter stays where Prefect sets levels anew
        handler.addFilter(lambda record: record.levelno >= logging.WARNING)
    wait_for_server(orchestration.prefect_api_url())
    try:
        demonstration(
            partnership=read_protocol(options.folder).id,
            folder=options.folder.absolute(),
            answers=options.answers and options.answers.absolute(),
            ballots=options.ballots and options.ballots.absolute(),
        )
    except ConsensusError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
