"""Laws that hold for every rule and every set of ballots, tried on made-up ones."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.interim import SHORTLIST_RULES, ballots_from_responses, shortlist
from consensus.interim.proportional import PROPORTIONAL_RULES
from consensus.rules import RULES, rank
from consensus.tally import tally
from consensus.vocabulary import BALLOT_FORMS
from consensus.workshop import allocate_seats, apply_moves, combine_rankings
from tests.profiles import GROUPS, QUESTIONS, Ballot, examples, frame_of, profiles, times

FORM = st.sampled_from(BALLOT_FORMS)
BY_POSITIONS = ("jla_positions", "jla_top10", "maximin")
"""Rules on group positions: a question's score never falls when it is raised, yet another's may rise past it."""

BEARS = {"group_informed_consensus": ("chosen",)}
"""Rules that only some forms of ballot bear."""

MOVED_BY_HEAD_COUNT = {
    "chosen": ["group_informed_consensus"],
    "pairwise": ["jla_positions", "jla_top10", "maximin", "mean_points"],
}
"""Rules whose definition draws few people's answers towards the middle: (agree + 1) / (seen + 2), so too pairs won."""

MAY_PART_A_TIE = ("ranked_pairs", "kemeny")
"""Rules that leave orders open: a raise can settle a tie, and put the question below the top of it."""

POSITION_TIES = st.sampled_from(["mean", "min", "dense"])


def rankings(frame: pd.DataFrame, form: str, questions=QUESTIONS, **options) -> dict[str, pd.DataFrame]:
    """Return the ranking of a ballots frame by every rule."""
    t = tally(frame, questions, form)
    return {rule: rank(t, rule, **options) for rule in RULES if form in BEARS.get(rule, BALLOT_FORMS)}


def order(profile: list[Ballot], form: str = "ranked", **options) -> pd.DataFrame:
    """Return each question's rank by every rule."""
    ranked = rankings(frame_of(profile, form), form, **options)
    return pd.DataFrame({rule: ranking["rank"] for rule, ranking in ranked.items()}).sort_index()


@examples
@given(data=st.data(), k=st.integers(2, 5))
def test_copying_one_groups_ballots_k_times_changes_nothing(data, k):
    form = data.draw(FORM)
    profile = data.draw(profiles(form))
    group = data.draw(st.sampled_from(GROUPS))

    many, one = order(times(profile, group, k), form), order(profile, form)
    moved_by_head_count = MOVED_BY_HEAD_COUNT.get(form, [])
    pd.testing.assert_frame_equal(many.drop(columns=moved_by_head_count), one.drop(columns=moved_by_head_count))


@examples
@given(data=st.data(), form=FORM)
def test_each_groups_positions_sum_to_a_constant(data, form):
    got = rank(tally(frame_of(data.draw(profiles(form)), form), QUESTIONS, form))

    n = len(QUESTIONS)
    assert (got.filter(like="position_").sum() == n * (n + 1) / 2).all()


@examples
@given(data=st.data(), form=FORM, ties=POSITION_TIES)
def test_renaming_the_questions_renames_the_result(data, form, ties):
    frame = frame_of(data.draw(profiles(form)), form)
    name = dict(zip(QUESTIONS, data.draw(st.permutations([f"z{q}" for q in QUESTIONS])), strict=True))
    renamed = frame.assign(**{c: frame[c].map(name) for c in ("question", "other") if c in frame})

    before = rankings(frame, form, ties=ties)
    after = rankings(renamed, form, name.values(), ties=ties)

    for rule in before:
        expected = before[rule].rename(index=name).sort_index()
        pd.testing.assert_frame_equal(after[rule].sort_index(), expected, check_exact=True)


@examples
@given(data=st.data(), form=FORM)
def test_shuffling_the_ballots_changes_nothing(data, form):
    frame = frame_of(data.draw(profiles(form)), form)
    shuffled = frame.sample(frac=1, random_state=data.draw(st.integers(0, 99)))

    before, after = (rankings(rows, form) for rows in (frame, shuffled))

    for rule in before:
        pd.testing.assert_frame_equal(after[rule], before[rule], check_exact=True)
        assert after[rule].attrs == before[rule].attrs


