"""The `consensus` command: what it did, what comes next, and whose fault it is when it could not."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from openpyxl import load_workbook

from consensus.cli import main
from consensus.cli.main import build_parser
from tests import walk
from tests.builders import small_folder

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CONSENSUS_DATABASE_URL", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")  # nothing listens there
    return tmp_path


def say(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


def at(instant) -> list[str]:
    return ["--now", instant.isoformat()]


def agree_to(review: str) -> None:
    book = load_workbook(review)
    book["Read me"]["B3"] = "yes"
    book.save(review)


def test_a_partnership_goes_from_folder_to_publication_by_commands_alone(home, capsys):
    folder = small_folder(home / "small")
    review = str(home / "home" / "outputs" / "small" / "review.xlsx")
    mapping = str(walk.answers_mapping(home))
    calls = [
        ["init", str(folder)],
        ["import", "answers", str(walk.answers_file(home)), "--mapping", mapping, *at(walk.ANSWERED)],
        ["deduplicate", *at(walk.REVIEWED)],
        ["review", "export"],
        ["review", "import", review, "--by", "ann", *at(walk.REVIEWED)],
        ["round", "open", "interim", *at(walk.OPENED)],
        ["round", "extend", "small-interim-1", "2026-05-08T17:00", "--why", "as planned", *at(walk.OPENED)],
    ]
    for call in calls:
        if call[:2] == ["review", "import"]:
            agree_to(review)
        status, out, err = say(capsys, *call)
        assert (status, err) == (0, ""), call
        assert out.strip()
    _, out, _ = say(capsys, "status", "--json", *at(walk.OPENED))
    assert json.loads(out)["partnerships"][0]["next"]["actor"] == "clock"

    from consensus import steps
    from consensus.settings import Settings
    from consensus.store import Store

    db = Store.open(Settings.from_environment().database_url)
    questions = [question for question, _ in steps.questions_on_ballot(db, "small")]
    ballots = str(walk.ballots_file(home, questions))
    later = [
        ["import", "ballots", ballots, "--mapping", str(walk.ballots_mapping(home)), *at(walk.OPENED)],
        ["round", "close", "small-interim-1", *at(walk.RANKED)],
        ["rank", *at(walk.RANKED)],
        ["approve", "--by", "chair", *at(walk.MET)],
    ]
    for call in later:
        status, out, err = say(capsys, *call)
        assert (status, err) == (0, ""), call
    sheet = str(walk.workshop_file(home, steps.shortlisted(db, "small")))
    for call in (["workshop", "import", sheet], ["workshop", "finish"], ["publish"], ["trace", "1"]):
        status, out, err = say(capsys, *call)
        assert (status, err) == (0, ""), call
    rankings = steps.status(db, "small", now=walk.MET).rankings
    ids = [name.split()[-1] for name in rankings]
    _, firm, _ = say(capsys, "firmness", "--json", *at(walk.MET))
    told = json.loads(firm, parse_constant=pytest.fail)
    assert {"low", "high", "p_top", "influence_lived", "without_lived", "in_top_kemeny"} <= set(told["questions"][0])
    assert told["sentences"][0].startswith("How firm the order by the rule 'jla_positions' is was tried on 1000 sets")

    status, out, _ = say(capsys, "compare", *ids)

    assert status == 0
    assert "final order" in out
    assert re.search(r"went +(Does|Can) light therapy .* q[0-9a-f]{12}$", out, re.M), (
        "what moved is told by its wording and id"
    )
    assert (home / "home" / "outputs" / "small" / "report.html").exists()


def test_a_fault_of_a_file_ends_with_2_and_a_sentence(home, capsys):
    folder = small_folder(home / "small", **{"top = 3": "top = 0"})

    status, _, err = say(capsys, "init", str(folder))

    assert status == 2
    assert "publication.top" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "mistyped",
    [
        ["round", "extend", "small-interim-9", "2026-06-01T17:00", "--why", "more time"],
        ["round", "close", "small-interim-9", "--early", "--why", "all have answered"],
        ["compare", "r-1", "r-2"],
    ],
)
def test_a_mistyped_id_ends_with_2_and_names_those_there_are(mistyped, home, capsys):
    say(capsys, "init", str(small_folder(home / "small")))

    status, _, err = say(capsys, *mistyped)

    assert status == 2
    assert "there are: " in err


def test_a_step_asked_too_early_ends_with_3_and_names_the_step_before(home, capsys):
    say(capsys, "init", str(small_folder(home / "small")))

    status, _, err = say(capsys, "rank")

    assert status == 3
    assert "before it closes" in err


def test_a_command_without_a_partnership_says_how_to_register_one(home, capsys):
    status, _, err = say(capsys, "rank")

    assert status == 3
    assert "consensus init FOLDER" in err


def test_with_two_partnerships_the_command_asks_which(home, capsys):
    say(capsys, "init", str(small_folder(home / "small")))
    say(capsys, "init", str(small_folder(home / "other", **{'id = "small"': 'id = "other"'})))

    status, _, err = say(capsys, "rank")

    assert status == 3
    assert "--partnership other or small" in err


def test_a_time_that_is_none_is_refused_with_an_example(home, capsys):
    say(capsys, "init", str(small_folder(home / "small")))

    status, _, err = say(capsys, "round", "open", "interim", "--closes", "next Friday")

    assert status == 2
    assert "2026-03-01T17:00" in err


def test_a_program_reads_an_error_as_json(home, capsys):
    status, out, _ = say(capsys, "rank", "--json")

    assert status == 3
    assert "consensus init" in json.loads(out)["error"]


def test_a_decision_stands_when_prefect_is_away(home, capsys):
    folder = small_folder(home / "small")
    say(capsys, "init", str(folder))

    status, out, _ = say(capsys, "round", "open", "gather", "--now", "2026-01-10T09:00+00:00")

    assert status == 0
    assert "is open" in out
    assert "Prefect is not reachable" in out


COMMANDS = [
    "demo", "up", "simulate", "init", "status", "import", "deduplicate", "review", "round", "rank", "approve",
    "workshop", "publish", "trace", "compare", "quarantine", "questions", "shortlist", "decisions", "undo", "firmness",
]  # fmt: skip


def test_a_sign_off_without_a_name_is_refused(home, capsys):
    say(capsys, "init", str(small_folder(home / "small")))

    status, _, err = say(capsys, "approve")

    assert status == 2
    assert "--by NAME" in err


def test_a_port_that_is_none_gets_a_sentence(home, capsys, monkeypatch):
    monkeypatch.setenv("CONSENSUS_WEB_PORT", "abc")

    status, _, err = say(capsys, "status")

    assert status == 2
    assert err.startswith("CONSENSUS_WEB_PORT is 'abc'")


def test_a_close_in_the_hour_that_the_clock_skips_is_refused(home, capsys):
    say(capsys, "init", str(small_folder(home / "small")))

    status, _, err = say(capsys, "round", "open", "interim", "--closes", "2027-03-28T01:30")

    assert status == 2
    assert "does not exist in Europe/London" in err


def test_a_decision_is_taken_back_once_with_a_reason_and_the_next_step_is_named(home, capsys):
    walk.walk(home / "home").close()
    _, out, _ = say(capsys, "decisions", "--json")
    approval = next(row for row in json.loads(out)["decisions"] if row["kind"] == "approval")["decision_id"]

    nobody = say(capsys, "undo", "d0", "--why", "typing")
    silent = say(capsys, "undo", approval, "--why", " ")
    first = say(capsys, "undo", approval, "--why", "signed too early")
    again = say(capsys, "undo", approval, "--why", "signed too early")

    assert (nobody[0], silent[0], first[0], again[0]) == (2, 2, 0, 0)
    assert "The reason is missing" in silent[2]
    assert "Next: The shortlist waits for sign-off. `consensus approve" in first[1]
    assert "was taken back already" in again[1]
    _, listed, _ = say(capsys, "decisions")
    assert re.search(rf"{approval} .*approval, decision: approve .*taken back$", listed, re.M)
    assert listed.count("undo") == 1


def test_an_open_round_keeps_its_close_unless_it_is_extended(home, capsys):
    say(capsys, "init", str(small_folder(home / "small")))
    say(capsys, "round", "open", "gather", "--closes", "2030-01-01T12:00")

    status, _, err = say(capsys, "round", "open", "gather", "--closes", "2030-01-02T12:00")

    assert status == 3
    assert "consensus round extend small-gather-1" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([command, "--help"])

    assert ended.value.code == 0
    assert len(capsys.readouterr().out) > 60


def docs_on_rounds():
    """Return the commands by which the docs open, list, hold, bound, move and end a round."""
    text = (ROOT / "docs" / "facilitator.md").read_text(encoding="utf-8").split("## 4. ")[1].split("## 5. ")[0]
    lines = "\n".join(re.findall(r"```console\n(.*?)```", text, re.S)).splitlines()
    called = [shlex.split(line.replace("your_partnership", "small"))[1:] for line in lines if line]
    return [call for call in called if call[0] == "round"]


def test_who_follows_the_docs_opens_moves_and_ends_a_round_whatever_day_it_is(home, capsys):
    main(["init", str(small_folder(home / "small"))])  # whose dates are past
    main(["import", "answers", str(walk.answers_file(home)), "--mapping", str(walk.answers_mapping(home))])
    main(["deduplicate"])
    main(["review", "export"])
    review = str(home / "home" / "outputs" / "small" / "review.xlsx")
    agree_to(review)
    main(["review", "import", review, "--by", "ann"])
    capsys.readouterr()
    called = docs_on_rounds()

    came = [say(capsys, *call) for call in called]

    assert [call[1] for call in called] == ["open", "list", "pause", "resume", "cap", "extend", "close"]
    assert [(status, err) for status, _, err in came] == [(0, "")] * 7


def test_a_round_whose_dates_are_past_is_opened_by_the_command_that_is_named(home, capsys):
    main(["init", str(small_folder(home / "small"))])
    capsys.readouterr()
    status, _, err = say(capsys, "round", "open", "gather")
    command = shlex.split(re.search(r"`consensus ([^`]+)`", err)[1])
    opened, out, _ = say(capsys, *command)

    assert (status, opened) == (3, 0)
    assert "which is past" in err
    assert "is open" in out


@pytest.mark.parametrize(
    ("now", "days", "closes"),
    [
        (
            "2027-03-20T12:00:30+00:00",
            "14 days",
            "Saturday 3 April 2027 at 12:00 (Europe/London)",
        ),  # over a clock change
        ("2027-06-01T12:00:00+00:00", "1 day", "Wednesday 2 June 2027 at 13:00 (Europe/London)"),
    ],
)
def test_a_close_in_so_many_days_is_at_the_same_time_of_day_there(home, capsys, now, days, closes):
    main(["init", str(small_folder(home / "small"))])
    capsys.readouterr()
    status, out, _ = say(capsys, "round", "open", "gather", "--closes", days, "--now", now)

    assert status == 0
    assert f"closes by itself {closes}" in out


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (["round", "cap", "small-interim-1", "5", "--why", "caf\udce9"], "why"),
        (["round", "cap", "small-interim-1", "5", "--by", "Jos\udce9"], "by"),
        (["status", "--partnership", "\udcff"], "partnership"),
        (["review", "answer", "s1", "--same", "0", "--by", "\udcff"], "by"),
        (["mail", "done", "\udcff", "--why", "it came"], "mail"),
    ],
)
def test_words_typed_in_another_encoding_get_a_sentence(tmp_path, monkeypatch, capsys, typed, name):
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path))

    status = main(typed)

    assert status == 2
    assert capsys.readouterr().err == (
        f"What was typed for '{name}' is not in UTF-8; set the terminal to UTF-8 and type it again.\n"
    )
