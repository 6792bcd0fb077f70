"""Rounds of a Delphi: the own earlier rating beside the groups', kept or changed, joined until the last."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from consensus import models, steps, store
from consensus.errors import ProtocolError, StageError
from consensus.protocol import read_protocol
from consensus.steps import following
from tests.visiting import Visitor, at_the_door, open_interim, reformed

FIRST, SECOND = "lanternfield-interim-1", "lanternfield-interim-2"
ROUND = """
[[rounds.delphi]]
follows = "interim-1"
opens = 2026-08-10T09:00:00
closes = 2026-08-31T17:00:00
"""
BETWEEN = datetime(2026, 7, 28, 9, tzinfo=UTC)
OPEN_AGAIN = datetime(2026, 8, 11, 9, tzinfo=UTC)
OVER = datetime(2026, 9, 1, 9, tzinfo=UTC)


def delphi_folder(folder, more=ROUND):
    reformed(folder, "rated", "rate")
    protocol = folder / "protocol.toml"
    text = re.sub(r"(?m)^small_cells = .*$", "small_cells = 5", protocol.read_text(encoding="utf-8"))
    protocol.write_text(re.sub(r"(?m)^also = .*$", "also = []", text) + more, encoding="utf-8")
    return folder


@pytest.fixture
def rated(tmp_path):
    """Return a Delphi whose first round six carers and two commissioners have rated, with each person's own link."""
    client, db, clock = at_the_door(tmp_path / "home", delphi_folder(tmp_path / "folder"))
    ids = open_interim(db, clock, count=3)
    links = []
    for group, ratings in (("family_carers", [3, 4, 5, 6, 7, 8]), ("commissioners", [1, 1])):
        for rating in ratings:
            visitor = Visitor(client, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group=group)
            given = {f"a__choices__{question}": str(rating) for question in ids}
            visitor.press("next", **given | {f"a__choices__{ids[2]}": "dont_know"}).press("next").press()
            links.append("/t/" + visitor.path.split("/")[2])
    yield client, db, clock, ids, links
    db.close()


def again(client, clock, db, link):
    """Let somebody into the second round from their link into the first."""
    clock.now = BETWEEN
    steps.advance_rounds(db, now=clock())
    clock.now = OPEN_AGAIN
    steps.advance_rounds(db, now=clock())
    return Visitor(client, link).press().press(a__consent="yes")


def rows(db, table):
    with db.reading() as session:
        return list(session.exec(select(table)))


def test_a_person_sees_the_own_rating_beside_the_groups_and_keeps_or_changes_it(rated):
    client, db, clock, ids, links = rated
    visitor = again(client, clock, db, links[0])
    group = visitor.page.text
    page = visitor.press("next").page.text
    visitor.press("next", **{f"a__choices__{ids[0]}": "6"}).press("next").press()

    with db.reading() as session:
        (ballot,) = store.load_ballots(session, SECOND)
        before = {one.ballot_id for one in store.load_ballots(session, FIRST)}
    assert 'value="family_carers" checked' in group
    assert page.count("You gave it 3 before.") == 2
    assert "you said that you don’t know" in page
    assert "</strong>: at least half rated it between 4 and 7; the middle rating is between 5 and 6." in page
    assert not re.search(r"[0-9][.][0-9]", re.sub(r"<[^>]*>", "", page))
    assert visitor.path.endswith("/receipt")
    assert ballot.ballot_id.removesuffix("-r2") in before
    assert '"rank":6' in ballot.choices and '"rank":3' in ballot.choices  # noqa: PT018  changed and kept


def test_a_group_too_small_to_be_shown_is_left_out_of_what_people_see(rated):
    client, db, clock, _ids, links = rated
    page = again(client, clock, db, links[0]).press("next").page.text

    assert page.count("<strong>Family, friends and carers</strong>") == 2
    assert "<strong>Commissioners of services</strong>" not in page


