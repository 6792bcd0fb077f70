"""Withdrawing what came on paper, by telephone or with help: at the desk, by sheet or receipt, as erased as any."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consensus import models, steps
from consensus.errors import StageError
from consensus.steps.ballots import counted_ballots
from tests.promises.test_withdrawal_erases_my_words import holding
from tests.test_keying import CLOSE, GATHER, INTERIM, code_on, key, place, rank, rows  # noqa: F401  place is a fixture
from tests.visiting import Visitor, open_interim

MINE = "Why did the nightmares of my Xylophonia begin?"


def kept(client, **changed):
    """Key in a sheet twice, and return the page with its receipt code."""
    key(client, "Ann", **changed)
    return key(client, "Ben", **changed)


def find(client, written, path=GATHER):
    return Visitor(client, f"{path}/withdraw?find={written}")


@pytest.mark.parametrize("by", ["sheet", "receipt", "receipt in small letters"])
def test_a_sheet_is_found_by_its_number_or_receipt_code_and_its_words_go_everywhere(place, tmp_path, by):  # noqa: F811
    client, db, clock = place
    code = code_on(kept(client, a__q=[MINE]))
    kept(client, sheet="13", a__q=["What others wrote?"])
    steps.gather(db, "lanternfield", now=clock())
    steps.propose_duplicates(db, "lanternfield", now=clock())
    outputs = tmp_path / "home" / "outputs" / "lanternfield"
    steps.export_review(db, "lanternfield", outputs / "review.xlsx", now=clock())
    before = holding(tmp_path / "home", "Xylophonia")

    visitor = find(client, {"sheet": "0012", "receipt": code}.get(by, code.lower()))
    asked = visitor.page.text
    told = visitor.press(by="Cleo").page.text

    assert {name.split("/")[-1] for name in before} >= {"review.xlsx"}
    assert "Withdraw sheet 0012?" in asked
    assert "Sheet 0012 is withdrawn" in told
    assert holding(tmp_path / "home", "Xylophonia") == []
    assert [answer.text for answer in rows(db, models.Answer)] == ["What others wrote?"]
    assert sorted(one.withdrawn for one in rows(db, models.Response)) == [False, True]
    record = next(row for row in rows(db, models.Decision) if "withdraw sheet" in row.value)
    assert (record.by, "Xylophonia" in record.why) == ("Cleo", False)


def test_keying_in_comes_before_withdrawing_on_the_page(place):  # noqa: F811
    client, _db, _clock = place
    page = kept(client, a__q=[MINE]).page.text

    assert 0 < page.index('action="/desk/key/lanternfield-gather-1"') < page.index("Keep this entry")
    assert page.index("Keep this entry") < page.index("Withdraw a sheet") < page.index("Find the sheet")


def test_a_sheet_is_found_by_its_number_as_it_was_keyed_in_with_a_stroke(place):  # noqa: F811
    client, _db, _clock = place
    kept(client, sheet="12/3", a__q=[MINE])

    assert "Withdraw sheet 12-3?" in find(client, "12/3").page.text


def test_a_withdrawn_ballot_counts_no_more_and_its_sheet_cannot_be_keyed_in_again(place):  # noqa: F811
    client, db, clock = place
    open_interim(db, clock)
    for by in ("Ann", "Ben"):
        rank(client, by, [3, 1])

    find(client, "7", INTERIM).press(by="Cleo")
    again = rank(client, "Ann", [3, 1]).page.text

    with db.reading() as session:
        counted = counted_ballots(session, session.get(models.Round, "lanternfield-interim-1"))
    assert len(counted.ballots) == 0
    assert "was keyed in before" in again
    assert rows(db, models.Ballot) == []


def test_only_what_is_kept_can_be_withdrawn_and_somebody_says_who(place):  # noqa: F811
    client, db, _clock = place
    key(client, "Ann")
    waiting = find(client, "0012").page.text
    kept(client)

    nowhere = find(client, "0000-0000-0000-0000").page.text
    nameless = find(client, "0012").press(by=" ")
    twice = [find(client, "0012").press(by="Cleo").page.status_code, client.get(f"{GATHER}/withdraw/0012").status_code]

    assert "No sheet that is kept has this number" in waiting
    assert "No sheet that is kept has this number" in nowhere
    assert "Write who withdraws it" in nameless.page.text
    assert twice == [200, 404]
    assert steps.status(db, "lanternfield", now=_clock()).counts.get("keyed in (paper)", 0) == 0


def test_after_the_unlinking_nobody_can_tell_whose_it_was_and_the_desk_says_so(place):  # noqa: F811
    client, db, clock = place
    kept(client)
    clock.now = CLOSE + timedelta(days=2)
    steps.advance_rounds(db, now=clock())

    told = find(client, "0012").press(by="Cleo")

    assert "nobody can tell any more whose response is which" in told.page.text
    assert len(rows(db, models.Answer)) == 2
    with pytest.raises(StageError, match="unlinked"):
        steps.withdraw_sheet(db, "lanternfield-gather-1", "0012", by="Cleo", now=clock())
