"""New wording is a new version: what people were asked stays to be seen, and who agreed to other words agrees anew."""

from __future__ import annotations

import json

import pytest

from consensus import models, steps, store, survey
from consensus.cli.main import main
from consensus.errors import ProtocolError
from tests.test_survey import begun, fill_gather, gathering, place, rows  # noqa: F401  fixtures
from tests.visiting import EXAMPLE, Visitor

CONSENT = ("I am 16 or older, I have read", "I am 18 or older, I have read")
QUESTION = ('label.en = "Which of these describes you best?"', 'label.en = "Which of these are you?"')
SECOND = ("version = 1", "version = 2")


def reworded(folder, *changes, file="gather.toml"):
    """Write the example with some of a survey's words changed."""
    folder.mkdir()
    for path in EXAMPLE.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        for old, new in changes if path.name == file else ():
            assert old in text
            text = text.replace(old, new, 1)
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def amend(db, clock, folder, why="clearer"):
    return steps.register(db, folder, by="ann", now=clock(), why=why)


@pytest.mark.parametrize(
    ("change", "item"),
    [
        (CONSENT, "consent"),
        (QUESTION, "group"),
        (("You do not need to know anything", "Nobody needs to know anything"), "information"),
    ],
)
def test_other_words_under_the_same_version_are_refused_once_people_can_answer(gathering, tmp_path, change, item):  # noqa: F811
    _client, db, clock = gathering

    with pytest.raises(ProtocolError, match=f"gather.toml: the wording of '{item}' changed .* version = 2"):
        amend(db, clock, reworded(tmp_path / "new", change))
    amend(db, clock, reworded(tmp_path / "newer", change, SECOND))

    assert steps.protocol(db, "lanternfield").gather.version == 2


def test_before_the_round_opens_words_may_change_freely(place, tmp_path):  # noqa: F811
    _client, db, clock = place

    amend(db, clock, reworded(tmp_path / "new", CONSENT), why="")

    assert "18 or older" in steps.protocol(db, "lanternfield").gather.item("consent").label


def test_words_of_a_survey_that_has_not_opened_may_change_while_the_other_is_open(gathering, tmp_path):  # noqa: F811
    _client, db, clock = gathering

    text = (EXAMPLE / "interim.toml").read_text(encoding="utf-8").split("\n")[0]
    amend(db, clock, reworded(tmp_path / "other", (text, 'title.en = "Which matter?"'), file="interim.toml"))

    assert steps.protocol(db, "lanternfield").interim.title == "Which matter?"


def test_a_version_is_never_used_for_other_words_again_and_old_words_may_come_back(gathering, tmp_path):  # noqa: F811
    _client, db, clock = gathering
    for number, changes in enumerate([(CONSENT, SECOND), ()]):
        clock.pass_by(days=1)
        amend(db, clock, reworded(tmp_path / str(number), *changes))

    with pytest.raises(ProtocolError, match=r"write version = 3"):
        amend(db, clock, reworded(tmp_path / "again", QUESTION, SECOND))

    assert steps.protocol(db, "lanternfield").gather.version == 1


def test_an_id_that_people_answered_stays_of_its_type(gathering, tmp_path):  # noqa: F811
    _client, db, clock = gathering

    with pytest.raises(
        ProtocolError, match=r"'group' was of the type 'select_one' .* give what is new an id of its own"
    ):
        amend(db, clock, reworded(tmp_path / "new", ('type = "select_one"', 'type = "select_multiple"'), SECOND))


def test_the_record_names_version_and_items_and_each_response_names_its_words(gathering, tmp_path):  # noqa: F811
    client, db, clock = gathering
    before = steps.protocol(db, "lanternfield").gather
    fill_gather(begun(client), "Why?").press()
    amend(db, clock, reworded(tmp_path / "new", CONSENT, SECOND))
    fill_gather(begun(client), "How?").press()

    with db.reading() as session:
        decisions = store.load_decisions(session, "lanternfield")
    value = decisions[decisions["kind"] == "amendment"].iloc[-1]["value"]
    after = steps.protocol(db, "lanternfield").gather
    assert value["reworded"] == {"gather": {"version": 2, "items": ["consent"]}}
    assert {one.survey_hash for one in rows(db, models.Response)} == {before.hash, after.hash}


def test_who_agreed_to_other_words_agrees_anew_before_anything_is_sent_and_loses_nothing(gathering, tmp_path):  # noqa: F811
    client, db, clock = gathering
    visitor = begun(client)
    own = "/t/" + visitor.path.split("/")[2]
    fill_gather(visitor, "Why do people wait?")
    amend(db, clock, reworded(tmp_path / "new", CONSENT, SECOND))

    visitor.press()
    unsent = rows(db, models.Response)
    asked = Visitor(client, own)
    without = Visitor(client, own).press()
    asked.press(a__consent="yes")
    kept = json.loads(rows(db, models.Participation)[0].draft)
    sent = Visitor(client, f"{own}/check").press()

    assert unsent == []
    assert asked.page.history[0].status_code == 303
    assert "tick the box" in without.page.text
    assert kept["q"] == ["Why do people wait?"]
    assert sent.path == f"{own}/receipt"
    assert [one.survey_hash for one in rows(db, models.Response)] == [steps.protocol(db, "lanternfield").gather.hash]


