"""The review by commands: screen by screen, two people at once, taken back, and what is not a screen's answer."""

from __future__ import annotations

import csv
import json

import pytest
from openpyxl import load_workbook

from consensus import steps, store
from consensus.cli import main
from consensus.duplicates import ReviewQueue
from consensus.questions import question_id
from consensus.settings import Settings
from consensus.store import Store
from tests import walk
from tests.builders import small_folder


class Desk:
    """The commands of one partnership whose submissions were just cut."""

    def __init__(self, home, capsys) -> None:
        self.home, self.capsys = home, capsys
        self.done("init", str(small_folder(home / "small")))
        self.take(walk.answers_file(home))

    def take(self, answers) -> None:
        mapping = str(walk.answers_mapping(self.home))
        self.done("import", "answers", str(answers), "--mapping", mapping, "--now", walk.ANSWERED.isoformat())
        self.done("deduplicate", "--now", walk.REVIEWED.isoformat())

    def say(self, *arguments: str) -> tuple[int, str, str]:
        status = main(list(arguments))
        out, err = self.capsys.readouterr()
        return status, out, err

    def done(self, *arguments: str) -> str:
        status, out, err = self.say(*arguments)
        assert (status, err) == (0, ""), arguments
        return out

    def decide(self, *arguments: str, by: str = "ann") -> str:
        return self.done("review", *arguments, "--by", by, "--now", walk.REVIEWED.isoformat())

    def screen(self) -> dict:
        return json.loads(self.done("review", "next", "--json"))

    def answer(self, screen: dict, same: list[int], by: str = "ann") -> str:
        return self.decide("answer", screen["screen"], "--same", ",".join(map(str, same)), by=by)

    @property
    def db(self) -> Store:
        return Store.open(Settings.from_environment().database_url)

    def frame(self, name: str):
        with self.db.reading() as session:
            return store.load_frame(session, name, "small")

    def decisions(self):
        with self.db.reading() as session:
            return store.load_decisions(session, "small")

    def ids(self) -> dict[str, str]:
        """Return a submission's id by the beginning of its text."""
        frame = self.frame("submissions")
        return {text[:40]: each for each, text in zip(frame["submission_id"], frame["text"], strict=True)}

    def accept(self, *submissions: str) -> str:
        question = question_id(submissions)
        value = {"submissions": list(submissions), "wording": "What helps?", "category": ""}
        row = {"kind": "same_question", "subject": question, "value": value, "by": "ann", "at": walk.REVIEWED}
        steps.record_decisions(self.db, "small", [row], now=walk.REVIEWED)
        return question


