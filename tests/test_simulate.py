"""Simulated partnerships: the same seed gives the same people, and the truth is known and kept apart."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from consensus.errors import ProtocolError
from consensus.gather import answer_id, split_answers
from consensus.protocol import Protocol, read_protocol
from consensus.questions import apply_decisions, question_id
from consensus.simulate import (
    OUT_OF_SCOPE,
    REVIEWER,
    ScriptedReviewer,
    Specification,
    read_specification,
    recovered,
    simulate_answers,
    simulate_ballots,
    simulate_small_groups,
    simulate_workshop,
    workshop_people,
)
from consensus.simulate.drawing import Draw
from consensus.simulate.reading import Glossary, Review, likeness, merged
from consensus.simulate.sorting import meaning, sorted_into
from consensus.simulate.summary_wording import Wordsmith
from consensus.simulate.truth import latent_of_submissions, latent_scores
from consensus.vocabulary import COLUMNS, empty
from consensus.workshop import check_seats, check_workshop_rankings

EXAMPLE = Path(__file__).resolve().parents[1] / "surveys" / "lanternfield"
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
SEED = 11


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return read_protocol(EXAMPLE)


@pytest.fixture(scope="module")
def specification(protocol: Protocol) -> Specification:
    return read_specification(EXAMPLE / "simulation", protocol)


@pytest.fixture(scope="module")
def simulated(specification: Specification, protocol: Protocol) -> tuple[pd.DataFrame, pd.DataFrame]:
    return simulate_answers(specification, protocol, SEED)


@pytest.fixture(scope="module")
def submissions(simulated: tuple[pd.DataFrame, pd.DataFrame], protocol: Protocol) -> pd.DataFrame:
    return split_answers(as_answers(simulated[0], protocol))


@pytest.fixture(scope="module")
def faultless(submissions: pd.DataFrame, simulated: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return what a reviewer who read the truth would make of the submissions."""
    latent = latent_of_submissions(submissions, simulated[1])
    ids = latent[latent != OUT_OF_SCOPE]
    named = {each: question_id(members.index) for each, members in ids.groupby(ids)}
    lineage = pd.DataFrame({"question_id": ids.map(named).to_numpy(), "submission_id": ids.index})
    rows = [(question, f"About {each}?", "", "open", 1, 1) for each, question in sorted(named.items())]
    return {"lineage": lineage, "questions": pd.DataFrame(rows, columns=COLUMNS["questions"])}


@pytest.fixture(scope="module")
def ballots(faultless, submissions, simulated, specification, protocol) -> pd.DataFrame:
    return simulate_ballots(
        faultless["questions"], faultless["lineage"], submissions, simulated[1], specification, protocol, SEED
    )