def test_where_half_of_a_group_agree_the_page_says_so_in_whole_numbers_in_every_language(tmp_path):
    client, db, clock = at_the_door(tmp_path / "home", delphi_folder(tmp_path / "folder"))
    ids = open_interim(db, clock, count=2)
    for rating in ("2", "8", "8", "8", "9"):
        visitor = Visitor(client, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group="public")
        visitor.press("next", **{f"a__choices__{question}": rating for question in ids}).press("next").press()
    visitor = again(client, clock, db, "/t/" + visitor.path.split("/")[2]).press("next")
    told = {language: visitor.open(f"{visitor.path}?lang={language}").page.text for language in ("en", "cy", "ar")}
    db.close()

    assert told["en"].count("</strong>: at least half rated it 8; the middle rating is 8.") == 2
    assert told["cy"].count("</strong>: rhoddodd o leiaf hanner sgôr 8 iddo; y sgôr ganol yw 8.") == 2
    assert told["ar"].count("</strong>: أعطاه نصفهم على الأقل 8، والتقييم الأوسط 8.") == 2


def test_between_the_rounds_there_is_no_order(rated):
    _client, db, clock, _ids, _links = rated
    clock.now = BETWEEN
    steps.advance_rounds(db, now=clock(), rank=lambda db, name, now: pytest.fail("ranked between the rounds"))

    with pytest.raises(StageError, match="lanternfield-interim-2' follows"):
        steps.rank_round(db, "lanternfield", now=clock())


def test_people_are_joined_until_the_last_round_and_the_page_says_until_when(rated):
    client, db, clock, _ids, links = rated
    door = again(client, clock, db, links[0])
    told = client.get("/s/lanternfield/interim").text
    joined = [person.response_id for person in rows(db, models.Participation)]
    door.press("next").press("next").press("next").press()
    clock.now = OVER
    steps.advance_rounds(db, now=clock())

    people = rows(db, models.Participation)
    assert "Until Monday 31 August 2026 at 17:00" in told
    assert sum(response is not None for response in joined) == 9
    assert [(one.response_id, one.draft, one.seed) for one in people] == [(None, "{}", None)] * len(people)


def test_the_last_round_is_ranked_and_says_how_far_ratings_settled(rated):
    client, db, clock, ids, links = rated
    for link in links:
        visitor = again(client, clock, db, link).press("next")
        visitor.press("next", **{f"a__choices__{ids[0]}": "9"}).press("next").press()
    clock.now = OVER
    steps.advance_rounds(db, now=clock())
    outcome = steps.rank_round(db, "lanternfield", now=clock())

    settled = outcome.tables["Stability between rounds"].set_index("question")
    before, now = settled["median before"], settled["median now"]
    assert settled["settled"].to_dict() == {ids[0]: "no", ids[1]: "yes", ids[2]: "withheld"}
    assert (before[ids[0]], now[ids[0]], before[ids[1]], now[ids[1]]) == (4.5, 9, 4.5, 4.5)


def test_the_same_link_always_leads_to_the_same_one(rated):
    client, db, clock, _ids, links = rated
    first = again(client, clock, db, links[0]).path.split("/")[2]
    second = Visitor(client, links[0]).press().path.split("/")[2]

    assert first == second
    assert len([one for one in rows(db, models.Participation) if one.round_id == SECOND]) == 1


def test_somebody_new_sees_the_groups_and_no_rating_of_their_own(rated):
    client, db, clock, _ids, links = rated
    again(client, clock, db, links[0])
    visitor = Visitor(client, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group="public")

    assert "You did not rate it before." in visitor.page.text
    assert "<strong>Family, friends and carers</strong>" in visitor.page.text
    with db.reading() as session:
        assert following.number_of(following.later_round(session, session.get(models.Round, FIRST))) == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('follows = "interim-1"', 'follows = "interim-7"'), "the round before it is 'interim-1'"),
        (("opens = 2026-08-10", "opens = 2026-07-20"), "is not after the close and grace of interim-1"),
    ],
)
def test_a_round_that_follows_nothing_or_too_soon_is_a_fault(tmp_path, change, told):
    folder = delphi_folder(tmp_path / "folder", ROUND.replace(*change))

    with pytest.raises(ProtocolError, match=re.escape(told)):
        read_protocol(folder)