@examples
@given(data=st.data())
def test_raising_a_choice_never_lowers_that_question(data):
    profile = data.draw(profiles())
    at = data.draw(st.integers(0, len(profile) - 1))
    ballot = profile[at]
    question = data.draw(st.sampled_from(QUESTIONS))
    first = {question: 1} | {q: place + 1 for q, place in ballot.said.items() if q != question}
    places = {place: n + 1 for n, place in enumerate(sorted(set(first.values())))}
    raised = Ballot(ballot.group, {q: places[place] for q, place in first.items()}, ballot.weight)

    before = rankings(frame_of(profile), "ranked")
    after = rankings(frame_of([*profile[:at], raised, *profile[at + 1 :]]), "ranked")

    for rule in before:
        old, new = before[rule].loc[question], after[rule].loc[question]
        assert new["score"] >= old["score"] or rule in MAY_PART_A_TIE
        assert (new.filter(like="position_") <= old.filter(like="position_")).all()
        assert (new.filter(like="total_") >= old.filter(like="total_")).all()
        if rule in MAY_PART_A_TIE and old["rank"] == 1 and not old["tied"]:
            assert new["rank"] == 1
        if rule not in (*BY_POSITIONS, *MAY_PART_A_TIE):
            assert new["rank"] <= old["rank"]


def test_under_positions_a_third_question_may_pass_one_that_was_raised():
    # Raising a above c takes a point from c in the carers' list; d is now level with c there and passes a.
    before = [{"b": 1, "c": 2, "a": 3, "d": 4}, {"b": 1, "a": 2, "d": 3, "c": 4}]
    raised = [{"b": 1, "a": 2, "c": 3, "d": 4}, {"b": 1, "a": 2, "d": 3, "c": 4}]
    nurse = Ballot("nurse", {"c": 1, "d": 2, "b": 3, "a": 4})

    old, new = (
        rank(tally(frame_of([*(Ballot("carer", said) for said in carers), nurse]), depth=4))
        for carers in (before, raised)
    )

    assert old.loc[["a", "d"], "score"].tolist() == [4.0, 4.0]
    assert new.loc[["a", "d"], "score"].tolist() == [4.0, 4.5]
    assert (old.loc["a", "rank"], new.loc["a", "rank"]) == (3, 4)


@examples
@given(data=st.data(), form=FORM)
def test_parts_of_a_round_merged_rank_as_the_whole(data, form):
    profile = data.draw(profiles(form).filter(lambda profile: len(profile) > 1))
    frame = frame_of(profile, form)
    cut = data.draw(st.integers(1, len(profile) - 1))
    early = frame["ballot"].str[1:].astype(int) < cut

    parts = tally(frame[early], form=form) + tally(frame[~early], form=form)

    whole = tally(frame, form=form)
    assert parts.digest == whole.digest
    for rule in RULES:
        if form in BEARS.get(rule, BALLOT_FORMS):
            pd.testing.assert_frame_equal(rank(parts, rule), rank(whole, rule), check_exact=True)


@examples
@given(data=st.data(), form=FORM, k=st.integers(2, 9))
def test_shares_matter_only_in_proportion(data, form, k):
    profile = data.draw(profiles(form))
    shares = {g: data.draw(st.integers(1, 3)) for g in sorted({b.group for b in profile})}

    one, many = (order(profile, form, shares={g: s * n for g, s in shares.items()}) for n in (1, k))

    pd.testing.assert_frame_equal(one, many)


@examples
@given(data=st.data(), form=FORM)
def test_a_rank_counts_those_ahead_and_a_tie_is_told_on_every_side(data, form):
    for ranking in rankings(frame_of(data.draw(profiles(form)), form), form).values():
        ranks = ranking["rank"].tolist()
        assert ranks == [1 + sum(other < mine for other in ranks) for mine in ranks]
        assert ranking["tied"].tolist() == [ranks.count(mine) > 1 for mine in ranks]