def as_answers(export: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    groups = {group.name: group.id for group in protocol.groups}
    rows = []
    for row in export.to_dict("records"):
        for box in filter(row.get, ("q1", "q2", "q3")):
            response, at = row["response_id"], pd.Timestamp(row["submitted_at"])
            person = (groups[row["group"]], row["partner"], "en")
            rows.append((answer_id("table", response, box), 1, "table", response, box, *person, row[box], "", at))
    return pd.DataFrame(rows, columns=COLUMNS["answers"])


def submissions_of(texts: dict[str, str]) -> pd.DataFrame:
    rows = [(name, f"a{name}", f"r{name}", "carer", 0, len(text), text, "") for name, text in texts.items()]
    return pd.DataFrame(rows, columns=COLUMNS["submissions"])


def proposals_of(groups: dict[str, str]) -> pd.DataFrame:
    rows = [(submission, group, 0.5, "") for submission, group in groups.items()]
    return pd.DataFrame(rows, columns=COLUMNS["proposals"])


# drawing


def test_a_seed_draws_the_same_on_every_version_of_python():
    draw = Draw(2026, "a stream")

    drawn = [draw.below(1000) for _ in range(4)], draw.shuffled("abcd"), draw.weighted([1, 0, 3])

    assert drawn == ([698, 868, 347, 491], ["b", "d", "a", "c"], 2)


def test_a_stream_is_not_disturbed_by_another():
    alone = Draw(1, "one")
    beside, other = Draw(1, "one"), Draw(1, "other")
    other.below(10)

    assert [alone.below(100) for _ in range(5)] == [beside.below(100) for _ in range(5)]
    assert Draw(1, "one").below(10**6) != Draw(1, "other").below(10**6)


# answers


def test_the_same_seed_gives_the_same_answers_and_another_gives_others(specification, protocol, simulated):
    again = simulate_answers(specification, protocol, SEED)
    other = simulate_answers(specification, protocol, SEED + 1)

    assert again[0].equals(simulated[0])
    assert again[1].equals(simulated[1])
    assert not other[0]["q1"].equals(simulated[0]["q1"])


def test_the_truth_covers_every_character_that_was_written(simulated):
    answers, truth = simulated
    written = {(r["response_id"], box): r[box] for r in answers.to_dict("records") for box in ("q1", "q2", "q3")}

    told = {
        key: "".join(parts["text"])
        for key, parts in truth.sort_values(["response_id", "box", "start"]).groupby(["response_id", "box"])
    }

    assert told == {key: text for key, text in written.items() if text}
    assert (truth["end"] - truth["start"] == truth["text"].str.len()).all()


def test_a_redacted_submission_still_asks_what_it_asked(submissions, simulated):
    redacted = submissions.assign(
        text=[text[:-8] + "\u2588" * 8 if len(text) > 40 else text for text in submissions["text"]]
    )

    assert latent_of_submissions(redacted, simulated[1]).equals(latent_of_submissions(submissions, simulated[1]))


def test_nothing_in_the_answers_gives_the_truth_away(simulated, specification):
    answers, _ = simulated

    assert list(answers) == ["response_id", "submitted_at", "group", "partner", "consent", "q1", "q2", "q3"]
    ids = {question.id for question in specification.questions if "_" in question.id}
    assert not any(name in text for text in answers["q1"] for name in ids)


def test_people_answer_between_the_opening_and_the_close(simulated, protocol):
    times = pd.to_datetime(simulated[0]["submitted_at"])

    assert times.min() >= protocol.rounds.gather.opens
    assert times.max() < protocol.rounds.gather.closes
    assert times.is_monotonic_increasing


def test_stakeholder_groups_write_about_different_things(simulated, specification):
    answers, truth = simulated
    said = truth.merge(answers[["response_id", "group"]], on="response_id")
    carers = said["latent"].isin(["carers_burnout", "carers_information", "young_carers", "waiting"])

    share = carers.groupby(said["group"]).mean()

    assert share["Family, friends and carers"] > share["Academic researchers"]
    counts = said.loc[said["latent"] != OUT_OF_SCOPE, "latent"].value_counts()
    assert counts.head(10).mean() > 3 * counts.tail(20).mean(), "a few questions are asked by many, many by a few"


def test_every_fault_of_a_specification_is_told_at_once(tmp_path, protocol):
    for file in (EXAMPLE / "simulation").glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        if file.name == "society.toml":
            text = text.replace("[9, 7, 7, 8, 8, 9, 6]", "[9, 7]").replace(
                'category = "society"', 'category = "weather"'
            )
        if file.name == "people.toml":
            text = text.replace("kith_and_carers = 7", "nobody_we_know = 7")
        (tmp_path / file.name).write_text(text, encoding="utf-8")

    with pytest.raises(ProtocolError) as error:
        read_specification(tmp_path, protocol)

    assert len(error.value.faults) >= 3
    assert "nobody_we_know" in str(error.value)
    assert "questions.race.importance" in str(error.value)


# ballots


def test_a_group_chooses_most_what_it_wants_most(faultless, ballots):
    wording = faultless["questions"].set_index("wording")["question_id"]
    choices = ballots.melt(["response_id", "group"], [c for c in ballots if c.startswith("rank_")])
    chosen = choices[choices["value"] == wording["About carers_burnout?"]].groupby("group").size()
    of_all = chosen / ballots.groupby("group").size()
    assert of_all.idxmax() == "Family, friends and carers"
    assert choices[choices["value"] == wording["About withdrawal?"]]["group"].value_counts().idxmax().startswith("Peop")


def test_ballots_hold_a_few_bad_and_a_few_late_ones(faultless, ballots, protocol):
    ranks = ballots[[column for column in ballots if column.startswith("rank_")]]
    known = set(faultless["questions"]["question_id"])
    unknown = ranks.apply(lambda row: any(q and q not in known for q in row), axis=1).sum()
    twice = ranks.apply(lambda row: len({q for q in row if q}) < sum(q != "" for q in row), axis=1).sum()
    end = protocol.rounds.interim.closes + pd.Timedelta(minutes=protocol.rounds.interim.grace_minutes)
    assert (unknown, twice) == (2, 2)
    assert (pd.to_datetime(ballots["submitted_at"]) > end).sum() == 3
    assert len(ballots) >= 600
    assert 0.05 < (ranks["rank_10"] == "").mean() < 0.3


def test_an_answered_question_is_not_on_the_ballot(faultless, submissions, simulated, specification, protocol):
    questions = faultless["questions"].copy()
    questions.loc[0, "status"] = "answered"

    ballots = simulate_ballots(
        questions, faultless["lineage"], submissions, simulated[1], specification, protocol, SEED
    )

    assert questions.loc[0, "question_id"] not in set(ballots.filter(like="rank_").to_numpy().ravel())


# workshop


def test_each_small_group_ranks_the_whole_shortlist(faultless, submissions, simulated, specification, protocol):
    shortlist = list(faultless["questions"]["question_id"])[:25]

    rankings = simulate_workshop(
        shortlist, faultless["lineage"], submissions, simulated[1], specification, protocol, SEED
    )

    assert list(rankings) == list(COLUMNS["workshop_rankings"])
    assert check_workshop_rankings(rankings, shortlist) == []
    sittings = rankings.groupby(["session", "small_group"]).ngroups
    assert sittings == protocol.workshop.sessions * protocol.workshop.small_groups
    assert all(name.startswith("simulated") for name in rankings["small_group"])


def test_lived_experience_and_carers_have_their_declared_part_of_the_seats(protocol):
    people = workshop_people(protocol, SEED)

    assert len(people) == protocol.workshop.seats
    assert check_seats(people, protocol.workshop.minimum) == []
    assert set(people["group"]) == {group.id for group in protocol.groups}


def test_small_groups_without_a_truth_follow_the_groups_own_orders(protocol):
    questions = [f"q{n}" for n in range(20)]
    positions = pd.DataFrame({group: range(1, 21) for group in protocol.shares}, index=pd.Index(questions))

    rankings = simulate_small_groups(positions, protocol, SEED)

    mean = rankings.groupby("question")["place"].mean()
    assert mean[questions[:5]].max() < mean[questions[-5:]].min()
    assert all(name.startswith("simulated") for name in rankings["small_group"])


# the scripted reviewer


def test_the_scripted_reviewer_is_named_in_every_decision_and_gives_its_rule(protocol):
    submissions = submissions_of({"s1": "Does diet help?", "s2": "Does a diet help?", "s3": "the car park is full"})

    decisions = ScriptedReviewer(protocol).decide(
        submissions, proposals_of({"s1": "g1", "s2": "g1", "s3": "g2"}), empty("identifiers"), at=NOW
    )

    assert list(decisions) == list(COLUMNS["decisions"])
    assert set(decisions["by"]) == {REVIEWER}
    assert (decisions["why"].str.len() > 10).all()
    assert decisions["decision_id"].is_unique


def test_without_a_number_of_questions_every_proposal_becomes_one_and_the_lone_stand_alone(protocol):
    submissions = submissions_of({"s1": "Does diet help?", "s2": "Does a diet help?", "s3": "Who pays for housing?"})
    proposals = proposals_of({"s1": "g1", "s2": "g1", "s3": "g2"})

    decisions = ScriptedReviewer(protocol).decide(submissions, proposals, empty("identifiers"), at=NOW)
    built = apply_decisions(submissions, proposals, decisions)

    assert sorted(built.lineage.groupby("question_id")["submission_id"].apply(tuple)) == [("s1", "s2"), ("s3",)]
    assert built.set_aside.empty


def test_a_proposed_group_that_does_not_read_alike_is_taken_apart(protocol):
    texts = {"s1": "I am a carer. Does diet help anxiety?", "s2": "I am a carer. How can wards stop restraint?"}
    proposals = proposals_of({"s1": "g1", "s2": "g1"})

    decisions = ScriptedReviewer(protocol).decide(submissions_of(texts), proposals, empty("identifiers"), at=NOW)

    made = decisions[decisions["kind"] == "same_question"]
    assert sorted(value["submissions"] for value in made["value"]) == [["s1"], ["s2"]]


def test_what_the_scope_rules_out_is_out_with_the_protocols_reason(protocol):
    texts = {
        "s1": "The receptionist was rude and the car park was full.",
        "s2": "Thank you, good luck!",
        "s3": "The receptionist was rude to me because I self-harm. How can staff attitudes be changed?",
    }
    reviewer = ScriptedReviewer(protocol)

    decisions = reviewer.decide(submissions_of(texts), empty("proposals"), empty("identifiers"), at=NOW)

    out = decisions[decisions["kind"] == "out_of_scope"].set_index("subject")["why"]
    assert "s1" in out.index
    assert out["s1"] == "Ruled out by the protocol's scope: Complaints about one place or person."
    assert "Thanks" in out["s2"]


def test_flagged_identifiers_are_redacted(protocol):
    submissions = submissions_of({"s1": "Does diet help? Call 07700 900123"})
    identifiers = pd.DataFrame([("s1", 21, 33, "phone")], columns=COLUMNS["identifiers"])

    decisions = ScriptedReviewer(protocol).decide(submissions, empty("proposals"), identifiers, at=NOW)

    redaction = decisions[decisions["kind"] == "redact"].iloc[0]
    assert (redaction["subject"], redaction["value"]) == ("s1", {"start": 21, "end": 33, "kind": "phone"})


def test_what_a_source_set_aside_the_reviewer_leaves_aside(protocol):
    submissions = submissions_of({"s1": "Does diet help?", "s2": "Is the vote fair?"})
    submissions.loc[1, "status"] = "rejected by a moderator"

    decisions = ScriptedReviewer(protocol).decide(submissions, empty("proposals"), empty("identifiers"), at=NOW)

    assert set(decisions["value"].map(lambda value: tuple(value.get("submissions", ())))) == {("s1",)}


def test_the_order_of_the_rows_changes_no_decision(protocol, submissions):
    reviewer = ScriptedReviewer.read(EXAMPLE, protocol)
    some = submissions.head(120)
    proposals = proposals_of({name: name for name in some["submission_id"]})

    one = reviewer.decide(some, proposals, empty("identifiers"), at=NOW)
    other = reviewer.decide(some.iloc[::-1], proposals.iloc[::-1], empty("identifiers"), at=NOW)

    assert one.equals(other)


def test_a_wording_is_a_clean_question_and_no_tale():
    texts = [
        "I lost my job. wat helps me to wrok again",
        "What helps people with mental illness to work again?",
        "Please find out how folk can work again.",
    ]

    wording = Wordsmith.of(texts, Glossary(plainer={"folk": "people"})).wording(texts)

    assert wording == "What helps people with mental illness to work again?"


def test_texts_that_share_a_term_read_alike_though_they_share_no_word():
    glossary = Glossary({"tapering": ("come off", "withdraw")})

    table = likeness(["How do I come off these?", "Antidepressant withdrawal", "Crisis houses"], glossary)

    assert table[0, 1] > 0.5 > table[0, 2]


def test_groups_are_joined_by_their_mean_likeness_and_never_split():
    table = likeness(["sleep at night", "sleep by night", "housing", "housing costs"], Glossary())

    groups = merged(table, [[0], [1], [2], [3]], least=0.2)

    assert sorted(map(sorted, groups)) == [[0, 1], [2, 3]]


def test_a_review_on_the_list_answers_a_question_and_the_others_stay_open(protocol):
    reviewer = ScriptedReviewer(protocol, reviews=(Review("A review, 2016", (("panic",), ("CBT",))),))
    questions = pd.DataFrame({"question_id": ["q1", "q2"], "wording": ["Does CBT help panic?", "Does CBT help OCD?"]})

    decisions = reviewer.check_evidence(questions, at=NOW)

    assert decisions[["kind", "subject"]].values.tolist() == [["answered", "q1"], ["unanswered", "q2"]]
    assert decisions["value"].iloc[0] == {"review": "A review, 2016"}


def test_the_plenary_settles_a_tie_at_the_cut(protocol):
    questions = [f"q{n:02d}" for n in range(1, 13)]
    order = pd.DataFrame({"rank": [*range(1, 10), 10, 10, 12]}, index=pd.Index(questions, name="question"))
    positions = pd.DataFrame({"carers": range(20, 32), "public": [20] * 10 + [8, 20]}, index=order.index)

    move = ScriptedReviewer(protocol).move_in_plenary(order, positions, at=NOW)

    assert move[["kind", "subject", "value"]].values.tolist() == [["plenary_move", "q11", {"to": 10}]]


def test_the_plenary_moves_nothing_where_the_cut_is_clear(protocol):
    questions = [f"q{n:02d}" for n in range(1, 13)]
    order = pd.DataFrame({"rank": range(1, 13)}, index=pd.Index(questions, name="question"))
    positions = pd.DataFrame({"carers": range(1, 13), "public": range(1, 13)}, index=order.index)

    assert ScriptedReviewer(protocol).move_in_plenary(order, positions, at=NOW).empty


def test_the_scripted_reviewer_decides_on_the_screens_of_the_review_queue(protocol):
    texts = {"s1": "Does a diet help anxiety?", "s2": "Does diet help with anxiety?", "s3": "Who pays for housing?"}
    submissions, proposals = submissions_of(texts), proposals_of({"s1": "g1", "s2": "g1", "s3": "g2"})

    decisions = ScriptedReviewer(protocol).decide(submissions, proposals, empty("identifiers"), at=NOW)

    compared = decisions[decisions["kind"] == "compared"]["value"]
    together = [{*value["anchor"], *(each for shown in value["same"] for each in shown)} for value in compared]
    assert {"s1", "s2"} in together
    assert not any("s3" in each and len(each) > 1 for each in together)


def test_sorting_leaves_out_what_all_texts_have_in_common():
    class Leaning:
        def encode(self, texts):
            return np.array([[10.0, 1.0], [10.0, 1.1], [10.0, -1.0]], dtype=np.float32)

    near = meaning(["a", "b", "c"], Leaning())

    assert near[0, 1] > 0.9
    assert near[0, 2] == 0


def test_the_scripted_reviewer_cannot_read_the_truth():
    source = (EXAMPLE.parents[1] / "src/consensus/simulate/reviewer.py").read_text(encoding="utf-8")

    imported = re.findall(r"^from (consensus\.simulate\.\w+)", source, re.MULTILINE)

    assert set(imported) == {f"consensus.simulate.{name}" for name in ("reading", "sorting", "summary_wording")}


# recovery


def test_a_reviewer_who_read_the_truth_recovers_all_of_it(faultless, submissions, simulated, specification, protocol):
    latent = latent_of_submissions(submissions, simulated[1])
    named = {each: q for q, each in latent_by_question(faultless["lineage"], latent).items()}
    best = [named[each] for each in latent_scores(specification, protocol).index if each in named]

    recovery = recovered(simulated[1], faultless["lineage"], submissions, best, specification, protocol)

    assert (recovery.groups.f1, recovery.pairs.f1) == (1.0, 1.0)
    assert recovery.found == recovery.latent_questions
    assert recovery.top == protocol.publication.top
    assert recovery.in_scope_set_aside == recovery.out_of_scope_in_questions == 0


def test_a_reviewer_who_set_everything_aside_recovers_nothing(submissions, simulated, specification, protocol):
    recovery = recovered(simulated[1], empty("lineage"), submissions, [], specification, protocol)

    assert recovery.found == recovery.top == 0
    assert recovery.pairs.f1 == 0.0
    assert recovery.groups.recall < 0.3


def latent_by_question(lineage: pd.DataFrame, latent: pd.Series) -> dict[str, str]:
    return dict(zip(lineage["question_id"], lineage["submission_id"].map(latent), strict=True))


def test_a_text_that_is_like_nothing_stays_alone_when_the_reviewer_sorts() -> None:
    table = np.eye(5)
    table[:2, :2] = table[2:4, 2:4] = 0.9

    assert sorted(sorted_into(table, 3)) == [[0, 1], [2, 3], [4]]
