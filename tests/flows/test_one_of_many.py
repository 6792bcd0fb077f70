"""One partnership that cannot be read, beside one that can: letters and sign-offs of the other go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from sqlmodel import col, update

from consensus import models, orchestration, steps
from consensus.store import Store
from flows.send_mail import send_mail
from tests import walk
from tests.builders import small_folder
from tests.flows.test_stages import AtStage
from tests.post_office import PostOffice

pytestmark = pytest.mark.server


def invite(db: Store, home: Path, partnership: str, kind: str, address: str) -> None:
    """Open a round into which somebody is invited, by a letter that is due."""
    rows = [[address, "carer", "", ""]]
    people = walk.write_csv(home / "in" / f"{partnership}.csv", ["email", "group", "partner", "language"], rows)
    steps.import_people(db, partnership, people, by="ann", now=walk.ANSWERED)
    steps.open_round(db, partnership, kind, by="ann", now=walk.OPENED if kind == "interim" else walk.ANSWERED)


def test_letters_of_one_that_cannot_be_read_wait_and_those_of_the_next_in_the_alphabet_go(
    tmp_path: Path, at_stage: AtStage, api: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = at_stage("open-round")
    folder = small_folder(tmp_path / "in" / "other", **{'id = "small"': 'id = "other"'})
    steps.register(db, folder, by="ann", now=walk.ANSWERED)
    invite(db, tmp_path, "other", "gather", "ann@example.org")
    invite(db, tmp_path, "small", "interim", "bob@example.org")
    with db.writing() as session:  # as a disk or a person who edits the database leaves it
        spoilt = update(models.ProtocolVersion).where(col(models.ProtocolVersion.partnership) == "other")
        session.exec(spoilt.values(texts="{", hash="spoilt"))
    monkeypatch.setenv("CONSENSUS_MAIL_FROM", "us@small.example.org")
    monkeypatch.setenv("CONSENSUS_PUBLIC_URL", "https://small.example.org")

    with PostOffice() as post:
        monkeypatch.setenv("CONSENSUS_SMTP_URL", post.url)
        state: Any = send_mail(now=walk.OPENED, return_state=True)

    assert post.addresses == ["bob@example.org"]
    assert state.is_failed()
    assert "The letters of 'other' wait: JSONDecodeError at line" in state.message
    assert "'small': " in state.message
    assert "ann@" not in state.message


def test_a_ranking_of_which_nothing_can_be_read_holds_up_no_plan_and_is_told(
    at_stage: AtStage, api: SyncPrefectClient
) -> None:
    db = at_stage("advance-rounds")
    with db.writing() as session:
        interim = update(models.Round).where(col(models.Round.round_id) == "small-interim-1")
        session.exec(interim.values(ranking_id="r-gone"))
    faults: list[str] = []

    replies = orchestration.reconcile(db, now=walk.OPENED, faults=faults)

    assert len(faults) == 1
    assert faults[0].startswith("Whether the ranking of 'small-interim-1' was signed off is not known: ")
    assert any(reply.reached for reply in replies)
