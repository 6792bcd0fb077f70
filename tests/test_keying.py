"""Keying in sheets at the desk: twice, by two people; settled where they differ; sent by the same step as the web."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from consensus import models, receipts, steps
from consensus.steps.ballots import counted_ballots
from consensus.steps.paper import paper_of
from tests.visiting import Visitor, at_the_desk, at_the_door, open_interim, reformed

GATHER = "/desk/key/lanternfield-gather-1"
INTERIM = "/desk/key/lanternfield-interim-1"
WORDS = ["Why does nobody\nlisten?", 'Is "<b>sleep</b>" enough?']


@pytest.fixture
def place(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home")
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    clock.pass_by(days=1)
    yield at_the_desk(client), db, clock
    db.close()


def rows(db, table):
    with db.reading() as session:
        return list(session.exec(select(table)))


def key(client, by, **changed):
    """Key in a gathering sheet."""
    said = {"sheet": "0012", "mode": "paper", "by": by, "language": "en", "day": "2026-03-02", "a__consent": "yes"}
    visitor = Visitor(client, GATHER)
    said |= {"a__group": "family_carers", "a__q": WORDS, "version": printed_now(visitor)}
    return visitor.press("keep", **(said | changed))


def printed_now(visitor):
    """Return the version that the desk says stands on sheets as they are printed now."""
    return re.search(r"such as ([0-9]+-[0-9a-f]{4}),", visitor.page.text).group(1)


def rank(client, by, numbers, **changed):
    """Key in a ballot."""
    said = {"sheet": "7", "mode": "telephone", "by": by, "language": "en", "day": "2026-06-16", "a__consent": "yes"}
    said |= {"a__group": "public"} | {f"n__choices__{place}": str(n) for place, n in enumerate(numbers, start=1)}
    return Visitor(client, INTERIM).press("keep", **(said | changed))


def code_on(visitor):
    return re.search(r'class="code">([^<]+)<', visitor.page.text).group(1)


def test_one_entry_is_no_response_yet(place):
    client, db, _clock = place

    page = key(client, "Ann").page.text

    assert "waits for the second entry" in page
    assert rows(db, models.Response) == []


def test_two_entries_that_agree_become_one_response_with_its_mode_and_receipt(place):
    client, db, _clock = place
    key(client, "Ann")

    kept = key(client, "Ben", a__q=["Why does nobody  listen?", WORDS[1]])

    (response,) = rows(db, models.Response)
    assert (response.mode, response.group, response.flags) == ("paper", "family_carers", "")
    assert code_on(kept) == receipts.receipt_code(response.commitment)
    answers = sorted((row.box, row.text, row.source) for row in rows(db, models.Answer))
    assert answers == [("q1", WORDS[0], "paper"), ("q2", WORDS[1], "paper")]


def test_once_a_sheet_is_kept_its_words_are_kept_in_one_place_alone(place):
    client, db, _clock = place
    key(client, "Ann")
    key(client, "Ben")

    assert [(row.entry, row.content, row.settled) for row in rows(db, models.PaperEntry)] == [
        (1, "{}", True),
        (2, "{}", True),
    ]


def test_one_person_cannot_key_in_both_entries(place):
    client, db, _clock = place
    key(client, "Ann")

    page = key(client, " ann ", a__q="Something else?").page

    assert page.status_code == 422
    assert "another person keys it in again" in page.text
    assert "Something else?" in page.text
    assert len(rows(db, models.PaperEntry)) == 1


@pytest.mark.parametrize("by", ["Ann", "Ben", "Cleo"])
def test_entering_a_sheet_again_changes_nothing(place, by):
    client, db, _clock = place
    key(client, "Ann")
    key(client, "Ben")
    before = [row.model_dump() for table in (models.Response, models.Answer) for row in rows(db, table)]

    page = key(client, by, a__q="Another?").page.text

    assert "Nothing was changed" in page
    assert [row.model_dump() for table in (models.Response, models.Answer) for row in rows(db, table)] == before


def test_the_same_entry_by_the_same_person_is_kept_once(place):
    client, db, _clock = place
    key(client, "Ann")

    page = key(client, "Ann").page.text

    assert "Nothing was changed" in page
    assert len(rows(db, models.PaperEntry)) == 1


def test_where_two_entries_differ_both_are_shown_field_by_field_and_a_person_settles_it(place):
    client, db, _clock = place
    key(client, "Ann", a__q="Why?", a__age="25_to_44")

    differing = key(client, "Ben", a__q="Who?", a__age="45_to_64", mode="assisted")

    assert differing.path == f"{GATHER}/settle/0012"
    legends = re.findall(r"<legend><h2>(.*?)</h2>", differing.page.text)
    assert legends[0] == "How the person answered"
    assert len(legends) == 3
    assert all(shown in differing.page.text for shown in ("Why?", "Who?", "25 to 44", "45 to 64"))
    assert rows(db, models.Response) == []

    partly = differing.press("settle", by="Cleo", pick__mode="second", pick__q="own", own__q="Why me?\n\nHow?")
    assert partly.page.status_code == 422
    assert "Why me?" in partly.page.text

    kept = partly.press("settle", by="Cleo", pick__mode="second", pick__q="own", pick__age="first")
    (response,) = rows(db, models.Response)
    assert response.mode == "assisted"
    assert '"age":"25_to_44"' in response.replies
    assert sorted(row.text for row in rows(db, models.Answer)) == ["How?", "Why me?"]
    assert code_on(kept) == receipts.receipt_code(response.commitment)
    assert [row.by for row in rows(db, models.PaperEntry)] == ["Ann", "Ben", "Cleo"]


def test_a_third_entry_waits_until_the_first_two_are_settled(place):
    client, db, _clock = place
    key(client, "Ann", a__q="Why?")
    key(client, "Ben", a__q="Who?")

    page = key(client, "Cleo", a__q="Why?").page

    assert page.status_code == 422
    assert "waits to be settled" in page.text
    assert rows(db, models.Response) == []


def test_every_fault_is_told_at_once_and_nothing_keyed_is_lost(place):
    client, db, _clock = place

    page = key(client, "", sheet="", mode=[], day="never", a__consent=[], a__q=["x" * 2001, "Kept?"]).page

    assert page.status_code == 422
    told = page.text.split('class="faults"')[1].split("</div>")[0]
    assert told.count("<li>") == 6
    assert "Kept?" in page.text
    assert "x" * 2001 in page.text
    assert rows(db, models.PaperEntry) == []


def test_what_a_person_left_blank_on_paper_stays_blank(place):
    client, db, _clock = place
    key(client, "Ann", a__group=[])
    key(client, "Ben", a__group=[])

    (response,) = rows(db, models.Response)
    assert response.group == "not_stated"


def test_a_ballot_is_keyed_in_by_the_numbers_on_paper_and_counts_as_any_other(place):
    client, db, clock = place
    open_interim(db, clock)
    asked = [question.id for question in paper_of(db, "lanternfield", "interim").questions]
    rank(client, "Ann", [3, "", "01"])

    rank(client, "Ben", [3, 1])

    with db.reading() as session:
        (ballot,) = counted_ballots(session, session.get(models.Round, "lanternfield-interim-1")).ballots
    ranked = {choice["rank"]: choice["item_id"] for choice in json.loads(ballot.choices)}
    assert ranked == {1: asked[2], 2: asked[0]}
    assert ballot.source == "telephone"


def test_a_rated_ballot_is_printed_with_its_scale_and_keyed_in_with_what_is_not_known(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home", reformed(tmp_path / "rated", "rated", "rate"))
    client = at_the_desk(client)
    asked = open_interim(db, clock, 3)

    printed = client.get("/print/lanternfield/interim").text
    for by in ("Ann", "Ben"):
        rank(client, by, [], **{f"a__choices__{asked[0]}": "7", f"a__choices__{asked[2]}": "dont_know"})

    assert printed.count('<span class="scale"><span>1</span>') == 3
    (ballot,) = rows(db, models.Ballot)
    assert {choice["item_id"]: choice.get("rank") for choice in json.loads(ballot.choices)} == {
        asked[0]: 7,
        asked[2]: None,
    }
    db.close()


def test_numbers_that_no_question_has_or_that_stand_twice_are_told_with_their_box(place):
    client, db, clock = place
    open_interim(db, clock)

    page = rank(client, "Ann", [99, 2, 2]).page.text

    assert "In box 1 stands no number of a question" in page
    assert "the second time in box 3" in page
    assert 'value="99"' in page


CLOSE = datetime(2026, 4, 20, 16, tzinfo=UTC)  # 17:00 in London, in summer


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"day": "2026-04-21"}, "came after the close"),
        ({"day": "2026-04-20"}, "write the time at which it came"),
        ({"day": "2026-04-20", "time": "17:01"}, "came after the close"),
        ({"day": "2026-04-20", "time": "17:00"}, "write who says that the sheet came before the close"),
        ({"day": "2026-04-30"}, "still to come"),
        ({"day": "2026-03-01"}, "before the round opened"),
    ],
)
def test_after_the_close_a_sheet_is_refused_unless_somebody_says_that_it_came_before(place, when, said):
    client, db, clock = place
    clock.now = CLOSE + timedelta(days=2)

    page = key(client, "Ann", **when).page

    assert page.status_code == 422
    assert said in page.text
    assert WORDS[1].split("<")[0].strip(' "') in page.text
    assert rows(db, models.PaperEntry) == []


def test_a_sheet_that_came_before_the_close_counts_and_who_says_so_is_recorded(place):
    client, db, clock = place
    clock.now = CLOSE + timedelta(days=2)
    steps.close_round(db, "lanternfield-gather-1", now=clock())
    when = {"day": "2026-04-20", "time": "16:59", "vouched": "Dora of the post room"}

    key(client, "Ann", **when)
    key(client, "Ben", **when)

    (response,) = rows(db, models.Response)
    assert response.received_at == CLOSE - timedelta(minutes=1)
    assert {row.status for row in rows(db, models.Answer)} == {""}
    acts = [(row.by, row.why) for row in rows(db, models.Decision) if '"key in"' in row.value]
    assert acts == [("Ben", "sheet 0012 came 2026-04-20 16:59, says Dora of the post room")]


def test_a_first_entry_before_the_close_is_witness_enough(place):
    client, db, clock = place
    clock.now = CLOSE - timedelta(hours=1)
    key(client, "Ann", day="2026-04-20")
    clock.now = CLOSE + timedelta(days=1)

    key(client, "Ben", day="2026-04-20")

    (response,) = rows(db, models.Response)
    assert response.received_at == CLOSE - timedelta(hours=1)


def test_in_a_round_that_is_unlinked_nothing_joins_a_sheet_to_its_response(place):
    client, db, clock = place
    clock.now = CLOSE + timedelta(days=2)
    steps.close_round(db, "lanternfield-gather-1", now=clock())
    steps.advance_rounds(db, now=clock())
    assert [row.round_id for row in rows(db, models.Round) if row.unlinked_at] == ["lanternfield-gather-1"]
    key(client, "Ann", vouched="Dora")

    kept = key(client, "Ben", vouched="Dora")

    (response,), (person,) = rows(db, models.Response), rows(db, models.Participation)
    assert code_on(kept) == receipts.receipt_code(response.commitment)
    assert (person.response_id, person.draft, person.seed, person.began_at) == (None, "{}", None, None)


@pytest.mark.parametrize("act", ["draft", "paused"])
def test_a_round_that_is_not_open_or_paused_takes_no_sheet_and_loses_nothing(place, act):
    client, db, clock = place
    if act == "paused":
        steps.pause_round(db, "lanternfield-gather-1", by="tester", why="post", now=clock())
        page = key(client, "Ann").page
    else:
        page = Visitor(client, INTERIM).press("keep", sheet="1", by="Ann", mode="paper", a__group="public").page

    assert page.status_code == 422
    assert 'value="Ann"' in page.text
    assert rows(db, models.PaperEntry) == []


@pytest.mark.parametrize("path", [GATHER, f"{GATHER}/settle/0012", "/desk", "/desk/anything"])
@pytest.mark.parametrize(
    ("address", "site", "headers"),
    [
        ("192.0.2.7", "http://127.0.0.1", {}),
        ("127.0.0.1", "http://desk.example.org", {}),
        ("127.0.0.1", "http://127.0.0.1", {"x-forwarded-for": "192.0.2.7"}),
    ],
)
def test_the_desk_answers_to_this_machine_alone(place, path, address, site, headers):
    client, _db, _clock = place
    other = TestClient(client.app, base_url=site, client=(address, 5000), headers=headers)

    assert other.get(path).status_code == 403
    assert other.post(path, data={"sheet": "1"}).status_code == 403


def test_no_receipt_is_shown_that_is_not_in_the_round(place):
    client, _db, _clock = place

    page = client.get(f"{GATHER}?done=kept&sheet=1&code=0000-0000-0000-0000").text

    assert "0000-0000" not in page


def test_hostile_words_are_shown_as_they_were_keyed_in(place):
    client, db, _clock = place
    hostile = "</textarea><script>alert(1)</script>"
    key(client, "<b>Ann</b>", a__q=hostile)

    settling = key(client, "Ben", a__q=hostile + "!")

    assert "<script" not in settling.page.text
    assert "<b>Ann" not in settling.page.text
    settling.press("settle", by="Cleo", pick__q="first")
    assert [row.text for row in rows(db, models.Answer)] == [hostile]


def test_an_entry_that_waits_can_be_discarded_and_keyed_in_anew(place):
    client, db, _clock = place
    key(client, "Ann", a__q="A slip of the hand?")
    nameless = Visitor(client, f"{GATHER}/discard/0012").press(by=" ").page.status_code
    told = Visitor(client, f"{GATHER}/discard/0012").press(by="Cleo").page.text
    left = rows(db, models.PaperEntry)
    key(client, "Ann")
    key(client, "Ben")

    recorded = next(row for row in rows(db, models.Decision) if '"discard"' in row.value)
    assert nameless == 422
    assert "The entries of sheet 0012 are discarded" in told
    assert left == []
    assert (recorded.by, "slip" in recorded.why) == ("Cleo", False)
    assert len(rows(db, models.Response)) == 1


def test_a_sheet_that_is_kept_cannot_be_discarded(place):
    client, db, _clock = place
    key(client, "Ann")
    key(client, "Ben")
    before = len(rows(db, models.PaperEntry))

    assert client.get(f"{GATHER}/discard/0012").status_code == 404
    assert client.post(f"{GATHER}/discard/0012", data={"by": "Cleo"}).status_code == 422
    assert len(rows(db, models.PaperEntry)) == before
