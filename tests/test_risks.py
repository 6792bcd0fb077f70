"""Words that may tell of a risk reach the role that the protocol names, at once and nobody else, and count as any."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlmodel import select

from consensus import models, steps
from consensus.interface import catalogue
from consensus.risk import risks_in
from consensus.settings import Settings
from consensus.steps import risks
from tests.post_office import PostOffice
from tests.visiting import Visitor, at_the_door, reformed

WORDS = "Some nights I want to die. What helps?"
ROLE = '\n[risk]\nrole = "Safeguarding lead"\nemail = "safe@lanternfield.example.org"\n'


@pytest.fixture
def place(tmp_path):
    folder = reformed(tmp_path / "folder", "ranked", "rank")
    with (folder / "protocol.toml").open("a", encoding="utf-8") as file:
        file.write(ROLE)
    client, db, clock = at_the_door(tmp_path / "home", folder)
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    with PostOffice() as post:
        names = {"CONSENSUS_HOME": str(tmp_path / "home"), "CONSENSUS_SMTP_URL": post.url}
        yield client, db, clock, post, Settings.from_environment(names)
    db.close()


def write(client, *texts):
    visitor = Visitor(client, "/s/lanternfield/gather").press(a__consent="yes").press("next", a__group="public")
    for _ in texts[1:]:
        visitor.press("add:q")
    return visitor.press("next", a__q=list(texts)).press("next").press()


def rows(db, table):
    with db.reading() as session:
        return list(session.exec(select(table)))


def role_page(client, post):
    (_, letter) = post.letters[-1]
    return Visitor(client, re.search(r"/r/\S+", letter.get_content())[0])


@pytest.mark.parametrize("language", ["en", "cy", "ar"])
def test_every_page_says_that_words_are_looked_through_where_they_are_and_that_nobody_reads_where_they_are_not(
    place, tmp_path, language
):
    client, _db, clock, _post, _settings = place
    other, db, _clock = at_the_door(tmp_path / "other", clock=clock)
    steps.open_round(db, "lanternfield", "gather", by="tester", now=clock())
    said = catalogue(language)
    paths = [f"{path}?lang={language}" for path in ("/s/lanternfield/gather", "/print/lanternfield/gather")]
    pages = [[unescape(each.get(path).text) for path in paths] for each in (client, other)]
    db.close()

    assert [[said["support_note_risk"] in page for page in each] for each in pages] == [[True] * 2, [False] * 2]
    assert [[said["support_note"] in page for page in each] for each in pages] == [[False] * 2, [True] * 2]
    assert "Nobody reads" not in "".join(pages[0])


def test_a_flag_is_told_to_the_role_once_without_a_word_of_it(place):
    client, db, clock, post, settings = place
    write(client, WORDS, "Does sleep help?")
    for _ in range(2):
        steps.send_mail(db, "lanternfield", settings, now=clock())

    (flag,) = rows(db, models.RiskFlag)
    raw = post.letters[0][1].as_string()
    assert post.addresses == ["safe@lanternfield.example.org"]
    assert (flag.kind, flag.told_at) == ("suicide/1", clock())
    assert not any(word in raw for word in ("die", "nights", "suicide"))


def test_the_role_reads_the_words_and_records_what_was_done(place):
    client, db, clock, post, settings = place
    write(client, WORDS)
    steps.send_mail(db, "lanternfield", settings, now=clock())
    page = role_page(client, post)
    read = page.page.text
    empty = page.press(done="", by="").page.status_code
    done = page.open(page.path).press(done="Signposted on the partnership's page", by="Ada").page.text

    (flag,) = rows(db, models.RiskFlag)
    assert WORDS in read
    assert empty == 422
    assert "Signposted" in done
    assert (flag.by, flag.done_at) == ("Ada", clock())


def test_a_flag_leaves_nothing_out_and_nobody_else_sees_it(place):
    client, db, _clock, _post, _settings = place
    visitor = write(client, WORDS)

    answer, response = rows(db, models.Answer)[0], rows(db, models.Response)[0]
    others = [client.get(path).text for path in ("/", visitor.path, "/r/lanternfield.nobody", "/r/x")]
    assert (answer.text, answer.status, response.flags) == (WORDS, "", "fast")
    assert not any("may tell of a risk" in page for page in others)
    assert client.get("/r/lanternfield.nobody").status_code == 404


def test_while_no_mail_server_takes_the_letter_the_flag_waits(place):
    client, db, clock, post, settings = place
    write(client, WORDS)
    post.says = lambda step, address: "451 later"
    steps.send_mail(db, "lanternfield", settings, now=clock())
    waits = risks.flags_wait(db, "lanternfield")
    post.says = lambda step, address: None
    steps.send_mail(db, "lanternfield", settings, now=clock())

    assert waits
    assert len(post.letters) == 1
    assert not risks.flags_wait(db, "lanternfield")


def test_once_the_round_is_unlinked_a_flag_tells_the_day_alone(place):
    """Its instant is that of the answer, and would tell whose it is by when somebody was there."""
    client, db, clock, _post, settings = place
    clock.pass_by(hours=3, minutes=25)
    write(client, WORDS)
    steps.send_mail(db, "lanternfield", settings, now=clock())
    clock.now = datetime(2026, 4, 20, 16, 30, tzinfo=UTC)
    steps.advance_rounds(db, now=clock())

    (flag,) = rows(db, models.RiskFlag)
    assert (flag.flagged_at, flag.told_at) == (datetime(2026, 3, 2, tzinfo=UTC),) * 2


def test_withdrawn_words_are_gone_from_the_roles_page(place):
    client, db, clock, post, settings = place
    visitor = write(client, WORDS)
    steps.send_mail(db, "lanternfield", settings, now=clock())
    visitor.open(visitor.path.replace("receipt", "withdraw")).press()

    assert "The person has withdrawn these words since." in role_page(client, post).page.text


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("My partner hits me. Can research help?", ("abuse",)),
        ("Rwyf wedi meddwl am hunanladdiad", ("suicide",)),
        ("أحيانًا أريد أن أموت", ("suicide",)),
        ("I can’t stop cutting myself", ("self_harm",)),
        ("Which diets help grapefruit growers?", ()),
    ],
)
def test_the_lists_find_phrases_in_every_language_and_whole_words_alone(words, kinds):
    assert risks_in(words) == kinds
