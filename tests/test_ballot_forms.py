"""Every form of ballot from the page to a ranking: chosen without an order, rated, and best and worst of small sets."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from consensus import models, receipts, steps, survey
from consensus.interim import ballots_from_responses
from consensus.protocol import SurveyItem
from consensus.steps.ballots import counted_ballots
from tests.test_keying import printed_now
from tests.visiting import Visitor, at_the_desk, at_the_door, open_interim, reformed

AFTER = datetime(2026, 7, 28, 9, tzinfo=UTC)
ROUND = "lanternfield-interim-1"


@pytest.fixture
def door(tmp_path):
    """Return what opens the example's interim round with another form of ballot."""
    opened = []

    def open_with(form, item, count=8):
        folder = reformed(tmp_path / "folder", form, item)
        protocol = folder / "protocol.toml"
        text = re.sub(r"(?m)^also = .*$", "also = []", protocol.read_text(encoding="utf-8"))
        protocol.write_text(re.sub(r"(?m)^small_cells = .*$", "small_cells = 0", text), encoding="utf-8")
        client, db, clock = at_the_door(tmp_path / "home", folder)
        opened.append(db)
        return client, db, clock, open_interim(db, clock, count=count)

    yield open_with
    for db in opened:
        db.close()


def begun(client, group="public"):
    return Visitor(client, "/s/lanternfield/interim").press(a__consent="yes").press("next", a__group=group)


def rows(db, table):
    with db.reading() as session:
        return list(session.exec(select(table)))


def counted(db):
    with db.reading() as session:
        return counted_ballots(session, session.get(models.Round, ROUND))


def shown_in(visitor):
    """Return the name of a set's field and the questions that it shows."""
    names = re.findall(r'name="(a\.choices\.\d+)\.best" value="([^"]+)"', visitor.page.text)
    return names[0][0].replace(".", "__"), [question for _, question in names]


def pick(visitor, order):
    """Pick in one set the first and the last of an order of all questions."""
    name, shown = shown_in(visitor)
    first, *_, last = sorted(shown, key=order.index)
    return visitor.press("next", **{f"{name}__best": first, f"{name}__worst": last})


def test_choices_without_an_order_are_sent_and_ranked(door):
    client, db, clock, ids = door("chosen", "select_multiple")
    for chosen in (ids[:3], ids[:2], ids[:1]):
        begun(client).press("order", a__choices=chosen).press("next").press()
    stored = [json.loads(ballot.choices) for ballot in rows(db, models.Ballot)]
    clock.now = AFTER
    steps.advance_rounds(db, now=clock())
    steps.rank_round(db, "lanternfield", now=clock())

    assert sorted(len(choices) for choices in stored) == [1, 2, 3]
    assert {tuple(sorted(choice)) for choices in stored for choice in choices} == {("chosen", "item_id", "question_id")}
    assert steps.listed_questions(db, "lanternfield")["question_id"].tolist()[:3] == ids[:3]


def test_best_and_worst_of_small_sets_are_picked_sent_and_ranked(door):
    client, db, clock, ids = door("best_worst", "best_worst")
    for _ in range(3):
        visitor = begun(client)
        while "/p/choices" in visitor.path:
            pick(visitor, ids)
        visitor.press("next").press()
    responses = counted(db).responses()
    ballots = ballots_from_responses(responses, form="best_worst")
    clock.now = AFTER
    steps.advance_rounds(db, now=clock())
    steps.rank_round(db, "lanternfield", now=clock())
    ranked = steps.listed_questions(db, "lanternfield")["question_id"].tolist()

    tasks = ballots.groupby(["ballot", "set"])["value"]
    assert visitor.path.endswith("/receipt")
    assert list(ballots.columns) == ["ballot", "group", "question", "value", "set"]
    assert (tasks.max() == 1).all()
    assert (tasks.min() == -1).all()
    assert (tasks.sum() == 0).all()
    assert set(tasks.size()) == {4}
    assert (ranked[0], ranked[-1]) == (ids[0], ids[-1])


def test_a_set_must_have_two_different_picks_and_what_was_picked_stays(door):
    client, _db, _clock, _ids = door("best_worst", "best_worst")
    visitor = begun(client)
    name, shown = shown_in(visitor)
    half = visitor.press("next", **{f"{name}__best": shown[1]}).page.text
    same = visitor.press("next", **{f"{name}__best": shown[1], f"{name}__worst": shown[1]}).page.text

    assert "In set 1, please pick one question that matters most and one that matters least." in half
    assert f'value="{shown[1]}" checked' in half
    assert "the same question cannot matter most and least" in same
    assert "Problem: " in visitor.page.text


def test_each_person_meets_sets_of_their_own_that_stay(door):
    client, db, _clock, _ids = door("best_worst", "best_worst", count=20)
    visitors = [begun(client) for _ in range(4)]
    seen = [shown_in(visitor)[1] for visitor in visitors]
    again = [shown_in(visitor.open(visitor.path))[1] for visitor in visitors]

    assert seen == again
    assert len({tuple(shown) for shown in seen}) > 1
    assert all(person.seed is not None for person in rows(db, models.Participation))