@pytest.mark.parametrize("rule", [name for name in SHORTLIST_RULES if name not in ("by_hand", *PROPORTIONAL_RULES)])
@examples
@given(data=st.data(), form=FORM, size=st.integers(1, 6), first=st.integers(1, 4))
def test_a_tie_across_the_cut_is_taken_whole_or_not_at_all(rule, data, form, size, first):
    ranking = rank(tally(frame_of(data.draw(profiles(form)), form), QUESTIONS, form))
    group = ranking.filter(like="position_").columns[0].removeprefix("position_")

    drawn = shortlist(ranking, rule, size=size, per_group=first, subgroup=group)

    renamed = ranking.rename(index={q: f"z{9 - at}" for at, q in enumerate(QUESTIONS)})
    renamed = renamed.sort_index().sort_values("rank", kind="stable")
    again = shortlist(renamed, rule, size=size, per_group=first, subgroup=group)
    assert {f"z{9 - QUESTIONS.index(q)}" for q in drawn.index} == set(again.index)
    assert (drawn["why"] != "").all()
    if rule in ("combined", "fill"):
        assert len(drawn) >= min(size, len(QUESTIONS))
    if rule == "combined" and not drawn["tied_at_cut"].any():
        assert len(drawn) == min(size, len(QUESTIONS))


@examples
@given(
    votes=st.dictionaries(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["a1", "a2", "a3", "a4"])), st.sampled_from([-1, 0, 1])
    ),
    seed=st.integers(0, 9),
)
def test_a_person_chooses_a_summary_question_once_however_many_of_its_answers_they_liked(votes, seed):
    rows = [(person, "carer", "votes", answer, None, vote) for (person, answer), vote in votes.items()]
    responses = pd.DataFrame(rows, columns=["response_id", "group", "question_id", "item_id", "rank", "chosen"])
    submissions = pd.DataFrame({"submission_id": ["s1", "s2", "s3", "s4"], "answer_id": ["a1", "a2", "a3", "a4"]})
    lineage = pd.DataFrame({"question_id": ["q1", "q1", "q2"], "submission_id": ["s1", "s2", "s3"]})

    ballots = ballots_from_responses(responses.sample(frac=1, random_state=seed), lineage, submissions, form="chosen")

    said = {(row.ballot, row.question): row.value for row in ballots.itertuples()}
    assert len(said) == len(ballots)
    for person in "abc":
        for question, answers in {"q1": ["a1", "a2"], "q2": ["a3"]}.items():
            given_to = [votes[person, answer] for answer in answers if (person, answer) in votes]
            expected = None if not given_to else 1 if 1 in given_to else min(given_to)
            assert said.get((person, question)) == expected
    assert ballots.attrs["counts"]["without_question"] == sum(answer == "a4" for _, answer in votes)


@examples
@given(
    groups=st.lists(st.sampled_from("abcd"), min_size=3, max_size=20),
    tables=st.integers(1, 3),
    sessions=st.integers(1, 3),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_everybody_has_one_seat_a_session_and_every_table_its_part_of_each_group(groups, tables, sessions, seed, data):
    organisations = [data.draw(st.sampled_from(["", "X", "Y"])) for _ in groups]
    people = pd.DataFrame({"person": range(len(groups)), "group": groups, "organisation": organisations})

    seats = allocate_seats(people, tables, sessions, seed)

    assert seats.groupby("session")["person"].apply(sorted).map(lambda listed: listed == list(people["person"])).all()
    for _, sitting in seats.groupby("session"):
        for _, members in [("all", sitting), *sitting.groupby("group")]:
            held = [(members["small_group"] == table).sum() for table in range(1, tables + 1)]
            assert max(held) - min(held) <= 1
    pd.testing.assert_frame_equal(
        allocate_seats(people.sample(frac=1, random_state=seed), tables, sessions, seed), seats
    )


@examples
@given(lists=st.lists(st.permutations(["q1", "q2", "q3", "q4"]), min_size=1, max_size=4), data=st.data())
def test_the_plenary_moves_questions_and_loses_none(lists, data):
    rows = [(1, n, q, at + 1) for n, listed in enumerate(lists) for at, q in enumerate(listed)]
    sheet = pd.DataFrame(rows, columns=["session", "small_group", "question", "place"])
    combined = combine_rankings(sheet, ["q1", "q2", "q3", "q4"])
    move = st.tuples(st.sampled_from(["q1", "q2", "q3", "q4"]), st.integers(1, 4))
    moves = data.draw(st.lists(move, max_size=4))

    final = apply_moves(combined, moves)

    assert sorted(final.index) == ["q1", "q2", "q3", "q4"]
    assert final["rank"].is_monotonic_increasing
    assert combined["score"].sum() == len(lists) * 10
    if moves:
        question, to = moves[-1]
        assert final.index[to - 1] == question
        assert not final.loc[question, "tied"]
    else:
        pd.testing.assert_frame_equal(final[["rank", "tied"]], combined[["rank", "tied"]])
