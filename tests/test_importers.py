"""Files that people bring: what can be taken is taken as it stands, and what cannot is told with row and reason."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from consensus.errors import DataError
from consensus.importers import read_answers, read_ballots, read_mapping
from consensus.importers.mapping import AnswersMapping, BallotsMapping, Mapping
from consensus.importers.people import columns_at_the_door
from consensus.importers.reading import read_table
from consensus.importers.workbook import cell_text, write_cell
from consensus.vocabulary import NOT_STATED
from consensus.workbooks import to_cell
from tests.builders import small_protocol
from tests.profiles import examples

PROTOCOL = small_protocol()
ANSWERS = Mapping(
    answers=AnswersMapping(response_id="id", group="role", consent="ok", received_at="when", texts=("q1", "q2"))
)


def write(path: Path, *rows: list[str], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows as a CSV file and return its path."""
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def answers_file(tmp_path: Path, *rows: list[str]) -> Path:
    """Write answers under the headings of `ANSWERS`."""
    return write(tmp_path / "answers.csv", ["id", "role", "ok", "when", "q1", "q2"], *rows)


# Tables


def test_every_cell_is_read_as_it_stands(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ["id", "text"], ["007", "NA"], ["1.0", "None"], ["", "null"])

    table = read_table(path)

    assert table.frame.values.tolist() == [["007", "NA"], ["1.0", "None"], ["", "null"]]
    assert table.frame.index.tolist() == [2, 3, 4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_that_cuts_the_heading(tmp_path: Path, delimiter: str) -> None:
    path = write(tmp_path / "a.csv", ["id", "what, if anything; really"], ["1", "a,b;c\td"], delimiter=delimiter)

    assert read_table(path).frame.values.tolist() == [["1", "a,b;c\td"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_byte_order_mark_says_how_the_text_is_written(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    mark = "\ufeff".encode("utf-16-le") if encoding == "utf-16-le" else b""
    path.write_bytes(mark + "id,text\r\n1,naïve – 😀\r\n".encode(encoding))

    assert read_table(path).frame["text"].tolist() == ["naïve – 😀"]


def test_cells_that_are_not_utf_8_are_read_and_named_without_their_words(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id,text\n1,café\n".encode() + b"2,it\x92s na\xefve\n3,\x81\n")

    table = read_table(path)

    assert table.frame["text"].tolist() == ["café", "it’s naïve", "\x81"]
    assert "row 3 column 2, row 4 column 2" in table.warnings[0]
    assert "na" not in table.warnings[0].split("row", 1)[1]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \r\n\r\n", b"id,text\r\n", b"id,text\n,\n"])
def test_a_file_without_a_row_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)

    with pytest.raises(DataError, match=r"is empty|no row under them"):
        read_table(path)


def test_a_quotation_mark_that_never_closes_is_refused_instead_of_swallowing_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,"my son\n2,fine\n', encoding="utf-8")

    with pytest.raises(DataError, match="quotation mark"):
        read_table(path)


def test_cells_beyond_the_last_heading_are_kept_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ["id", "text"], ["1", "one"], ["2", "two", "three"])

    table = read_table(path)

    assert table.frame.values.tolist() == [["1", "one", ""], ["2", "two", "three"]]
    assert "row 3" in table.warnings[0]


def test_headings_that_are_missing_or_come_again_get_names_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ["id", "q", "", "q"], ["1", "a", "b", "c"])

    assert list(read_table(path).frame.columns) == ["id", "q", "column 3", "q (2)"]


def test_a_workbook_is_known_by_its_bytes_and_its_cells_read_as_text(tmp_path: Path) -> None:
    workbook = Workbook()
    for row in (
        ["id", "when", "text"],
        [7, datetime(2026, 1, 5, 9, 30, tzinfo=UTC).replace(tzinfo=None), "NA"],
        [None, None, None],
        [2.5, True, "=1+1"],
    ):
        workbook.active.append(row)
    workbook.active["C4"].data_type = "s"
    workbook.save(tmp_path / "a.csv")

    table = read_table(tmp_path / "a.csv")

    assert table.frame.values.tolist() == [["7", "2026-01-05 09:30:00", "NA"], ["2.5", "TRUE", "=1+1"]]
    assert table.frame.index.tolist() == [2, 4]


# Cells that are written


@examples
@given(st.text(max_size=40))
def test_any_text_written_to_a_cell_is_read_back_as_it_was(text: str) -> None:
    assert cell_text(to_cell(text)) == text


def test_a_text_too_long_for_a_cell_is_cut_and_says_so() -> None:
    cell = write_cell(Workbook().active, 1, 1, "a" * 40_000)

    assert len(cell.value) == 32_767
    assert "40,000 characters" in cell.value[-100:]


# Answers


def test_answers_are_one_row_a_person_and_box_in_which_something_is_written(tmp_path: Path) -> None:
    path = answers_file(
        tmp_path,
        ["1", "Family and CARERS ", "Yes", "2026-01-06 10:00", "Why?", ""],
        ["2", "lived", "yes", "2026-07-01T10:00:00Z", "How?", "NA"],
        ["3", "", "yes", "", "What?", "  "],
    )

    imported = read_answers(path, PROTOCOL, ANSWERS)
    told = imported.answers.sort_values(["response_id", "box"])

    assert told[["response_id", "box", "group", "text"]].values.tolist() == [
        ["1", "q1", "carer", "Why?"],
        ["2", "q1", "lived", "How?"],
        ["2", "q2", "lived", "NA"],
        ["3", "q1", NOT_STATED, "What?"],
    ]
    assert told["received_at"].tolist()[0] == datetime(2026, 1, 6, 10, tzinfo=UTC)
    assert told["received_at"].tolist()[1] == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert told["received_at"].tolist()[3] is None


def test_a_time_without_a_zone_is_one_of_the_partnerships(tmp_path: Path) -> None:
    path = answers_file(tmp_path, ["1", "lived", "yes", "2026-07-01 10:00", "Why?", ""])

    assert read_answers(path, PROTOCOL, ANSWERS).answers["received_at"].tolist() == [
        datetime(2026, 7, 1, 9, tzinfo=UTC)
    ]


def test_no_consent_and_unknown_groups_go_to_quarantine_with_row_and_reason(tmp_path: Path) -> None:
    path = answers_file(
        tmp_path,
        ["1", "lived", "no", "", "Why?", ""],
        ["2", "lived", "", "", "Why?", ""],
        ["3", "wizard", "yes", "", "Why?", ""],
        ["4", "lived", "yes", "", "Kept?", ""],
    )

    imported = read_answers(path, PROTOCOL, ANSWERS)

    assert imported.answers["text"].tolist() == ["Kept?"]
    assert imported.quarantine["row"].tolist() == [2, 3, 4]
    assert imported.quarantine["reason"].tolist()[:2] == ["consent is not affirmed"] * 2
    assert "lists lived, carer, clinician" in imported.quarantine["reason"].tolist()[2]
    assert "wizard" not in imported.quarantine["reason"].tolist()[2]


def test_a_group_that_may_not_submit_is_not_let_in_by_a_file(tmp_path: Path) -> None:
    protocol = small_protocol(**{'name = "Practitioners"': 'name = "Practitioners"\nsubmits = false'})
    path = answers_file(tmp_path, ["1", "clinician", "yes", "", "Why?", ""])

    assert "does not let" in read_answers(path, protocol, ANSWERS).quarantine["reason"].item()


def test_a_mapping_says_what_the_values_of_a_file_mean(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", ["who", "ok", "words"], ["mum", "I am in", "Why?"], ["rather not say", "I am in", "How?"]
    )
    (tmp_path / "m.toml").write_text(
        '[answers]\ngroup = "who"\nconsent = "ok"\nconsent_values = ["I am in"]\ntexts = ["words"]\n'
        'groups = {"Mum" = "carer", "rather not say" = "not_stated"}\n',
        encoding="utf-8",
    )

    imported = read_answers(path, PROTOCOL, tmp_path / "m.toml")

    assert sorted(imported.answers["group"]) == ["carer", NOT_STATED]
    assert Mapping.model_validate(imported.mapping) == read_mapping(tmp_path / "m.toml")


def test_a_mapping_written_down_reads_back_the_same(tmp_path: Path) -> None:
    ballots = BallotsMapping(response_id='the "id"', questions={"Frage\n1": "q1"}, form="rated", labels={"ä\\": "q2"})
    mapping = Mapping(answers=ANSWERS.answers, ballots=ballots)
    (tmp_path / "m.toml").write_text(str(mapping), encoding="utf-8")

    assert read_mapping(tmp_path / "m.toml") == mapping


def test_every_fault_of_a_mapping_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text('[answers]\ntext = "q1"\n[ballots]\nform = "raced"\n', encoding="utf-8")

    with pytest.raises(DataError) as refused:
        read_mapping(path)
    assert len(refused.value.faults) == 3


def test_every_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ["id", "role"], ["1", "lived"])

    with pytest.raises(DataError) as refused:
        read_answers(path, PROTOCOL, ANSWERS)
    assert len(refused.value.faults) == 4
    assert "'id', 'role'" in refused.value.faults[0]


def test_without_a_mapping_the_columns_are_guessed_and_the_guess_is_shown(tmp_path: Path) -> None:
    label = "What question about sleep should research answer?"
    path = write(tmp_path / "a.csv", ["Response ID", label, "Stakeholder group"], ["1", "Why?", "carer"])

    imported = read_answers(path, PROTOCOL)

    assert imported.answers[["response_id", "group", "text"]].values.tolist() == [["1", "carer", "Why?"]]
    assert imported.mapping is not None
    assert imported.mapping.guessed
    assert 'group = "Stakeholder group"' in imported.warnings[-1]


def test_a_file_in_which_nothing_looks_like_a_text_asks_for_a_mapping(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="write a mapping"):
        read_answers(write(tmp_path / "a.csv", ["id", "age"], ["1", "40"]), PROTOCOL)


def test_an_answer_of_a_megabyte_is_taken_whole_and_told(tmp_path: Path) -> None:
    path = answers_file(tmp_path, ["1", "lived", "yes", "", "a" * 1_048_576, ""])

    imported = read_answers(path, PROTOCOL, ANSWERS)

    assert imported.answers["text"].str.len().tolist() == [1_048_576]
    assert "1,048,576 characters" in imported.warnings[0]


def test_importing_rows_in_another_order_gives_the_same_answers(tmp_path: Path) -> None:
    rows = [
        ["1", "lived", "yes", "", "Why?", ""],
        ["1", "lived", "yes", "", "How?", ""],
        ["", "carer", "yes", "", "X?", ""],
    ]

    one = read_answers(answers_file(tmp_path, *rows), PROTOCOL, ANSWERS).answers
    other = read_answers(answers_file(tmp_path, *reversed(rows)), PROTOCOL, ANSWERS).answers

    assert one["answer_id"].is_unique
    assert one.equals(other)


def test_a_response_id_that_comes_again_is_kept_as_one_person(tmp_path: Path) -> None:
    rows = [["1", "lived", "yes", "", "Why?", ""], ["1", "lived", "yes", "", "Why?", ""]]

    imported = read_answers(answers_file(tmp_path, *rows), PROTOCOL, ANSWERS)

    assert imported.answers["response_id"].tolist() == ["1", "1"]
    assert any("repeat a response id" in warning for warning in imported.warnings)


def test_columns_that_name_people_stay_at_the_door(tmp_path: Path) -> None:
    head = ["id", "role", "ok", "when", "q1", "q2", "IPAddress", "Your name", "e-mail"]
    path = write(tmp_path / "a.csv", head, ["1", "lived", "yes", "", "Why?", "", "10.0.0.1", "Jo", "jo@example.org"])

    imported = read_answers(path, PROTOCOL, ANSWERS)

    assert imported.dropped_columns == ("IPAddress", "Your name", "e-mail")
    assert "example.org" not in imported.answers.to_csv()


def test_a_question_about_names_or_places_is_no_column_of_names() -> None:
    assert (
        columns_at_the_door(["What is the name of your treatment?", "group name", "q1", "long covid", "shipping"], [])
        == ()
    )


# Ballots

RANKS = Mapping(ballots=BallotsMapping(response_id="id", group="role", received_at="when", ranks=("1st", "2nd", "3rd")))


def test_columns_for_places_hold_questions(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", ["id", "role", "when", "1st", "2nd", "3rd"], ["1", "lived", "", "q2", "", "q9"])

    responses = read_ballots(path, PROTOCOL, RANKS).responses

    assert responses[["question_id", "item_id", "rank", "chosen"]].values.tolist() == [
        ["ranking", "q2", 1, 1],
        ["ranking", "q9", 3, 1],
    ]


def test_columns_for_questions_hold_places(tmp_path: Path) -> None:
    path = write(tmp_path / "b.csv", ["id", "role", "Sleep", "Work"], ["1", "lived", "2", "1"], ["2", "carer", "1", ""])
    mapping = Mapping(ballots=BallotsMapping(response_id="id", group="role", questions={"Sleep": "q1", "Work": "q2"}))

    responses = read_ballots(path, PROTOCOL, mapping).responses

    assert responses[["response_id", "item_id", "rank"]].values.tolist() == [
        ["1", "q1", 2],
        ["1", "q2", 1],
        ["2", "q1", 1],
    ]


@pytest.mark.parametrize(
    ("form", "cells", "expected"),
    [
        ("chosen", ["x", "0", "-1", ""], [("q1", None, 1), ("q2", None, 0), ("q3", None, -1)]),
        ("points", ["60", "40", "0", ""], [("q1", 60, 1), ("q2", 40, 1), ("q3", 0, 1)]),
        ("rated", ["9", "don't know", "1", ""], [("q1", 9, 1), ("q2", None, None), ("q3", 1, 1)]),
    ],
)
def test_one_row_a_question_holds_ticks_points_or_ratings(
    tmp_path: Path, form: str, cells: list[str], expected
) -> None:
    rows = [["1", "lived", f"q{n}", cell] for n, cell in enumerate(cells, start=1)]
    path = write(tmp_path / "b.csv", ["id", "role", "question", "value"], *rows)
    mapping = BallotsMapping(
        response_id="id", group="role", question_column="question", value_column="value", form=form
    )

    responses = read_ballots(path, PROTOCOL, Mapping(ballots=mapping)).responses

    assert [*responses[["item_id", "rank", "chosen"]].itertuples(index=False, name=None)] == expected


def test_a_ballot_that_cannot_be_read_goes_to_quarantine_whole_and_stops_no_other(tmp_path: Path) -> None:
    head = ["id", "role", "when", "q0123456789ab", "qba9876543210"]
    path = write(
        tmp_path / "b.csv",
        head,
        ["1", "wizard", "", "1", "2"],
        ["2", "lived", "soon", "1", "2"],
        ["3", "lived", "", "first", "2"],
        ["4", "lived", "", "", ""],
        ["5", "lived", "", "1", "2"],
    )
    mapping = Mapping(
        ballots=BallotsMapping(response_id="id", group="role", received_at="when", questions={h: h for h in head[3:]})
    )

    imported = read_ballots(path, PROTOCOL, mapping)

    assert set(imported.responses["response_id"]) == {"5"}
    assert imported.quarantine["row"].tolist() == [2, 3, 4, 5]
    assert "nothing is chosen" in imported.quarantine["reason"].tolist()[3]


def test_of_a_repeated_ballot_the_last_by_its_time_counts_and_none_without_a_time(tmp_path: Path) -> None:
    path = write(
        tmp_path / "b.csv",
        ["id", "role", "when", "1st", "2nd", "3rd"],
        ["1", "lived", "2026-04-08 10:00", "q2", "", ""],
        ["1", "lived", "2026-04-07 10:00", "q1", "", ""],
        ["2", "lived", "", "q1", "", ""],
        ["2", "lived", "", "q2", "", ""],
        ["3", "lived", "", "q1", "", ""],
        ["3", "lived", "", "q1", "", ""],
    )

    imported = read_ballots(path, PROTOCOL, RANKS)

    assert imported.responses[["response_id", "item_id"]].values.tolist() == [["1", "q2"], ["3", "q1"]]
    assert imported.quarantine["row"].tolist() == [3, 4, 5, 7]


def test_ballots_are_recognised_by_their_headings(tmp_path: Path) -> None:
    wide = write(tmp_path / "b.csv", ["id", "group", "rank_2", "rank_1"], ["1", "lived", "q2", "q1"])
    long = write(
        tmp_path / "c.csv",
        ["ballot", "group", "question", "rank"],
        ["1", "lived", "q1", "1"],
        ["1", "lived", "q2", "2"],
    )

    one, other = read_ballots(wide, PROTOCOL).responses, read_ballots(long, PROTOCOL).responses

    assert one.equals(other)


# Polis

POLIS = small_protocol(
    **{'id = "lived"': 'id = "group_0"', 'id = "carer"': 'id = "group_1"', 'form = "ranked"': 'form = "chosen"'}
)
COMMENTS = [
    ["timestamp", "datetime", "comment-id", "author-id", "agrees", "disagrees", "moderated", "comment-body"],
    ["1503491937484", "Wed Aug 23 2017", "0", "1", "2", "0", "1", "Rest helps?"],
    ["1593461131", "Mon Jun 29 2020", "1", "2", "1", "1", "-1", "Spam, spam"],
    ["1593461131", "Mon Jun 29 2020", "2", "3", "0", "1", "0", "Work, too"],
]
WIDE = [
    ["participant", "xid", "group-id", "n-comments", "n-votes", "n-agree", "n-disagree", "0", "1", "2"],
    ["1", "mail-1", "0", "1", "2", "2", "0", "1", "1", ""],
    ["2", "", "1", "1", "3", "1", "1", "1", "-1", "0"],
    ["3", "", "", "1", "1", "0", "1", "", "", "-1"],
]
LONG = [
    ["participant", "group", "item", "vote"],
    ["1", "0", "0", "1"],
    ["1", "0", "1", "1"],
    ["2", "1", "0", "1"],
    ["2", "1", "1", "-1"],
    ["2", "1", "2", "0"],
    ["3", "", "2", "-1"],
]


def conversation(folder: Path, votes: list[list[str]]) -> Path:
    """Write a conversation with file names that tell nothing."""
    folder.mkdir()
    write(folder / "one.csv", *COMMENTS)
    write(folder / "two.csv", *votes)
    write(
        folder / "three.csv", ["timestamp", "datetime", "comment-id", "voter-id", "vote"], ["1", "Mon", "0", "1", "1"]
    )
    return folder


def test_a_conversation_is_read_from_polis_own_export(tmp_path: Path) -> None:
    folder = conversation(tmp_path / "polis", WIDE)

    answers = read_answers(folder, POLIS).answers.sort_values("box")

    assert answers[["response_id", "group", "text", "status"]].values.tolist() == [
        ["1", "group_0", "Rest helps?", ""],
        ["2", "group_1", "Spam, spam", "rejected by the conversation's moderators"],
        ["3", NOT_STATED, "Work, too", ""],
    ]
    assert answers["received_at"].tolist()[0] == datetime(2017, 8, 23, 12, 38, 57, 484000, tzinfo=UTC)
    assert answers["received_at"].tolist()[1] == datetime(2020, 6, 29, 20, 5, 31, tzinfo=UTC)
    assert read_answers(folder, POLIS).dropped_columns == ("xid",)


def test_votes_are_the_same_in_the_wide_and_in_the_long_form(tmp_path: Path) -> None:
    wide = read_ballots(conversation(tmp_path / "wide", WIDE), POLIS)
    long = read_ballots(conversation(tmp_path / "long", LONG), POLIS)
    alone = read_ballots(tmp_path / "long" / "two.csv", POLIS)

    assert wide.responses.equals(long.responses)
    assert wide.responses.equals(alone.responses)
    assert wide.warnings == ()
    assert set(wide.responses["item_id"]) == set(read_answers(tmp_path / "wide", POLIS).answers["answer_id"])


def test_people_in_no_opinion_group_are_counted_apart(tmp_path: Path) -> None:
    responses = read_ballots(conversation(tmp_path / "polis", LONG), POLIS).responses

    assert dict(zip(responses["response_id"], responses["group"], strict=True)) == {
        "1": "group_0",
        "2": "group_1",
        "3": NOT_STATED,
    }


def test_votes_with_the_sign_of_polis_database_are_noticed(tmp_path: Path) -> None:
    turned = [LONG[0], *([*row[:3], str(-int(row[3]))] for row in LONG[1:])]

    assert "sign turned round" in read_ballots(conversation(tmp_path / "polis", turned), POLIS).warnings[0]


def test_votes_that_contradict_or_cannot_be_read_go_to_quarantine(tmp_path: Path) -> None:
    more = [["1", "0", "2", "1"], ["1", "0", "2", "-1"], ["2", "1", "2", "maybe"], ["4", "0", "7", "1"]]

    imported = read_ballots(conversation(tmp_path / "polis", [*LONG, *more]), POLIS)

    assert imported.quarantine["row"].tolist() == [8, 9, 10, 11]
    assert len(imported.responses) == 6


def test_opinion_groups_that_the_protocol_lacks_are_a_fault_of_the_file_unless_mapped(tmp_path: Path) -> None:
    folder = conversation(tmp_path / "polis", LONG)
    mapped = Mapping(ballots=BallotsMapping(groups={"0": "lived", "1": "carer"}))

    with pytest.raises(DataError) as refused:
        read_ballots(folder, PROTOCOL)
    assert len(refused.value.faults) == 2
    assert set(read_ballots(folder, PROTOCOL, mapped).responses["group"]) == {"lived", "carer", NOT_STATED}


def test_a_folder_with_two_conversations_asks_which_is_meant(tmp_path: Path) -> None:
    folder = conversation(tmp_path / "polis", LONG)
    write(folder / "four.csv", *COMMENTS)

    with pytest.raises(DataError, match=r"2 files hold statements: four\.csv, one\.csv"):
        read_answers(folder, POLIS)


def test_a_public_conversation_is_read_whole(shared: Path) -> None:
    folder = shared / "rankings"
    answers = read_answers(folder / "polis_football-concussions_statements.csv", POLIS).answers
    responses = read_ballots(folder / "polis_football-concussions_votes.csv", POLIS).responses

    assert len(answers) == 298
    assert (answers["status"] != "").sum() == 137
    assert responses["chosen"].value_counts().to_dict() == {1: 6637, -1: 4227, 0: 3464}
    people = responses.drop_duplicates("response_id")["group"].value_counts().to_dict()
    assert people == {"group_0": 1281, "group_1": 153, NOT_STATED: 53}
    assert set(responses["item_id"]) <= set(answers["answer_id"])


def test_a_survey_export_that_is_not_utf_8_is_read(shared: Path) -> None:
    table = read_table(shared / "exports" / "surveymonkey" / "538_StarWars.csv")

    assert len(table.frame) == 1187
    assert any("Windows-1252" in warning for warning in table.warnings)
