"""Proposed duplicate groups: the same for everybody, explained, and measured against people's own groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from threadpoolctl import threadpool_limits

from consensus import ReviewQueue
from consensus.duplicates import (
    SPELLING_THRESHOLD,
    THRESHOLD,
    b_cubed,
    calibrated_threshold,
    group_id,
    grouping,
    normalise,
    pairwise,
    propose_groups,
    propose_wordings,
)
from consensus.duplicates.grouping import Part
from consensus.duplicates.linking import link
from consensus.duplicates.neighbourhood import likeness, linked, spelled_likeness
from consensus.duplicates.neighbours import neighbours, on_grid
from consensus.embedding import CachedEmbedder, LexicalEmbedder, MiniLM, default_embedder
from tests.profiles import examples

WHATS = ["running", "lithium", "yoga", "housing", "peer support", "sertraline", "school nurses", "light therapy",
         "family therapy", "debt advice", "clozapine", "gardening"]  # fmt: skip
SLEEP = ["Does poor sleep cause depression?", "Can poor sleep cause a depression?", "does POOR sleep cause depression"]
TWO = ["Does diet help?", "Is ECT safe?"]
WORK = ["Which support helps people keep a job?", "Which support helps people to keep their job?"]


def frame_of(texts: list[str]) -> pd.DataFrame:
    """Return submissions with the texts given."""
    return pd.DataFrame({"submission_id": [f"s{n:03d}" for n in range(len(texts))], "text": texts}, dtype=object)


def members(proposals: pd.DataFrame) -> set[frozenset[str]]:
    """Return the groups as sets of submissions."""
    return {frozenset(ids) for ids in proposals.groupby("group")["submission_id"].agg(list)}


TEXTS = st.lists(
    st.sampled_from([*SLEEP, *WORK, "Sleep", "", "😀", "؟", "نوم", "ECT?", "Is ECT safe for the old?"]), max_size=9
)


@examples
@given(TEXTS, st.randoms(use_true_random=False))
def test_every_submission_is_in_one_group_whatever_the_order_of_the_rows(texts: list[str], random) -> None:
    submissions = frame_of(texts)
    shuffled = submissions.iloc[random.sample(range(len(texts)), len(texts))]

    proposals = propose_groups(submissions)

    assert proposals["submission_id"].tolist() == submissions["submission_id"].tolist()
    assert proposals["similarity"].between(0, 1).all()
    pd.testing.assert_frame_equal(propose_groups(shuffled), proposals)


def test_submissions_that_ask_the_same_in_nearly_the_same_words_are_proposed_together() -> None:
    proposals = propose_groups(frame_of([*SLEEP, *WORK, "Is ECT safe?"]))

    assert members(proposals) == {frozenset({"s000", "s001", "s002"}), frozenset({"s003", "s004"}), frozenset({"s005"})}


def test_case_marks_spaces_and_list_numbers_do_not_make_a_wording_another() -> None:
    assert normalise("1.  Does DIET\u00a0help?!") == normalise("does diet help")

    (why,) = set(propose_groups(frame_of(["1. Does diet help?", "does diet help"]))["why"])
    assert why == "same wording as 1 other"


def test_a_group_of_one_says_that_nothing_is_near() -> None:
    (row,) = propose_groups(frame_of(["Is ECT safe?"])).to_dict("records")

    assert row["similarity"] == 0.0
    assert row["why"].startswith("on its own")


def test_the_reason_for_a_group_holds_no_word_of_a_participant() -> None:
    words = {word for text in (*SLEEP, *WORK) for word in normalise(text).split()}

    reasons = " ".join(propose_groups(frame_of([*SLEEP, *WORK]))["why"])

    assert not words & set(normalise(reasons).split()) - {"to", "a"}


def test_the_id_of_a_group_follows_from_its_members_alone() -> None:
    few, more = propose_groups(frame_of(SLEEP)), propose_groups(frame_of([*SLEEP, *WORK]))

    assert few["group"].iloc[0] == more["group"].iloc[0] == group_id(["s002", "s000", "s001"])


def test_submissions_that_carry_a_reason_to_set_them_aside_are_left_out() -> None:
    submissions = frame_of(SLEEP).assign(status=["", "rejected by the moderators", ""])

    assert propose_groups(submissions)["submission_id"].tolist() == ["s000", "s002"]
    assert propose_groups(submissions.assign(status="rejected")).empty


@pytest.mark.parametrize("texts", [[], [""], ["", " "], ["😀", "!", "؟"], ["a"], ["x" * 120_000, "x" * 120_000 + " y"]])
def test_texts_without_words_or_of_any_length_have_a_group(texts: list[str]) -> None:
    proposals = propose_groups(frame_of(texts))

    assert len(proposals) == len(texts)


def test_linking_by_sums_gives_the_groups_of_average_linkage_on_a_table_of_all_pairs(shared: Path) -> None:
    texts = sorted(set(_covidq(shared)["text"].map(normalise)))[:300]
    rows = likeness(LexicalEmbedder().encode(texts))

    distances = squareform((1 - rows.astype(float) @ rows.T.astype(float)).clip(0), checks=False)
    labels = fcluster(linkage(distances, "average"), 1 - 0.3, "distance")
    by_sums = link(rows, 0.2).cut(0.3)

    assert len(set(labels)) == len(set(by_sums)) == len(set(zip(labels, by_sums, strict=True)))


@examples
@given(st.integers(1, 60), st.integers(1, 25), st.integers(0, 5))
def test_the_nearest_are_those_of_a_table_of_all_pairs_and_of_equals_the_first(count: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(-1, 2, (count, 3)).astype(np.float32)  # many are the same, and some are zeros
    table = on_grid(rows).astype(float) @ on_grid(rows).astype(float).T
    np.fill_diagonal(table, -1)

    found = neighbours(rows, k)

    for row, products in enumerate(table):
        nearest = [other for other in np.argsort(-products, kind="stable")[:k] if products[other] > 0]
        assert found.index[row].tolist() == nearest + [-1] * (k - len(nearest))


def test_texts_seen_with_their_nearest_are_grouped_better_than_alone_with_a_model_and_without(shared: Path) -> None:
    questions = _covidq(shared)
    texts, truth = questions["text"].tolist(), questions["cluster"].tolist()

    for rows in (likeness(default_embedder().encode(texts)), spelled_likeness(texts)):
        alone, seen = link(rows, 0.3), linked(rows, 0.3)[1]
        best = [
            max(
                b_cubed(linkage.cut(cut), truth).f1 + pairwise(linkage.cut(cut), truth).f1
                for cut in np.arange(0.3, 0.9, 0.04)
            )
            for linkage in (alone, seen)
        ]
        assert best[1] > best[0] + 0.015


def test_texts_compared_token_by_token_are_grouped_better_than_by_vectors_alone(shared: Path) -> None:
    questions = _covidq(shared)
    texts, truth = tuple(questions["text"]), questions["cluster"].tolist()
    part = Part(default_embedder(), np.arange(len(texts)), default_embedder().encode(texts), texts)

    best = [
        max(
            b_cubed(linkage.cut(cut), truth).f1 + pairwise(linkage.cut(cut), truth).f1
            for cut in np.arange(0.6, 0.9, 0.02)
        )
        for linkage in (linked(part.likeness(), 0.6)[1], part.linked(0.6)[1])
    ]

    assert best[1] > best[0] + 0.01


def test_of_more_wordings_than_are_compared_no_token_is_read(monkeypatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(MiniLM, "tokens", lambda self, texts: [asked.append(text) for text in texts])
    monkeypatch.setattr(grouping, "MOST_ALIGNED", len(TWO) - 1)

    proposals = propose_groups(frame_of(TWO), default_embedder())

    assert len(proposals) == len(TWO)
    assert not asked


def test_proposals_and_the_review_queue_read_one_table_of_tokens(tmp_path: Path) -> None:
    class Counting(CachedEmbedder):
        def tokens(self, texts):
            asked.append(len(texts))
            return super().tokens(texts)

    asked: list[int] = []
    submissions = frame_of([*SLEEP, *WORK, "Is ECT safe?"])
    embedder = Counting(default_embedder(), tmp_path)

    first = propose_groups(submissions, embedder)
    read = sum(asked)
    ReviewQueue(submissions, embedder)
    again = propose_groups(submissions, embedder)

    assert read == sum(asked) == 5, "five wordings, each read once"
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(first, propose_groups(submissions))


def test_of_a_single_wording_nothing_is_compared(tmp_path: Path) -> None:
    proposals = [propose_groups(frame_of(["Sleep?"]), CachedEmbedder(default_embedder(), tmp_path)) for _ in range(2)]

    pd.testing.assert_frame_equal(*proposals)
    assert proposals[0]["similarity"].tolist() == [0]


def test_a_text_in_a_language_that_the_model_lacks_is_compared_by_spelling_within_its_language() -> None:
    french = ["Quels sont les effets secondaires des antidépresseurs ?", "Les effets secondaires des antidépresseurs ?"]
    english = ["What are the side effects of antidepressants?", "Which side effects do antidepressants have?"]
    proposals = propose_groups(frame_of([*english, *french, "أعراض مضادات الاكتئاب الجانبية"])).set_index(
        "submission_id"
    )

    assert members(proposals.reset_index()) == {
        frozenset({"s000", "s001"}),
        frozenset({"s002", "s003"}),
        frozenset({"s004"}),
    }
    assert "MiniLM" in proposals.loc["s000", "why"]
    assert "lexical" in proposals.loc["s002", "why"]


def test_without_a_model_the_weaker_embedder_still_proposes_and_is_named() -> None:
    proposals = propose_groups(frame_of([*SLEEP, *WORK, "Is ECT safe?"]), LexicalEmbedder())

    assert members(proposals) == {frozenset({"s000", "s001", "s002"}), frozenset({"s003", "s004"}), frozenset({"s005"})}
    assert proposals["why"].str.contains("lexical|same wording").all()


def test_a_threshold_is_found_from_settled_groups_and_keeps_to_the_default_where_they_are_few(shared: Path) -> None:
    questions = _covidq(shared)
    half = set(sorted(set(questions["cluster"]))[::2])
    settled = questions[questions["cluster"].isin(half)].set_index("submission_id")["cluster"].to_dict()

    threshold = calibrated_threshold(questions, settled, LexicalEmbedder())

    assert threshold == calibrated_threshold(questions.iloc[::-1], settled, LexicalEmbedder())
    assert SPELLING_THRESHOLD < threshold < 1
    assert calibrated_threshold(questions, dict(list(settled.items())[:9]), LexicalEmbedder()) == SPELLING_THRESHOLD


def test_a_threshold_hangs_on_wordings_and_not_on_how_often_each_was_sent() -> None:
    asked = [("does", "help"), ("can", "be of help to people"), ("is it known whether", "makes a difference")]
    once = frame_of([f"{how} {what} {whom}" for what in WHATS for how, whom in asked])
    groups = {each: f"g{number // 3}" for number, each in enumerate(once["submission_id"])}
    often = pd.concat([once, *(once.assign(submission_id=once["submission_id"] + f"-{n}") for n in range(24))])
    settled = {each: groups[each.split("-")[0]] for each in often["submission_id"]}

    thresholds = [calibrated_threshold(one, settled, default_embedder()) for one in (once, often)]

    for threshold in thresholds:
        proposed = propose_groups(once, threshold=threshold)
        assert b_cubed(proposed["group"], proposed["submission_id"].map(groups)).f1 > 0.95


FRENCH = [f"Est-ce que {what} peut aider les personnes {how} ?" for what in ("le sport", "la lecture", "le jardinage",
          "la natation", "le dessin", "la marche", "le chant", "la danse", "le silence", "la musique")
          for how in ("qui dorment mal", "qui dorment mal la nuit")]  # fmt: skip


def test_a_threshold_of_meaning_is_not_used_where_spelling_is_compared() -> None:
    frame = frame_of([*SLEEP, *WORK, *FRENCH])
    apart, careful, spelled = (
        members(propose_groups(frame, default_embedder(), **how))
        for how in ({"threshold": 1.0}, {}, {"spelling_threshold": 1.0})
    )
    english = set(frame["submission_id"][: len(SLEEP + WORK)])

    def within(groups, part):
        return {group for group in groups if group <= part}

    french = set(frame["submission_id"]) - english
    assert within(apart, french) == within(careful, french)
    assert within(apart, english) != within(careful, english)
    assert within(spelled, english) == within(careful, english)
    assert len(within(spelled, french)) > len(within(careful, french))


def test_a_threshold_is_found_for_meaning_and_for_spelling_each_from_its_own_texts() -> None:
    frame = frame_of([*SLEEP, *WORK, *FRENCH])
    settled = {each: f"g{number // 2}" for number, each in enumerate(frame["submission_id"][len(SLEEP + WORK) :])}

    meant, spelled = (
        calibrated_threshold(frame, settled, default_embedder(), spelling=spelling) for spelling in (False, True)
    )

    assert meant == THRESHOLD, "nothing that is settled is read by meaning"
    assert spelled != SPELLING_THRESHOLD


def test_what_all_texts_have_in_common_is_left_alone_where_that_is_asked_for(shared: Path) -> None:
    questions = _covidq(shared)
    questions = questions.iloc[:200]

    damped, left = (propose_groups(questions, common_directions=damp) for damp in (True, False))

    assert not damped.equals(left)
    assert damped["submission_id"].tolist() == left["submission_id"].tolist()


@pytest.mark.parametrize("embedder", [LexicalEmbedder(), default_embedder()], ids=["lexical", "model"])
def test_any_number_of_threads_proposes_the_same_groups(embedder) -> None:
    submissions = frame_of([f"does treatment {n % 97} help people in group {n % 5} or {n % 7}" for n in range(400)])
    told = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            told.append(propose_groups(submissions, embedder))

    pd.testing.assert_frame_equal(*told)


def _covidq(shared: Path) -> pd.DataFrame:
    frame = pd.read_csv(shared / "data" / "covidq_clusters.csv", dtype=str, keep_default_na=False)
    return frame.rename(columns={"id": "submission_id"})


def test_proposals_beat_doing_nothing_on_questions_that_people_grouped(shared: Path) -> None:
    questions = _covidq(shared)

    proposals = propose_groups(questions).set_index("submission_id")["group"].loc[questions["submission_id"]]
    alone = b_cubed(range(len(questions)), questions["cluster"])
    found, pairs = b_cubed(proposals, questions["cluster"]), pairwise(proposals, questions["cluster"])

    assert alone.f1 == pytest.approx(0.537, abs=0.001)
    assert found.f1 > 0.7
    assert found.precision > 0.8
    assert pairs.f1 > 0.47


@examples
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8))
def test_the_measures_agree_with_their_definitions_written_out(labels: list[tuple[int, int]]) -> None:
    groups, truth = [group for group, _ in labels], [true for _, true in labels]
    precisions, together = [], []
    for i, (group, true) in enumerate(labels):
        mates = [other for other in labels if other[0] == group]
        precisions.append(sum(other[1] == true for other in mates) / len(mates))
        together += [other[1] == true for other in labels[i + 1 :] if other[0] == group]

    assert b_cubed(groups, truth).precision == pytest.approx(sum(precisions) / len(labels))
    assert b_cubed(groups, truth).recall == pytest.approx(b_cubed(truth, groups).precision)
    assert pairwise(groups, truth).precision == pytest.approx(sum(together) / len(together) if together else 0)


def test_a_group_is_worded_in_the_words_of_its_most_central_submission() -> None:
    submissions = frame_of(["Sleep?", "Does sleep\n help?", "Does sleep help me, Jo?"])
    proposals = pd.DataFrame(
        {"submission_id": submissions["submission_id"], "group": "g1", "similarity": [0.2, 0.5, 0.9]}
    )
    names_somebody = pd.DataFrame([("s002", 20, 22, "email")], columns=["submission_id", "start", "end", "kind"])

    worded = propose_wordings(submissions, proposals, names_somebody)

    assert worded.loc["g1"].tolist() == ["s001", "Does sleep help?"]


def test_a_wording_never_repeats_what_may_name_somebody() -> None:
    submissions = frame_of(["Ask jo@example.org?"])
    proposals = propose_groups(submissions)
    flagged = pd.DataFrame([("s000", 4, 18, "email")], columns=["submission_id", "start", "end", "kind"])

    assert propose_wordings(submissions, proposals, flagged)["wording"].tolist() == ["Ask […]?"]


def test_where_nothing_is_left_but_what_may_name_somebody_no_wording_is_proposed() -> None:
    submissions = frame_of(["(020 7946 0958)", "😀"])
    proposals = pd.DataFrame({"submission_id": ["s000", "s001"], "group": ["g1", "g2"], "similarity": 0.0})
    flagged = pd.DataFrame([("s000", 1, 14, "phone")], columns=["submission_id", "start", "end", "kind"])

    assert propose_wordings(submissions, proposals, flagged)["wording"].tolist() == ["", "😀"]