@pytest.fixture
def desk(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    for name in ("CONSENSUS_DATABASE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")  # nothing listens there
    return Desk(tmp_path, capsys)


def test_an_answer_is_kept_with_who_when_and_why_and_progress_counts_it(desk) -> None:
    screen = desk.screen()

    desk.decide("answer", screen["screen"], "--same", "0", "--why", "both ask of sleep")

    (row,) = desk.decisions().to_dict("records")
    assert (row["kind"], row["by"], row["at"], row["why"]) == ("compared", "ann", walk.REVIEWED, "both ask of sleep")
    assert row["value"]["same"] == [screen["candidates"][0]["submissions"]]
    assert json.loads(desk.done("review", "progress", "--json"))["counts"]["decisions"] == 1


def test_candidates_that_ask_the_same_as_one_another_are_said_with_the_answer(desk) -> None:
    screen = desk.screen()
    shown = [candidate["submissions"] for candidate in screen["candidates"]]

    desk.decide("answer", screen["screen"], "--also", "0,1")

    value = desk.decisions()["value"].item()
    assert value["also"] == [shown[:2]]
    assert value["same"] == []
    assert "--also NUMBERS" in desk.done("review", "next")


def test_what_is_piled_with_a_question_is_traced_with_the_decision_that_brought_it_there(desk) -> None:
    screen = desk.screen()
    question = desk.accept(screen["candidates"][0]["submissions"][0])

    desk.decide("answer", screen["screen"], "--also", "0,1", "--why", "one matter")

    assert "one matter" in desk.done("trace", question)


def test_a_pile_without_a_number_is_refused_and_nothing_is_kept(desk) -> None:
    status, _, err = desk.say("review", "answer", desk.screen()["screen"], "--also", ",", "--by", "ann")

    assert status == 2
    assert "--also names no candidate" in err
    assert desk.decisions().empty


def test_a_screen_shows_the_id_of_every_text_so_that_it_can_be_moved_or_set_aside(desk) -> None:
    shown = desk.screen()

    told = desk.done("review", "next")

    assert all(f"{each['submissions'][0]}: {each['text']}" in told for each in (shown["anchor"], *shown["candidates"]))


def test_of_two_people_who_answer_one_screen_the_second_is_told_and_nothing_is_lost(desk) -> None:
    screen = desk.screen()
    desk.answer(screen, [0], by="ann")

    status, _, err = desk.say("review", "answer", screen["screen"], "--same", "", "--by", "ben")

    assert status == 3
    assert "somebody decided in between" in err
    assert desk.decisions()["by"].tolist() == ["ann"]


def test_taking_back_the_last_answer_asks_it_again(desk) -> None:
    screen = desk.screen()
    desk.answer(screen, [0])

    desk.decide("undo", "--why", "misread")

    assert desk.decisions()["kind"].tolist() == ["compared", "undo"]
    assert desk.screen() == screen


def test_of_two_people_who_answer_at_the_same_moment_the_second_is_told_and_nothing_is_lost(desk, monkeypatch) -> None:
    screen = desk.screen()
    decide, one = ReviewQueue.answer, screen["anchor"]["submissions"][0]
    value = {"anchor": [one], "same": [], "different": [screen["candidates"][0]["submissions"]]}
    row = {"kind": "compared", "subject": one, "value": value, "by": "ann", "at": walk.REVIEWED, "why": ""}

    def while_somebody_else_decides(queue, *what, **how) -> None:
        decide(queue, *what, **how)
        steps.record_decisions(desk.db, "small", [row], now=walk.REVIEWED)

    monkeypatch.setattr(ReviewQueue, "answer", while_somebody_else_decides)
    status, _, err = desk.say("review", "answer", screen["screen"], "--same", "0", "--by", "ben")

    assert (status, "somebody decided in between" in err) == (3, True)
    assert desk.decisions()["by"].tolist() == ["ann"]


def test_only_screens_and_the_workbook_show_what_people_wrote_and_no_log_does(desk, caplog) -> None:
    caplog.set_level("DEBUG")
    path = desk.home / "review.xlsx"

    desk.take(walk.answers_file(desk.home))
    told = [desk.answer(desk.screen(), [0]), desk.done("review", "progress"), desk.decide("undo")]
    told += [desk.done("deduplicate"), desk.done("review", "export", str(path)), desk.done("status")]
    workbook = load_workbook(path)
    workbook["Read me"]["B3"] = "yes"
    workbook.save(path)
    told += [desk.done("review", "import", str(path), "--by", "ann"), desk.done("quarantine")]
    workbook["Review"]["I2"] = "g0123456789ab"
    workbook.save(path)
    told.append(desk.say("review", "import", str(path), "--by", "ann")[2])

    words = {" ".join(text.split()[:4]) for text in desk.frame("submissions")["text"]}
    assert "row 2" in told[-1]
    assert not [each for each in words if each in caplog.text or each in "".join(told)]


def test_taking_back_tells_whose_decision_it_was(desk) -> None:
    desk.answer(desk.screen(), [0], by="ann")

    told = desk.decide("undo", by="ben")

    assert f"Taken back is what ann decided on {walk.REVIEWED:%Y-%m-%d at %H:%M} UTC: compared." in told


def test_a_decision_that_stands_again_can_be_taken_back_again(desk) -> None:
    desk.answer(desk.screen(), [0])
    first = desk.decisions()["decision_id"].iloc[0]
    desk.decide("undo")
    desk.done("undo", desk.decisions()["decision_id"].iloc[1], "--why", "it was right", "--by", "ann")

    desk.decide("undo", "--why", "it was wrong after all")

    assert desk.decisions()["subject"].iloc[-1] == first


def test_what_a_workbook_decided_is_taken_back_whole_and_can_be_taken_again(desk) -> None:
    light = desk.ids()["Does light therapy in the morning help a"]
    desk.decide("set-aside", light, "--why", "asked elsewhere", by="cy")
    path = desk.home / "review.xlsx"
    desk.done("review", "export", str(path))
    workbook = load_workbook(path)
    workbook["Read me"]["B3"] = "yes"
    rows = workbook["Review"]
    heads = {cell.value: cell.column for cell in rows[1]}
    row = next(row[0].row for row in rows.iter_rows(min_row=2) if str(row[3].value).startswith("The parking"))
    rows.cell(row, heads["out of scope"]).value, rows.cell(row, heads["reason"]).value = "x", "about one place"
    workbook.save(path)
    desk.done("review", "import", str(path), "--by", "ann", "--now", walk.OPENED.isoformat())
    read, aside = desk.frame("lineage"), desk.frame("set_aside")

    told = desk.decide("undo", "--whole", "--why", "rows were sorted apart", by="ben")

    assert "what ann decided" in told
    assert f"{len(read['question_id'].unique()) + 1} decisions" in told
    assert desk.frame("lineage").empty
    assert desk.frame("set_aside").set_index("submission_id").loc[light, "reason"] == "asked elsewhere"
    desk.done("review", "import", str(path), "--by", "ann", "--now", walk.RANKED.isoformat())
    assert desk.frame("lineage").equals(read)
    assert desk.frame("set_aside")["reason"].tolist() == aside["reason"].tolist()


def test_a_workbook_that_somebody_works_on_stays_and_the_new_one_is_named(desk) -> None:
    path = desk.home / "review.xlsx"
    desk.done("review", "export", str(path))
    workbook = load_workbook(path)
    workbook["Review"]["M2"] = "What helps?"
    workbook.save(path)
    worked_on = path.read_bytes()

    told = desk.done("review", "export", str(path))

    assert path.read_bytes() == worked_on
    assert f"The workbook is {path.with_stem('review-2')}." in told
    assert path.with_stem("review-2").is_file()


def test_there_is_nothing_to_take_back_before_anybody_decided(desk) -> None:
    status, _, err = desk.say("review", "undo")

    assert status == 3
    assert "no decision" in err


def test_answers_that_contradict_each_other_come_up_as_a_screen_that_settles_them(desk) -> None:
    screen = desk.screen()
    one, other = screen["anchor"]["submissions"][0], screen["candidates"][0]["submissions"][0]
    desk.answer(screen, [0], by="ann")
    apart = {"anchor": [one], "same": [], "different": [[other]]}
    row = {"kind": "compared", "subject": one, "value": apart, "by": "ben", "at": walk.REVIEWED, "why": ""}
    steps.record_decisions(desk.db, "small", [row], now=walk.REVIEWED)

    contest = desk.screen()
    desk.answer(contest, [0], by="cy")

    assert "contradict" in contest["why"]
    assert {one, other} <= {
        each for shown in (contest["anchor"], *contest["candidates"]) for each in shown["submissions"]
    }
    assert "contradict" not in desk.screen()["why"]


def test_answers_that_arrive_later_join_the_review_and_leave_decisions_alone(desk) -> None:
    desk.answer(desk.screen(), [0])
    before = desk.decisions()
    with walk.answers_file(desk.home).open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(
            ["r-new", walk.ANSWERED.isoformat(), "carer", "yes", "Do naps help against low mood?"]
        )

    desk.take(desk.home / "in" / "answers.csv")

    assert desk.decisions().equals(before)
    assert "Do naps help against low mood?" in desk.ids()
    assert desk.screen()["screen"]


def test_what_is_split_off_leaves_its_question_and_waits_for_another(desk) -> None:
    ids = desk.ids()
    one, other = (
        ids["Does light therapy in the morning help ag"[:40]],
        ids["Can light therapy in the morning help ag"[:40]],
    )
    question = desk.accept(one, other)
    beside = {"anchor": [one], "same": [[other]], "different": []}
    row = {"kind": "compared", "subject": one, "value": beside, "by": "ann", "at": walk.REVIEWED, "why": ""}
    steps.record_decisions(desk.db, "small", [row], now=walk.REVIEWED)

    desk.decide("split", other, "--why", "asks of depression")

    assert desk.decisions().iloc[-1][["kind", "by", "why"]].tolist() == ["split", "ann", "asks of depression"]
    assert desk.frame("lineage").values.tolist() == [[question, one]]


def test_what_was_set_aside_with_a_reason_comes_back_when_it_is_moved_beside_another(desk) -> None:
    ids = desk.ids()
    parking, light = ids["The parking at our clinic is terrible."], ids["Does light therapy in the morning help a"]
    question = desk.accept(light)

    desk.decide("set-aside", parking, "--why", "about one place")
    aside = desk.frame("set_aside").set_index("submission_id").loc[parking]
    desk.decide("move", parking, light, by="ben")

    assert (aside["reason"], aside["by"]) == ("about one place", "ann")
    assert [question, parking] in desk.frame("lineage").values.tolist()
    assert parking not in set(desk.frame("set_aside")["submission_id"])


def test_what_may_be_out_of_scope_is_shown_likeliest_first_and_stays_where_it_is(desk) -> None:
    status, _, err = desk.say("review", "screen")
    assert (status, "Nothing can be learned of the scope" in err) == (3, True)
    kept, gone, *rest = sorted(desk.frame("submissions")["submission_id"])
    desk.accept(kept)
    desk.done("review", "set-aside", gone, "--why", "about one place", "--by", "ann")

    shown = json.loads(desk.done("review", "screen", "--json"))["screening"]

    assert sorted(row["submission_id"] for row in shown) == rest
    assert [row["place"] for row in shown] == list(range(1, len(rest) + 1))
    assert all(row["text"] for row in shown)
    assert len(desk.decisions()) == 2


def test_a_question_is_worded_anew_by_name_and_the_wording_can_be_taken_back(desk) -> None:
    question = desk.accept(desk.ids()["Does light therapy in the morning help a"])

    desk.decide("reword", question, "Does light in the morning help?", "--why", "plainer", by="ben")
    reworded = desk.frame("questions")["wording"].tolist()
    desk.decide("undo")

    row = desk.decisions().iloc[1]
    assert (row["kind"], row["subject"], row["by"], row["why"]) == ("wording", question, "ben", "plainer")
    assert reworded == ["Does light in the morning help?"]
    assert desk.frame("questions")["wording"].tolist() == ["What helps?"]


def test_a_group_is_worded_by_a_submission_in_it_and_the_workbook_shows_the_question(desk) -> None:
    light = desk.ids()["Does light therapy in the morning help a"]

    desk.decide("reword", light, "Does light help?", "--why", "plainer", by="ben")
    desk.decide("reword", desk.frame("questions")["question_id"].iloc[0], "Does morning light help?")
    desk.done("review", "export", str(desk.home / "review.xlsx"))
    sheet = load_workbook(desk.home / "review.xlsx")["Questions"]
    desk.decide("undo")
    desk.decide("undo")

    assert [sheet.cell(2, 2).value, sheet.max_row] == ["Does morning light help?", 2]
    assert desk.frame("questions").empty
    assert desk.decisions()["kind"].tolist() == ["same_question", "wording", "undo", "undo"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["split", "s-none"], "unknown or set aside"),
        (["move", "s-none", "s-none"], "unknown or set aside"),
        (["set-aside", "s-none", "--why", "x"], "no submission of this queue"),
        (["reword", "q-none", " "], "There is no summary question 'q-none'"),
        (["reword", "q-none", " "], "The wording is empty"),
        (["answer", "v-none", "--same", "one"], "no list of numbers"),
        (["answer", "v-none", "--also", "1;2"], "--also '1;2' is no list of numbers"),
    ],
)
def test_a_mistyped_act_ends_with_2_and_a_sentence_and_decides_nothing(desk, arguments, sentence) -> None:
    status, _, err = desk.say("review", *arguments)

    assert status == 2
    assert sentence in err
    assert desk.decisions().empty
