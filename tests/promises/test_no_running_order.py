"""While a round is open nobody can see a running order: whatever is shown is the same whomever people chose.

Two partnerships are alike but for what their people chose: the same people, groups and times, other questions in other
places. Everything that the system shows while the round is open must then be the same for both, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select
from starlette.routing import Match

from consensus import models, steps, tokens
from consensus.cli import main
from consensus.cli.main import build_parser
from consensus.errors import StageError
from consensus.settings import Settings
from consensus.store import Store
from consensus.web.app import create_app
from tests import walk
from tests.flows import conftest
from tests.visiting import DESK

DURING = walk.OPENED + timedelta(days=10)
harness, api = conftest.harness, conftest.api
AT = ["--now", DURING.isoformat()]
STAGES = ("gather-uncertainties", "deduplicate", "interim-ranking", "final-workshop", "publish", "rounds")
COMMANDS = [
    ["status"],
    ["questions"],
    ["decisions"],
    ["quarantine"],
    ["rank"],
    ["approve", "--by", "chair"],
    ["round", "list"],
    ["round", "links", "small-interim-1"],
    ["mail", "list"],
    ["publish"],
    ["workshop", "finish"],
    ["trace", "1"],
    ["compare", "r1", "r2"],
    ["review", "export"],
    ["review", "progress"],
    ["review", "next"],
    ["review", "screen"],
    ["firmness"],
    ["check"],
    ["check", "{home}/in/small"],
    ["verify"],
    ["verify", "TGP5-S4WY-7VXM-WCWY"],
]
CHANGING = [
    ["init", "{home}/in/small"],
    ["import", "answers", "{home}/in/answers.csv", "--mapping", "{home}/in/answers.mapping.toml"],
    ["import", "ballots", "{home}/in/ballots.csv", "--mapping", "{home}/in/ballots.mapping.toml"],
    ["deduplicate"],
    ["review", "import", "{home}/in/review.xlsx"],
    ["review", "answer", "s1"],
    ["review", "split", "{submission}"],
    ["review", "move", "{submission}", "{submission}"],
    ["review", "set-aside", "{submission}", "--why", "a remark"],
    ["review", "reword", "{question}", "Does it help?"],
    ["review", "undo"],
    ["shortlist", "{question}", "--why", "children"],
    ["undo", "d1", "--why", "a slip"],
    ["workshop", "import", "{home}/in/ballots.csv"],
    ["workshop", "move", "{question}", "1", "--why", "children"],
    ["workshop", "merge", "{question}", "{question}", "--why", "the same"],
    ["workshop", "dissent", "--why", "too fast"],
    ["round", "open", "interim"],
    ["round", "extend", "small-interim-1", "2026-05-09T17:00", "--why", "snow"],
    ["round", "close", "small-interim-1"],
    ["round", "close", "small-interim-1", "--early", "--why", "enough"],
    ["round", "cap", "small-interim-1", "50"],
    ["round", "pause", "small-interim-1"],
    ["round", "resume", "small-interim-1"],
    ["invite", "import", "{home}/in/people.csv"],
    ["invite", "send", "small-interim-1"],
    ["mail", "send"],
    ["mail", "workshop"],
    ["mail", "outcome"],
    ["mail", "again", "--all", "--why", "mended"],
    ["mail", "done", "--all", "--why", "they came"],
    ["backup", "{home}/copy.db"],
]
"""Commands that change something, each tried on copies of the two homes."""
APART = {("demo",), ("up",), ("simulate",)}
"""Commands that make a partnership of their own, or start the processes whose pages and flows are tried below."""
TOKEN = "somebodywhocamebyanopenlink"
PAGES = [
    "/", "/s/small/interim", "/s/small/gather", "/i/small", "/health", "/favicon.ico", "/print/small/interim",
    *(f"/t/{TOKEN}{on}" for on in ("", "/agree", "/p/ranking", "/p/ranking/order", "/check", "/receipt", "/saved")),
    *(f"/t/{TOKEN}{on}" for on in ("/on", "/withdraw")),
    *(f"/desk/key/small-interim-1{on}" for on in ("", "/discard/7", "/settle/7", "/withdraw", "/withdraw/7")),
    "/u/nobody", "/r/small.nobody", "/s/small/interim/nobody", "/static/survey.css",
]  # fmt: skip


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    """Two homes whose interim round is open, with the same people's ballots, in the second one turned round."""
    first = tmp_path_factory.mktemp("first")
    walk.walk_until("import-ballots", first)
    second = tmp_path_factory.mktemp("second") / "home"
    shutil.copytree(first, second)
    for home, turn in ((first, 1), (second, -1)):
        db = Store.open(f"sqlite:///{home / 'consensus.db'}")
        questions = [question for question, _ in steps.questions_on_ballot(db, "small")][::turn]
        path, mapping = walk.ballots_file(home, questions), walk.ballots_mapping(home)
        steps.import_ballots(db, "small", path, mapping=mapping, by="tester", now=walk.OPENED)
        steps.advance_rounds(db, now=DURING)
        with db.writing() as session:
            draft = json.dumps({"ranking": [sorted(questions)[0]]})
            session.add(
                models.Participation(
                    token_hash=tokens.token_hash(TOKEN), round_id="small-interim-1", partnership="small",
                    state="begun", seed=7, draft=draft, began_at=walk.OPENED,
                )
            )  # fmt: skip
        db.close()
        walk.write_csv(home / "in" / "people.csv", ["email"], [["ann@example.org"]])
    return first, second