@pytest.mark.parametrize("count", [4, 5, 9, 30, 61])
def test_the_sets_of_a_person_are_balanced(count):
    item = SurveyItem(id="b", type="best_worst", label="Pick", choices_from="questions")
    ids = [f"q{n}" for n in range(count)]
    sets = survey.sets_of(ids, 5, size=survey.set_size(item, count), count=survey.set_count(item, count))
    met = [sum(question in shown for shown in sets) for question in ids]

    assert all(len(set(shown)) == min(4, count) for shown in sets)
    assert max(met) - min(met) <= 1
    assert sets == survey.sets_of(ids[::-1], 5, size=survey.set_size(item, count), count=len(sets))


def test_sets_are_printed_and_keyed_in_twice(door):
    client, db, _clock, _ids = door("best_worst", "best_worst")
    printed = client.get("/print/lanternfield/interim").text
    desk = at_the_desk(client)
    form = Visitor(desk, f"/desk/key/{ROUND}")
    picks = {}
    for name, options in re.findall(r'<select id="s-[^"]*" name="([^"]+)">(.*?)</select>', form.page.text):
        values = re.findall(r'value="([^"]+)"', options)
        picks[name.replace(".", "__")] = values[0] if name.endswith("best") else values[-1]
    said = {"sheet": "7", "mode": "paper", "language": "en", "day": "2026-06-16", "a__consent": "yes"}
    said["version"] = printed_now(form)
    for by in ("Ann", "Ben"):
        page = Visitor(desk, f"/desk/key/{ROUND}").press("keep", by=by, a__group="public", **said, **picks).page.text

    (response,) = rows(db, models.Response)
    assert printed.count("Set ") >= 6
    assert "circle the number of the question that matters most" in printed
    assert receipts.receipt_code(response.commitment) in page
    assert (
        counted(db).responses().groupby("set")["value"].agg(["min", "max", "size"]).to_numpy().tolist()
        == [[-1, 1, 4]] * 6
    )


def test_sheets_have_designs_with_a_number_by_which_they_are_keyed_in(door):
    client, _db, _clock, _ids = door("best_worst", "best_worst")
    pages = [client.get(f"/print/lanternfield/interim?design={number}").text for number in (1, 2, 12, 99)]
    numbers = [re.findall(r'<span class="number">(\d+)</span>', page) for page in pages]
    desk = at_the_desk(client)
    keyed = desk.get(f"/desk/key/{ROUND}?design=2").text
    offered = re.findall(r'<option value="[^"]+">(\d+): ', keyed)
    said = {"sheet": "7", "mode": "paper", "by": "Ann", "language": "en", "day": "2026-06-16", "a__consent": "yes"}
    said["version"] = printed_now(Visitor(desk, f"/desk/key/{ROUND}"))
    (first,) = re.findall(r'name="a.choices.1.best">.*?<option value="(q\w+)">', keyed, re.DOTALL)[:1]
    (last,) = re.findall(r'name="a.choices.1.worst">.*<option value="(q\w+)">', keyed.partition("choices.2.")[0])[:1]
    picks = {"a__choices__1__best": first, "a__choices__1__worst": last, "a__group": "public"}
    visitor = Visitor(desk, f"/desk/key/{ROUND}?design=2").press("keep", **said, **picks)

    assert ["Design 1" in pages[0], "Design 2" in pages[1], "Design 12" in pages[2]] == [True] * 3
    assert numbers[0] != numbers[1] != numbers[2]
    assert numbers[3] == numbers[0]
    assert sorted(offered) == sorted(numbers[1] * 2)
    assert "Sheet 7 is keyed in once" in visitor.page.text
    assert "Sheet of design 2" in visitor.page.text


def test_two_entries_by_different_designs_are_shown_to_differ(door):
    client, _db, _clock, _ids = door("best_worst", "best_worst")
    desk = at_the_desk(client)
    said = {"sheet": "7", "mode": "paper", "language": "en", "day": "2026-06-16", "a__consent": "yes"}
    said["version"] = printed_now(Visitor(desk, f"/desk/key/{ROUND}"))
    for by, design in (("Ann", "1"), ("Ben", "2")):
        page = desk.get(f"/desk/key/{ROUND}?design={design}").text
        shown = re.findall(r'<select id="s-choices-1-best".*?</select>', page, re.DOTALL)[0]
        values = re.findall(r'value="(q\w+)"', shown)
        picks = {"a__choices__1__best": values[0], "a__choices__1__worst": values[1]}
        visitor = Visitor(desk, f"/desk/key/{ROUND}?design={design}")
        visitor.press("keep", by=by, a__group="public", **said, **picks)

    assert visitor.path.endswith("/settle/7")
