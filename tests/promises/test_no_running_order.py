"""While a round is open nobody can see a running order: whatever is shown is the same whomever people chose.

Two partnerships are alike but for what their people chose: the same people, groups and times, other questions in other
places. Everything that the system shows while the round is open must then be the same for both, byte for byte.
"""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from consensus import models, steps
from consensus.cli import main
from consensus.errors import StageError
from consensus.settings import Settings
from consensus.store import Store
from consensus.web.app import create_app
from tests import walk
from tests.flows import conftest

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
]


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
        db.close()
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
        status = main([*command, *more, *AT])
        said.append((status, "".join(capsys.readouterr()).replace(str(home), "")))

    assert said[0] == said[1]
    assert "Traceback" not in said[0][1]


@pytest.mark.parametrize("path", ["/", "/s/small/interim", "/s/small/gather", "/i/small", "/health"])
def test_no_page_shows_what_was_chosen(homes, path):
    pages = []
    for home in homes:
        settings = Settings.from_environment({"CONSENSUS_HOME": str(home)})
        pages.append(TestClient(create_app(settings, clock=lambda: DURING)).get(path))

    assert pages[0].text == pages[1].text
    assert pages[0].status_code == pages[1].status_code == 200


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
    from flows.advance_rounds import advance_rounds
    from flows.interim_ranking import interim_ranking
    from flows.priority_setting_partnership import priority_setting_partnership
    from flows.publish import publish

    shown = []
    for home in homes:
        monkeypatch.setenv("CONSENSUS_HOME", str(home))
        monkeypatch.setenv("CONSENSUS_DATABASE_URL", f"sqlite:///{home / 'consensus.db'}")
        runs = [
            flow(**parameters, now=DURING, return_state=True)
            for flow, parameters in (
                (advance_rounds, {}),
                (interim_ranking, {"partnership": "small"}),
                (priority_setting_partnership, {"partnership": "small"}),
                (publish, {"partnership": "small"}),
            )
        ]
        told = [(run.name, (run.message or "").replace(str(home), "")) for run in runs]
        artifacts = [conftest.artifacts_of(api, run.state_details.flow_run_id) for run in runs]
        data = [
            sorted((key, str(found[key]["data"])) for key in found if key) for found in artifacts
        ]  # no key: results
        shown.append((told, str(data).replace(str(home), "")))

    assert shown[0] == shown[1]
