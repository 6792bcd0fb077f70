"""The example partnership: what it promises, and what becomes of its answers by the whole line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

from consensus import importers
from consensus.duplicates import propose_groups
from consensus.gather import flag_identifiers, split_answers
from consensus.interim import InterimRanking, ballots_from_responses, check_ballots, rank_interim, shortlist
from consensus.protocol import Protocol, read_protocol
from consensus.questions import Questions, apply_decisions, apply_evidence_checks
from consensus.simulate import (
    Recovery,
    ScriptedReviewer,
    read_specification,
    recovered,
    simulate_answers,
    simulate_ballots,
    simulate_workshop,
    write_ballots,
)
from consensus.workshop import apply_moves, combine_rankings

EXAMPLE = Path(__file__).resolve().parents[1] / "surveys" / "lanternfield"
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
FUNCTION_WORDS = frozenset(
    re.findall(
        r"\S+",
        """the a an of to in on for with by at from and or but not no is are was were be been do does did can could
        should would will what how why which who when where whether if that this these those it its i my me we our us
        you your they their them he his him she her so than then there as after before while about into out up down over
        more less most has have had any it's i'm don't can't just all other""",
    )
)


@dataclass(frozen=True)
class Line:
    """What became of the example's answers by every stage."""

    submissions: pd.DataFrame
    identifiers: pd.DataFrame
    decisions: pd.DataFrame
    built: Questions
    questions: pd.DataFrame
    quarantine: pd.DataFrame
    ranking: InterimRanking
    final: pd.DataFrame
    recovery: Recovery


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return read_protocol(EXAMPLE)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    table = pd.read_csv(EXAMPLE / "answers.csv", keep_default_na=False)
    return [text for box in ("q1", "q2", "q3") for text in table[box] if text]


@pytest.fixture(scope="module")
def line(protocol: Protocol, tmp_path_factory: pytest.TempPathFactory) -> Line:
    specification = read_specification(EXAMPLE / "simulation", protocol)
    seed = protocol.partnership.seed
    _, truth = simulate_answers(specification, protocol, seed)
    imported = importers.read_answers(EXAMPLE / "answers.csv", protocol, mapping=EXAMPLE / "answers.mapping.toml")
    submissions = split_answers(imported.answers)
    identifiers, proposals = flag_identifiers(submissions), propose_groups(submissions)
    reviewer = ScriptedReviewer.read(EXAMPLE, protocol)
    decisions = reviewer.decide(submissions, proposals, identifiers, at=NOW)
    built = apply_decisions(submissions, proposals, decisions, [category.id for category in protocol.categories])
    questions = apply_evidence_checks(built.questions, reviewer.check_evidence(built.questions, at=NOW))
    path = tmp_path_factory.mktemp("ballots") / "ballots.csv"
    simulated = simulate_ballots(questions, built.lineage, submissions, truth, specification, protocol, seed)
    write_ballots(simulated, path)
    responses = importers.read_ballots(path, protocol, mapping=EXAMPLE / "ballots.mapping.toml").responses
    in_time = responses[[at <= protocol.rounds.interim.closes for at in responses["received_at"]]]
    checked = check_ballots(ballots_from_responses(in_time), questions, list(protocol.shares), "ranked", 10, 10)
    ranking = rank_interim(checked, questions, protocol)
    chosen = list(shortlist(ranking, protocol.shortlist.rule, protocol.shortlist.size).index)
    sittings = simulate_workshop(chosen, built.lineage, submissions, truth, specification, protocol, seed)
    order = combine_rankings(sittings, chosen)
    final = apply_moves(order, reviewer.move_in_plenary(order, ranking.group_positions, at=NOW))
    recovery = recovered(
        truth, built.lineage, submissions, list(final.index), specification, protocol, proposals=proposals
    )
    return Line(submissions, identifiers, decisions, built, questions, checked.quarantine, ranking, final, recovery)


# the partnership


def test_seven_groups_have_an_equal_say(protocol):
    assert len(protocol.groups) == 7
    assert set(protocol.shares.values()) == {1}
    assert all(group.submits and group.ranks for group in protocol.groups)


def test_lived_experience_and_carers_hold_at_least_half_of_the_seats(protocol):
    (least,) = protocol.workshop.minimum

    assert set(least.groups) == {"lived_experience", "family_carers"}
    assert least.at_least_percent >= 50


def test_both_surveys_say_whom_to_call_before_they_ask(protocol):
    for survey in (protocol.gather, protocol.interim):
        ids = [item.id for item in survey.items]
        support = next(item for item in survey.items if item.id == "support")

        assert all(number in support.label for number in ("116 123", "111", "85258", "999"))
        assert ids.index("support") < ids.index("group")
        assert next(item for item in survey.items if item.type == "consent").required


def test_participants_are_asked_in_plain_words(protocol):
    told = " ".join(
        f"{item.label} {item.hint}" for survey in (protocol.gather, protocol.interim) for item in survey.items
    )

    assert "uncertaint" not in told.casefold()
    assert "ballot" not in told.casefold()