def test_who_had_the_old_words_before_them_reads_the_new_ones_before_they_begin(gathering, tmp_path):  # noqa: F811
    client, db, clock = gathering
    visitor = Visitor(client, "/s/lanternfield/gather/kith_and_carers")
    amend(db, clock, reworded(tmp_path / "new", CONSENT, SECOND))

    told = visitor.press(a__consent="yes").page.text
    before = rows(db, models.Participation)
    visitor.press(a__consent="yes")

    assert "18 or older" in told
    assert "have changed since you agreed" in told
    assert before == []
    assert visitor.path.startswith("/t/")
    agreed = json.loads(rows(db, models.Participation)[0].draft)["_agreed"]
    assert agreed == survey.opening_hash(steps.protocol(db, "lanternfield").gather)


def test_who_agrees_anew_to_words_that_changed_meanwhile_is_asked_once_more(gathering, tmp_path):  # noqa: F811
    client, db, clock = gathering
    own = "/t/" + begun(client).path.split("/")[2]
    amend(db, clock, reworded(tmp_path / "second", CONSENT, SECOND))
    anew = Visitor(client, f"{own}/agree")
    clock.pass_by(hours=1)
    older = (CONSENT[0], CONSENT[1].replace("18", "21"))
    amend(db, clock, reworded(tmp_path / "third", older, ("version = 1", "version = 3")))

    anew.press(a__consent="yes")
    told = anew.page.text
    anew.press(a__consent="yes")

    assert "have changed since you agreed" in told
    assert "21 or older" in told
    assert not anew.path.endswith("/agree")


def test_who_has_sent_keeps_the_receipt_and_may_withdraw_without_agreeing_anew(gathering, tmp_path):  # noqa: F811
    client, db, clock = gathering
    visitor = fill_gather(begun(client), "Why do people wait?").press()
    own = "/t/" + visitor.path.split("/")[2]
    amend(db, clock, reworded(tmp_path / "new", CONSENT, SECOND))

    receipt = Visitor(client, own).page.text
    again = Visitor(client, f"{own}/check")
    in_welsh = Visitor(client, f"{own}/agree?lang=cy").page.text
    gone = Visitor(client, f"{own}/withdraw").press()

    assert "Your receipt code" in receipt
    assert again.path == f"{own}/agree"
    assert "have changed since you agreed" in again.page.text
    assert "wedi newid ers i chi gytuno" in in_welsh
    assert "Your answers are deleted" in gone.page.text


def test_other_words_for_a_question_ask_nobody_to_agree_anew_but_are_read_before_anything_is_sent(gathering, tmp_path):  # noqa: F811
    client, db, clock = gathering
    visitor = fill_gather(begun(client), "Why do people wait?")
    amend(db, clock, reworded(tmp_path / "new", QUESTION, SECOND))

    visitor.press()
    unsent = rows(db, models.Response)
    told = visitor.page.text
    path = visitor.path
    visitor.press()

    assert unsent == []
    assert path.endswith("/check")
    assert "have changed since you filled it in" in told
    assert "Which of these are you?" in told
    assert "Why do people wait?" in told
    assert visitor.path.endswith("/receipt")
    (sent,) = rows(db, models.Response)
    assert sent.survey_hash == steps.protocol(db, "lanternfield").gather.hash


def test_who_comes_to_the_check_after_the_words_changed_reads_there_that_they_did_until_it_is_sent(gathering, tmp_path):  # noqa: F811
    client, db, clock = gathering
    visitor = fill_gather(begun(client), "Why?")
    before = visitor.page.text
    amend(db, clock, reworded(tmp_path / "new", QUESTION, SECOND))

    anew = visitor.open(visitor.path).page.text
    in_arabic = visitor.open(f"{visitor.path}?lang=ar").page.text
    visitor.press()
    sent = visitor.open(visitor.path.replace("receipt", "check")).page.text

    assert "have changed since you filled it in" in anew
    assert "تغيّرت بعض كلمات هذا الاستبيان" in in_arabic
    assert "have changed" not in before + sent


def test_what_was_sent_keeps_the_words_it_was_sent_under_until_it_is_changed_under_others(gathering, tmp_path):  # noqa: F811
    client, db, clock = gathering
    first = steps.protocol(db, "lanternfield").gather.hash
    visitor = fill_gather(begun(client), "Why?").press()
    check = visitor.path.replace("receipt", "check")
    amend(db, clock, reworded(tmp_path / "new", QUESTION, SECOND))
    second = steps.protocol(db, "lanternfield").gather.hash

    same = visitor.open(check).press().path
    unchanged = [one.survey_hash for one in rows(db, models.Response)]
    visitor.open(check.replace("check", "p/q")).press("next", a__q=["Why, and how?"])
    visitor.open(check).press()

    assert same.endswith("/receipt")
    assert unchanged == [first]
    assert sorted((one.version, one.survey_hash) for one in rows(db, models.Response)) == [(1, first), (2, second)]


def test_whoever_begins_after_the_words_changed_is_told_of_no_change(gathering, tmp_path):  # noqa: F811
    client, db, clock = gathering
    amend(db, clock, reworded(tmp_path / "new", QUESTION, SECOND))

    visitor = fill_gather(begun(client), "Why?")

    assert "have changed" not in visitor.page.text
    assert visitor.press().path.endswith("/receipt")


def test_the_command_tells_it_in_a_sentence(gathering, tmp_path, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))

    status = main(["init", str(reworded(tmp_path / "new", CONSENT)), "--why", "older people only", "--by", "ann"])

    assert status == 2
    assert "write version = 2" in capsys.readouterr().err