def choices(home):
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    with db.reading() as session:
        rows = session.exec(select(models.Ballot).order_by(models.Ballot.ballot_id)).all()
    db.close()
    return [(row.ballot_id, row.group, row.received_at) for row in rows], [row.choices for row in rows]


def test_the_two_partnerships_differ_in_what_was_chosen_and_in_nothing_else(homes):
    (people, chosen), (same_people, chosen_otherwise) = map(choices, homes)

    assert people == same_people
    assert len(people) > 30
    assert chosen != chosen_otherwise


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_no_command_shows_what_was_chosen(homes, command, more, monkeypatch, capsys):
    said = []
    for home in homes:
        monkeypatch.setenv("CONSENSUS_HOME", str(home))
        status = main([*(word.format(home=home) for word in command), *more, *AT])
        said.append((status, "".join(capsys.readouterr()).replace(str(home), "")))

    assert said[0] == said[1]
    assert "Traceback" not in said[0][1]


@pytest.mark.parametrize("command", CHANGING, ids=lambda words: " ".join(words[:3]))
def test_no_command_that_changes_something_shows_or_leaves_behind_what_was_chosen(
    homes, tmp_path, command, monkeypatch, capsys
):
    said = []
    for name, home in zip(("one", "two"), homes, strict=True):
        copy = tmp_path / name
        shutil.copytree(home, copy)
        monkeypatch.setenv("CONSENSUS_HOME", str(copy))
        names = {"home": str(copy), **words_for(copy)}
        statuses = [main([word.format(**names) for word in command] + AT)]
        statuses += [main([*after, *AT]) for after in (["status"], ["rank"], ["firmness"], ["questions"], ["publish"])]
        said.append((statuses, "".join(capsys.readouterr()).replace(str(copy), "")))

    assert said[0] == said[1]
    assert "Traceback" not in said[0][1]


def words_for(home):
    """Return the ids that a command may need, of things that are alike in both homes."""
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    with db.reading() as session:
        submission = sorted(session.exec(select(models.Submission.submission_id)))[0]
    question = sorted(question for question, _ in steps.questions_on_ballot(db, "small"))[0]
    db.close()
    return {"submission": submission, "question": question}


def leaves(parser, words=()):
    """Yield the words of every command there is."""
    families = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not families:
        yield words
    for family in families:
        for name, child in family.choices.items():
            yield from leaves(child, (*words, name))


def test_every_command_is_among_those_tried():
    every = set(leaves(build_parser()))
    tried = {words for words in every for command in COMMANDS + CHANGING if tuple(command[: len(words)]) == words}

    assert every - tried == APART