def test_questions_about_the_person_can_be_left_or_refused(protocol):
    equity = [item for item in protocol.gather.items if item.id in ("age", "ethnicity", "gender", "area")]

    assert len(equity) == 4
    assert all(
        not item.required and "Prefer not to say" in [choice.label for choice in item.choices] for item in equity
    )


# its answers


def test_the_committed_answers_come_from_their_seed_to_the_byte_whatever_the_hash_seed(tmp_path):
    program = (
        "import sys; from consensus.protocol import read_protocol; from consensus.simulate import *\n"
        "folder = sys.argv[1]; protocol = read_protocol(folder)\n"
        "specification = read_specification(folder + '/simulation', protocol)\n"
        "answers, _ = simulate_answers(specification, protocol, protocol.partnership.seed)\n"
        "write_answers(answers, sys.argv[2])"
    )
    written = tmp_path / "answers.csv"

    subprocess.run(
        [sys.executable, "-c", program, str(EXAMPLE), str(written)],
        env={**os.environ, "PYTHONHASHSEED": "77"},
        check=True,
    )

    assert written.read_bytes() == (EXAMPLE / "answers.csv").read_bytes()


def test_there_are_at_least_400_answers_from_every_group(texts, protocol):
    table = pd.read_csv(EXAMPLE / "answers.csv", keep_default_na=False)
    people = table["group"].value_counts()

    assert len(texts) >= 400
    assert set(people.index) == {group.name for group in protocol.groups}
    assert people[protocol.group("policy_makers").name] < protocol.group("policy_makers").target_answers
    assert people[protocol.group("public").name] > 10 * people[protocol.group("policy_makers").name]


def test_no_two_answers_are_the_same(texts):
    said = [" ".join(words(text)) for text in texts]

    assert len(set(said)) == len(said)


def test_answers_that_nearly_repeat_one_another_are_rare(texts):
    sets = [frozenset(words(text)) for text in texts]

    near = sum(len(a & b) > 0.75 * len(a | b) for a, b in combinations(sets, 2))

    assert near <= len(texts) // 100


def test_answers_do_not_come_from_one_template(texts):
    skeletons = Counter(" ".join(word for word in words(text) if word in FUNCTION_WORDS) for text in texts)
    long = {skeleton: count for skeleton, count in skeletons.items() if len(skeleton.split()) >= 4}

    assert max(long.values()) <= 3
    assert sum(count for count in long.values() if count > 1) <= len(texts) // 20


def test_answers_hold_stories_lists_slips_and_made_up_identifiers(texts):
    emails = [found for text in texts for found in re.findall(r"[\w.]+@[\w.]+", text)]
    phones = [found for text in texts for found in re.findall(r"\d[\d ]{8,}\d", text)]

    assert any(text.startswith("1. ") and "\n2. " in text for text in texts)
    assert any("poeple" in text or "wich" in text for text in texts)
    assert len(emails) + len(phones) >= 5
    assert all(email.rstrip(".").endswith("@example.org") for email in emails)
    assert all(phone.startswith("07700 900") for phone in phones)


# the whole line


def test_every_submission_ends_in_one_question_or_on_the_set_aside_list(line):
    ended = [*line.built.lineage["submission_id"], *line.built.set_aside["submission_id"]]

    assert sorted(ended) == sorted(line.submissions["submission_id"])
    assert "not yet reviewed" not in set(line.built.set_aside["reason"])


def test_the_scripted_reviewer_ends_with_about_sixty_questions_that_read_as_questions(line, protocol):
    assert 50 <= len(line.questions) <= 65
    assert all(wording.endswith("?") and wording[0].isupper() for wording in line.questions["wording"])
    assert (line.questions["category"] != "").mean() > 0.9
    assert 1 <= (line.questions["status"] == "answered").sum() <= 4


def test_the_top_ten_reads_well(line, protocol):
    wording = line.questions.set_index("question_id")["wording"]

    top = [wording[question] for question in line.final.index[: protocol.publication.top]]

    assert len(set(top)) == 10
    assert not any(re.search(r"\b(I|me|my|we|us|our|folk|kids)\b", text) for text in top)
    assert all(7 <= len(text.split()) <= 28 for text in top)


def test_deliberately_bad_ballots_are_in_quarantine_and_the_others_counted(line):
    assert line.quarantine["ballot"].nunique() == 4
    assert line.ranking.counts["ballots"].sum() >= 600


def test_groups_differ_in_what_they_want_most(line):
    first = line.ranking.group_positions.idxmin()

    assert first.nunique() >= 3


def test_identifiers_are_found_and_redacted(line):
    redacted = line.decisions[line.decisions["kind"] == "redact"]

    assert len(line.identifiers) >= 5
    assert len(redacted) == len(line.identifiers)


def test_most_of_the_truth_is_recovered_by_a_reviewer_who_never_read_it(line):
    recovery = line.recovery

    assert recovery.groups.f1 > 0.75
    assert recovery.pairs.f1 > 0.6
    assert recovery.proposed_groups.f1 < recovery.groups.f1, "a machine proposes; decisions do the rest"
    assert recovery.found >= 56
    assert recovery.out_of_scope_in_questions <= 10
    assert recovery.top >= 8
    assert all(sentence.endswith(".") for sentence in recovery.sentences())


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.casefold())
