"""Taking part before, after and in spite of: states of a round, grace, late, withdrawal, bots, forms from elsewhere."""

from __future__ import annotations

import json
import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from consensus import models, steps
from consensus.cli.main import main
from consensus.errors import ProtocolError
from consensus.interface import LANGUAGES, catalogue
from consensus.protocol import read_protocol
from consensus.steps.ballots import counted_ballots
from tests.visiting import EXAMPLE, Visitor, at_the_door, open_interim, reformed

CLOSE = datetime(2026, 7, 27, 16, tzinfo=UTC)  # 17:00 in London, in summer


@pytest.fixture
def place(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home")
    yield client, db, clock
    db.close()


@pytest.fixture
def interim(place):
    client, db, clock = place
    open_interim(db, clock)
    return client, db, clock


def rows(db, table):
    with db.reading() as session:
        return list(session.exec(select(table)))


def counted(db):
    with db.reading() as session:
        row = session.get(models.Round, "lanternfield-interim-1")
        return counted_ballots(session, row)


def at_the_check(client):
    """Fill in a ballot of two questions up to the check."""
    visitor = Visitor(client, "/s/lanternfield/interim/harbour_voices").press(a__consent="yes")
    visitor.press("next", a__group="lived_experience")
    shown = [value for name, value in visitor.form.fields if name == "shown"]
    visitor.press("order", a__choices=shown[:2]).press("next").press("next")
    assert visitor.path.endswith("/check")
    return visitor


def own(visitor):
    return "/t/" + visitor.path.split("/")[2]


def together(times, act):
    """Do something many times at once."""
    threads = [threading.Thread(target=act) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_before_it_opens_the_page_says_when_in_the_partnerships_time_zone(place):
    client, _db, _clock = place

    page = client.get("/s/lanternfield/interim").text

    assert "This survey is not open yet" in page
    assert "Monday 15 June 2026 at 09:00 (Europe/London)" in page


def test_a_paused_survey_takes_nothing_and_keeps_what_was_typed(interim):
    client, db, clock = interim
    visitor = Visitor(client, "/s/lanternfield/interim").press(a__consent="yes")
    steps.pause_round(db, "lanternfield-interim-1", by="tester", why="the server moves", now=clock())
    visitor.press("next", a__group="public")
    paused = visitor.page.text
    newcomer = client.get("/s/lanternfield/interim").text
    steps.resume_round(db, "lanternfield-interim-1", by="tester", why="", now=clock())

    assert "This survey is paused" in paused
    assert "Monday 27 July 2026 at 17:00" in newcomer
    assert 'value="public" checked' in client.get(own(visitor) + "/p/group").text


@pytest.mark.parametrize(
    ("after_the_close", "counts"),
    [(-1, True), (0, True), (60, True), (30 * 60, True), (30 * 60 + 1, False)],
)
def test_who_had_begun_before_the_close_has_the_grace_and_no_more(interim, after_the_close, counts):
    client, db, clock = interim
    visitor = at_the_check(client)
    clock.now = CLOSE + timedelta(seconds=after_the_close)
    visitor.press()

    assert visitor.path.endswith("/receipt")
    assert ("This arrived after the close" in visitor.page.text) is not counts
    assert (len(counted(db).ballots), counted(db).late) == ((1, 0) if counts else (0, 1))


def test_after_the_close_nobody_begins_and_the_page_says_when_it_closed(interim):
    client, db, clock = interim
    door = Visitor(client, "/s/lanternfield/interim")
    clock.now = CLOSE + timedelta(seconds=1)
    door.press(a__consent="yes")

    assert "It closed Monday 27 July 2026 at 17:00 (Europe/London)" in door.page.text
    assert rows(db, models.Participation) == []


def test_a_change_after_the_close_and_grace_leaves_the_earlier_ballot_to_count(interim):
    client, db, clock = interim
    visitor = at_the_check(client)
    visitor.press()
    first = counted(db).ballots[0].choices
    clock.now = CLOSE + timedelta(hours=1)
    visitor.open(own(visitor) + "/p/choices/order")
    visitor.press("down:" + json.loads(first)[0]["item_id"]).open(own(visitor) + "/check").press()

    assert [ballot.version for ballot in rows(db, models.Ballot)] == [1, 2]
    assert [ballot.choices for ballot in counted(db).ballots] == [first]
    assert "takes the place of the one that you had before" not in visitor.page.text  # the first one stands


def test_late_words_are_kept_beside_those_that_came_in_time(place):
    client, db, clock = place
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    visitor = Visitor(client, "/s/lanternfield/gather").press(a__consent="yes").press("next", a__group="public")
    visitor.press("next", a__q="In time?").press("next").press()
    clock.now = datetime(2026, 4, 21, 9, tzinfo=UTC)
    visitor.open(own(visitor) + "/p/q").press("next", a__q="Too late?").open(own(visitor) + "/check").press()

    kept = {(answer.text, answer.status) for answer in rows(db, models.Answer)}

    assert kept == {("In time?", ""), ("Too late?", "received after the close")}


def test_withdrawing_erases_what_was_sent_and_the_link_says_so(interim):
    client, db, _clock = interim
    visitor = at_the_check(client)
    visitor.press()
    commitment = rows(db, models.Response)[0].commitment
    visitor.open(own(visitor) + "/withdraw").press()

    response, person = (rows(db, table)[0] for table in (models.Response, models.Participation))

    assert "Your answers are deleted" in visitor.page.text
    assert (response.replies, response.nonce, response.commitment) == ("{}", "", commitment)
    assert (rows(db, models.Ballot), person.draft, person.state) == ([], "{}", "withdrawn")


def test_an_address_for_the_outcome_is_joined_to_nothing(interim):
    client, db, _clock = interim
    form = Visitor(client, "/i/lanternfield").press(email="not an address")
    told = form.page.text
    form.press(email="ada@example.org", outcome="yes")

    interest = rows(db, models.Interest)[0]

    assert told.count("Please write an e-mail address") == 2
    assert 'value="not an address"' in told
    assert (interest.email, interest.outcome, interest.workshop) == ("ada@example.org", True, False)
    assert {column.name for column in models.Interest.__table__.columns} == {
        "interest_id",
        "partnership",
        "email",
        "language",
        "outcome",
        "workshop",
    }


def test_a_form_larger_than_any_page_is_refused_with_a_way_back(interim):
    client, _db, _clock = interim
    visitor = at_the_check(client)

    answer = client.post(own(visitor) + "/p/group", data={"a.group": "x" * 600_000})

    assert answer.status_code == 413
    assert "Back button" in answer.text


def test_fifty_posts_of_one_token_at_once_leave_one_ballot(interim):
    client, db, _clock = interim
    visitor = at_the_check(client)
    together(50, lambda: client.post(own(visitor) + "/check", data={}))

    assert [ballot.version for ballot in rows(db, models.Ballot)] == [1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_journey_speaks_one_language(place, language):
    client, db, clock = place
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    visitor = Visitor(client, f"/s/lanternfield/gather?lang={language}").press(a__consent="yes")
    seen = [visitor.page.text]
    for said in ({"a__group": "public"}, {"a__q": "?"}, {}, {}):
        seen.append(visitor.press("next" if visitor.form.buttons[0][0] else "", **said).page.text)

    words = catalogue(language)

    assert visitor.path.endswith("/receipt")
    assert all(f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page for page in seen)
    assert all(words["support_heading"] in page for page in seen)
    assert words["receipt_code"] in seen[-1]
    assert rows(db, models.Response)[0].language == language


def test_every_language_has_every_sentence_with_the_same_names_in_it():
    names = {
        language: {key: set(re.findall(r"{(\w+)}", text)) for key, text in catalogue(language).items()}
        for language in LANGUAGES
    }

    assert set(LANGUAGES) == {"ar", "cy", "en"}
    assert all(names[language] == names["en"] for language in LANGUAGES)


def test_a_missing_translation_is_named_with_its_key(tmp_path, capsys):
    for path in EXAMPLE.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    gather = tmp_path / "gather.toml"
    lines = [line for line in gather.read_text(encoding="utf-8").splitlines() if 'hint.cy = "Mae llawer' not in line]
    gather.write_text("\n".join(lines), encoding="utf-8")

    status = main(["check", str(tmp_path)])
    told = capsys.readouterr().err

    assert status == 2
    assert "gather.toml: items.5.hint has no text in 'cy'; add hint.cy." in told
    with pytest.raises(ProtocolError, match=r"add hint\.cy"):
        read_protocol(tmp_path)
    assert main(["check", str(EXAMPLE)]) == 0


def test_a_full_survey_takes_nobody_new_and_still_those_who_had_begun(interim):
    client, db, _clock = interim
    begun = at_the_check(client)
    with db.writing() as session:
        session.get(models.Round, "lanternfield-interim-1").cap = 1
    at_the_check(client).press()
    newcomer = client.get("/s/lanternfield/interim").text
    begun.press()

    assert "This survey is full" in newcomer
    assert len(counted(db).ballots) == 2


def test_each_question_can_be_rated_and_not_knowing_is_kept_as_such(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home", reformed(tmp_path / "rated", "rated", "rate"))
    ids = open_interim(db, clock, count=3)
    visitor = Visitor(client, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group="public")
    visitor.press("next", **{f"a__choices__{ids[0]}": "7", f"a__choices__{ids[1]}": "99"})
    told = visitor.page.text
    visitor.press("next", **{f"a__choices__{ids[1]}": "dont_know", f"a__choices__{ids[2]}": "1"}).press("next").press()

    responses = counted(db).responses().set_index("item_id")["rank"]
    db.close()

    assert "Questions without an answer: 2." in told
    assert [responses[ids[0]], responses[ids[2]]] == [7, 1]
    assert responses.isna()[ids[1]]