@pytest.mark.parametrize("path", PAGES)
def test_no_page_shows_what_was_chosen(homes, path):
    pages = []
    for home in homes:
        settings = Settings.from_environment({"CONSENSUS_HOME": str(home)})
        web = TestClient(create_app(settings, clock=lambda: DURING), base_url=DESK, client=("127.0.0.1", 5000))
        pages.append(web.get(path))

    texts = [re.sub(r'name="once" value="[a-z0-9]+"', "", page.text) for page in pages]  # drawn anew for every page
    assert texts[0] == texts[1]
    assert pages[0].status_code == pages[1].status_code < 500


def test_every_page_is_among_those_tried(homes):
    app = create_app(Settings.from_environment({"CONSENSUS_HOME": str(homes[0])}))
    routes = [route for route in app.routes if "GET" in (getattr(route, "methods", None) or {"GET"})]

    untried = [
        route.path
        for route in routes
        if not any(
            route.matches({"type": "http", "method": "GET", "path": path, "headers": []})[0] is Match.FULL
            for path in PAGES
        )
    ]

    assert untried == []


@pytest.mark.parametrize("stage", STAGES)
def test_no_plot_shows_what_was_chosen(homes, stage):
    drawn = []
    for home in homes:
        db = Store.open(f"sqlite:///{home / 'consensus.db'}")
        try:
            drawn.append(steps.plots(db, "small", stage, now=DURING))
        except StageError as error:
            drawn.append(str(error))
        db.close()

    assert drawn[0] == drawn[1]


def test_nothing_derived_from_ballots_is_stored_and_no_step_makes_it(homes):
    for home in homes:
        db = Store.open(f"sqlite:///{home / 'consensus.db'}")
        for step in (steps.rank_round, steps.finalise, steps.current_ranking_id):
            with pytest.raises(StageError):
                step(db, "small", **({} if step is steps.current_ranking_id else {"now": DURING}))
        with pytest.raises(StageError):
            steps.publish(db, "small", folder=home / "report", now=DURING)
        with db.reading() as session:
            stored = [*session.exec(select(models.Ranking)), *session.exec(select(models.Publication))]
        db.close()

        assert stored == []
        assert not (home / "report").exists()


def test_a_question_added_by_hand_during_the_round_shows_no_order(homes, tmp_path, monkeypatch, capsys):
    said = []
    for name, home in zip(("one", "two"), homes, strict=True):
        copy = tmp_path / name
        shutil.copytree(home, copy)
        monkeypatch.setenv("CONSENSUS_HOME", str(copy))
        db = Store.open(f"sqlite:///{copy / 'consensus.db'}")
        question = steps.questions_on_ballot(db, "small")[0][0]
        db.close()
        statuses = [main(["shortlist", question, "--why", "children", *AT]), main(["questions", *AT])]
        said.append((statuses, "".join(capsys.readouterr()).replace(str(copy), "")))

    assert said[0] == said[1]


@pytest.mark.server
def test_no_artifact_log_or_parameter_shows_what_was_chosen(homes, api, monkeypatch):
    from flows.deployments import DEPLOYMENTS

    flows = {deployment.name: deployment.flow for deployment in DEPLOYMENTS}
    parameters = {
        "advance-rounds": {},
        "advance-round": {"round_id": "small-interim-1", "act": "remind"},
        "send-mail": {},
        "close-round": {"round_id": "small-interim-1"},
    }
    shown = []
    for home in homes:
        monkeypatch.setenv("CONSENSUS_HOME", str(home))
        monkeypatch.setenv("CONSENSUS_DATABASE_URL", f"sqlite:///{home / 'consensus.db'}")
        runs = [
            flow(**parameters.get(name, {"partnership": "small"}), now=DURING, return_state=True)
            for name, flow in flows.items()
        ]
        told = [(run.name, (run.message or "").replace(str(home), "")) for run in runs]
        artifacts = [conftest.artifacts_of(api, run.state_details.flow_run_id) for run in runs]
        data = [
            sorted((key, str(found[key]["data"])) for key in found if key) for found in artifacts
        ]  # no key: results
        shown.append((told, str(data).replace(str(home), "")))

    assert shown[0] == shown[1]
