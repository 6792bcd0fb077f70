"""How firm an order is, checked against slow twins: every draw, every weighting, every order of joining."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, permutations
from math import lcm

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import linprog
from threadpoolctl import threadpool_info

from consensus.errors import DataError, ProtocolError
from consensus.firmness import LINEAR, influence, smallest_change, stress
from consensus.firmness.replicas import FROM_TOTALS, rank_interval, rank_replicates, rank_retallied
from consensus.firmness.shares import acceptability, places_under, score_parts
from consensus.resampling import (
    doubled_positions,
    gaussian_sums,
    lowest_places,
    midrank_matrix,
    place_moments,
    places_worth,
    points_matrix,
    points_worth,
    replicate_sums,
    replicate_weights,
)
from consensus.resampling import replicates as drawing
from consensus.resampling.threads import own_threads
from consensus.rules import RULES, group_tables, rank
from consensus.tally import tally
from consensus.vocabulary import BALLOT_FORMS
from tests import twins
from tests.profiles import GROUPS, QUESTIONS, examples, frame_of, profiles


def survey(seed: int, people: dict[str, int], questions: int = 8, chosen: int = 4) -> pd.DataFrame:
    """Return ranked ballots in which each group leans to questions of its own."""
    rng = np.random.default_rng(seed)
    rows = []
    for at, (group, n) in enumerate(people.items()):
        wants = np.roll(np.linspace(2, 0, questions), at)
        for person in range(n):
            order = np.argsort(-(wants + rng.gumbel(size=questions)))[:chosen]
            rows += [(f"{group}{person}", group, f"q{q}", place) for place, q in enumerate(order, 1)]
    return pd.DataFrame(rows, columns=["ballot", "group", "question", "value"])


@examples
@given(data=st.data(), form=st.sampled_from(BALLOT_FORMS), ties=st.sampled_from(["mean", "min", "dense"]))
def test_drawing_all_replicates_at_once_ranks_as_tallying_each_of_them(data, form, ties):
    profile = data.draw(profiles(form))
    present = sorted({b.group for b in profile})
    shares = {g: data.draw(st.integers(1, 3)) for g in present}
    tables = group_tables(tally(frame_of(profile, form), QUESTIONS, form, 3), shares, ties)

    for rule, (_, forms) in FROM_TOTALS.items():
        if form in forms:
            at_once = rank_replicates(tables, rule, ties, 5, 11, "exact", 1)

            np.testing.assert_array_equal(at_once, rank_retallied(tables, rule, ties, 5, 11), err_msg=rule)


@examples
@given(
    st.lists(st.lists(st.integers(-3, 3), min_size=5, max_size=5), min_size=1, max_size=4),
    st.sampled_from([1, 10**9, 3 * 10**18, 0.5]),
)
def test_many_lists_are_placed_at_once_as_each_by_itself(scores, unit):
    table = np.array(scores) * unit

    for ties in ("mean", "min", "dense"):
        twin = [[2 * p for p in twins.positions(dict(enumerate(row)), ties).values()] for row in table.tolist()]
        np.testing.assert_array_equal(doubled_positions(table, ties), np.array(twin, dtype=int), err_msg=ties)
        if ties == "min":
            np.testing.assert_array_equal(2 * lowest_places(table), np.array(twin, dtype=int))


def test_any_number_of_workers_and_any_order_of_rows_give_the_same_digits(monkeypatch):
    monkeypatch.setattr(drawing, "BLOCK", 16)
    ballots = survey(1, {"carer": 70, "nurse": 45})
    alone = stress(tally(ballots), replicates=60, top=3)

    monkeypatch.setattr(drawing, "WORTH_A_THREAD", 0)
    many = stress(tally(ballots.sample(frac=1, random_state=3)), replicates=60, top=3, workers=4)

    pd.testing.assert_frame_equal(many, alone)
    assert many.attrs == alone.attrs


def test_one_groups_draws_do_not_hang_on_which_other_groups_there_are():
    both = survey(1, {"carer": 30, "nurse": 20})
    weights = {}
    for name, frame in {"both": both, "alone": both[both["group"] == "carer"]}.items():
        coded = tally(frame, both["question"].unique()).ballots
        weights[name] = replicate_weights(coded.weight[coded.group == 0], 5, 9, "carer")

    np.testing.assert_array_equal(weights["both"], weights["alone"])


def test_each_replicate_draws_as_many_ballots_as_there_are_and_each_equally_often(monkeypatch):
    monkeypatch.setattr(drawing, "BLOCK", 4)
    weight = np.array([1, 2, 5, 3])

    drawn = replicate_weights(weight, 4000, 3, "carer")

    assert (drawn.sum(axis=1) == 11).all()
    spread = 11 * (weight / 11) * (1 - weight / 11)
    assert (np.abs(drawn.mean(axis=0) - weight) < 5 * np.sqrt(spread / 4000)).all()
    assert (np.abs(drawn.var(axis=0) / spread - 1) < 0.15).all()
    assert np.cov(drawn.T)[1, 2] == pytest.approx(-2 * 5 / 11, abs=0.1)


@pytest.mark.parametrize("ballots", [1, 2, 3, 5, 15, 16, 17, 31, 33, 64])
def test_no_ballot_is_favoured_whatever_their_number(ballots):
    drawn = replicate_weights(np.ones(ballots, int), 20_000 // ballots, 8, "carer")

    expected = len(drawn)
    assert (drawn.sum(axis=1) == ballots).all()
    assert ((drawn.sum(axis=0) - expected) ** 2 / expected).sum() <= stats.chi2.ppf(0.9999, max(ballots - 1, 1))


@pytest.mark.parametrize("mean", [0.0, 0.3, 0.955, 2.7, 8.0])
def test_a_byte_and_what_it_leaves_give_each_number_its_poisson_probability(mean):
    whole, left = drawing._poisson_parts(mean)

    number = np.arange(64)
    of_bytes, of_rest = np.diff(whole, prepend=0), np.diff(left, prepend=0)
    assert whole[-1] <= 256
    np.testing.assert_allclose((of_bytes + of_rest) / 256, stats.poisson.pmf(number, mean), atol=1e-15)
    assert left[-1] == pytest.approx(256 - whole[-1], abs=1e-9)


@pytest.mark.parametrize(("ballots", "draws"), [(3, 3), (3, 40), (7, 5), (60, 60), (3, 0)])
def test_two_ballots_are_drawn_as_often_as_a_multinomial_has_them(ballots, draws):
    told = (lambda at: at[:, None] == np.arange(ballots), np.ones(ballots, int), 20_000, 4, "carer")

    drawn = replicate_sums(*told, largest=1, draws=draws)

    assert (drawn.sum(axis=1) == draws).all()
    for seen, part in ((drawn[:, 0], 1 / ballots), (drawn[:, 0] + drawn[:, 1], 2 / ballots)):
        expected = len(seen) * stats.binom.pmf(np.arange(draws + 1), draws, part)
        counted = np.bincount(seen, minlength=draws + 1)
        kept = expected >= 5
        last = np.append(expected[kept], expected[~kept].sum()), np.append(counted[kept], counted[~kept].sum())
        off = ((last[1] - last[0]) ** 2 / np.maximum(last[0], 1)).sum()
        assert off <= stats.chi2.ppf(0.9999, max(int(kept.sum()), 1))


def test_products_start_no_threads_of_their_own_until_the_last_of_us_is_done():
    def threads():
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    before = threads()
    with own_threads(2) as each:
        inside = list(each(lambda _: threads(), range(2)))
        with own_threads(1):
            pass
        still = threads()

    assert [*inside, still] == [{1}] * 3
    assert threads() == before


def test_the_gaussian_shortcut_has_the_mean_and_spread_of_the_draws():
    points = np.random.default_rng(0).integers(0, 10, (300, 4))
    weight = np.full(300, 2)
    told = (lambda at: points[at], weight, 6000, 5, "carer")

    exact, (normal, total) = replicate_sums(*told, largest=10), gaussian_sums(*told, largest=10)

    assert total.tolist() == (2 * points.sum(axis=0)).tolist()
    np.testing.assert_allclose(normal.mean(axis=0), exact.mean(axis=0), rtol=0.002)
    np.testing.assert_allclose(normal.std(axis=0), exact.std(axis=0), rtol=0.05)


@examples
@given(st.lists(st.lists(st.integers(1, 3), min_size=4, max_size=4), min_size=2, max_size=40))
def test_a_rank_interval_leaves_out_what_is_rarer_than_its_tail_and_gives_a_tie_all_of_its_places(scores):
    drawn = lowest_places(np.array(scores))

    low, high = rank_interval(drawn, 0.8)

    for q in range(4):
        at = {place: Fraction(0) for place in range(1, 5)}
        for replicate in drawn.tolist():
            tied = replicate.count(replicate[q])
            for place in range(replicate[q], replicate[q] + tied):
                at[place] += Fraction(1, tied * len(drawn))
        middle = {r: sum((at[before] for before in range(1, r)), Fraction(0)) + at[r] / 2 for r in at}
        inside = [r for r in at if Fraction(1, 10) <= middle[r] <= Fraction(9, 10)]
        assert (low[q], high[q]) == (min(inside, default=low[q]), max(inside, default=high[q]))
        assert low[q] <= high[q]


def test_questions_that_nobody_chose_may_stand_at_any_of_the_places_left():
    ballots = pd.DataFrame({"ballot": range(30), "group": "carer", "question": ["q1", "q1", "q2"] * 10, "value": 1})
    t = tally(ballots, ["q1", "q2", "q3", "q4", "q5"])

    for method in ("exact", "gaussian"):
        firm = stress(t, top=2, replicates=200, method=method)
        assert firm.loc[["q3", "q4", "q5"], ["low", "high"]].values.tolist() == [[3, 5]] * 3, method


def test_both_ways_of_drawing_give_nearly_the_same_intervals():
    t = tally(survey(2, {"carer": 400, "nurse": 300}))

    exact, normal = (stress(t, replicates=500, top=3, method=method) for method in ("exact", "gaussian"))

    assert (exact[["low", "high"]] - normal[["low", "high"]]).abs().to_numpy().max() <= 1
    assert (exact["p_top"] - normal["p_top"]).abs().max() < 0.1
    with pytest.raises(ProtocolError, match="needs the ballots of each replicate"):
        stress(t, "copeland", replicates=5, method="gaussian")


@examples
@given(data=st.data())
def test_with_two_groups_acceptability_is_the_length_between_break_points(data):
    profile = data.draw(profiles("ranked", GROUPS[:2]).filter(lambda p: len({b.group for b in p}) == 2))
    tables = group_tables(tally(frame_of(profile), QUESTIONS))
    rule, top = data.draw(st.sampled_from(LINEAR)), data.draw(st.integers(1, 4))

    got, _, how = acceptability(tables, rule, top, 0)

    one, two = score_parts(tables, rule)
    gaps = [(a - c, b - d) for a, b in zip(one, two, strict=True) for c, d in zip(one, two, strict=True)]
    cuts = sorted({Fraction(0), Fraction(1), *(Fraction(b, b - a) for a, b in gaps if a * b < 0)})
    twin = np.zeros(len(QUESTIONS))
    for low, high in pairwise(cuts):
        w = (low + high) / 2
        places = places_under(tables, rule, [w.numerator, w.denominator - w.numerator])
        twin += float(high - low) * (places <= top)
    assert how == "exact"
    np.testing.assert_allclose(got, twin, atol=1e-12)


def test_with_three_groups_that_each_want_their_own_question_a_third_of_weightings_keeps_each():
    ballots = pd.DataFrame({"ballot": list("abc"), "group": list(GROUPS), "question": ["q1", "q2", "q3"], "value": 1})
    tables = group_tables(tally(ballots))

    one, _, how = acceptability(tables, "mean_points", 1, 0)
    two, _, _ = acceptability(tables, "mean_points", 2, 0)

    assert how == "exact"
    np.testing.assert_allclose(one, 1 / 3, atol=1e-12)
    np.testing.assert_allclose(two, 2 / 3, atol=1e-12)


@pytest.mark.parametrize("rule", LINEAR)
def test_with_three_groups_acceptability_is_the_area_that_many_weightings_find(rule):
    tables = group_tables(tally(survey(4, {"carer": 30, "nurse": 20, "public": 40}, 12)))

    for top in (1, 4, 10):
        got, error, how = acceptability(tables, rule, top, 0)

        weights = np.random.default_rng(1).dirichlet(np.ones(3), 20_000)
        found = (lowest_places(weights @ np.array(score_parts(tables, rule), float)) <= top).mean(axis=0)
        assert (how, error.max()) == ("exact", 0)
        assert (np.abs(got - found) <= 5 * np.sqrt(got * (1 - got) / 20_000) + 1e-9).all()
        assert got.sum() == pytest.approx(top)


def test_more_groups_and_other_rules_are_sampled_and_say_with_what_error():
    ballots = survey(5, {"carer": 9, "nurse": 8, "public": 9, "youth": 7})
    tables = group_tables(tally(ballots))

    got, error, how = acceptability(tables, "jla_positions", 3, 0)
    schulze, _, how_schulze = acceptability(tables, "schulze", 3, 0)

    assert (how, how_schulze) == ("sampled 10000", "sampled 200")
    assert got.sum() >= 3 - 1e-9
    np.testing.assert_allclose(error, np.sqrt(got * (1 - got) / 10_000))
    assert set(schulze[[0, -1]] * 200 % 1) == {0}


@examples
@given(data=st.data())
def test_the_smallest_change_of_shares_is_what_linear_programming_finds(data):
    profile = data.draw(profiles("ranked").filter(lambda p: len({b.group for b in p}) > 1))
    present = sorted({b.group for b in profile})
    shares = {g: data.draw(st.integers(1, 3)) for g in present}
    tables = group_tables(tally(frame_of(profile), QUESTIONS), shares)
    rule, top = data.draw(st.sampled_from(LINEAR)), data.draw(st.integers(1, 4))

    change = smallest_change(tables, rule, top)

    places = places_under(tables, rule, tables.shares)
    if (places <= top).sum() > top:
        assert change is not None
        assert change.moved == 0
        return
    twin = _by_programming(np.array(score_parts(tables, rule), float), np.array(tables.shares, float), places <= top)
    assert (change is None) == (twin is None)
    if change is not None:
        assert float(change.moved) == pytest.approx(twin, abs=1e-7)
        scale = lcm(*(part.denominator for part in change.shares.values()))
        after = [int(part * scale) for part in change.shares.values()]
        scores = np.array(after, dtype=object) @ np.array(score_parts(tables, rule), dtype=object)
        assert scores[QUESTIONS.index(change.enters)] == scores[QUESTIONS.index(change.leaves)]
        assert sum(change.shares.values()) == 1


def _by_programming(parts, shares, inside):
    g, start = len(shares), shares / shares.sum()
    found = []
    for j in np.flatnonzero(~inside):
        for i in np.flatnonzero(inside):
            lead = parts[:, j] - parts[:, i]
            size = max(np.abs(lead).max(), 1)
            told = linprog(
                np.r_[np.ones(g), np.zeros(g)] / 2 + np.r_[np.zeros(g), np.ones(g)] / 2,
                A_ub=np.r_[-lead, lead][None] / size,
                b_ub=[lead @ start / size],
                A_eq=np.r_[np.ones(g), -np.ones(g)][None],
                b_eq=[0],
                bounds=[(0, None)] * g + [(0, part) for part in start],
            )
            found += [told.fun] if told.status == 0 else []
    return min(found, default=None)


@examples
@given(data=st.data())
def test_influences_are_the_mean_over_every_order_of_joining_and_sum_to_the_whole_move(data):
    profile = data.draw(profiles("ranked"))
    tables = group_tables(tally(frame_of(profile), QUESTIONS))
    rule = data.draw(st.sampled_from(sorted(RULES.keys() & {*LINEAR, "copeland", "maximin", "schulze"})))

    got, how = influence(tables, rule, 0)

    def worth(members):
        if not members:
            return np.full(len(QUESTIONS), (len(QUESTIONS) + 1) / 2)
        lowest = places_under(tables, rule, [int(at in members) for at in range(len(tables.groups))])
        return np.array([place + ((lowest == place).sum() - 1) / 2 for place in lowest])

    joinings = list(permutations(range(len(tables.groups))))
    twin = np.zeros_like(got)
    for joining in joinings:
        for step, at in enumerate(joining):
            twin[at] += (worth(set(joining[:step])) - worth(set(joining[: step + 1]))) / len(joinings)
    assert how == "exact"
    np.testing.assert_allclose(got, twin, atol=1e-12)
    np.testing.assert_allclose(got.sum(axis=0), worth(set()) - worth(set(range(len(tables.groups)))), atol=1e-12)


def test_with_more_than_twelve_groups_the_sampled_influences_still_sum():
    tables = group_tables(tally(survey(6, {f"g{n:02}": 3 for n in range(13)})))

    got, how = influence(tables, "jla_positions", 0)

    place = rank(tables.tally)["score"]
    mean = place.rank(ascending=False)[list(tables.tally.questions)]
    assert how == "sampled 500"
    np.testing.assert_allclose(got.sum(axis=0), 4.5 - mean)


def test_a_stress_test_says_for_each_question_what_every_rule_and_every_missing_group_would_do():
    t = tally(survey(7, {"carer": 40, "nurse": 30, "public": 20}))

    firm = stress(t, top=3, replicates=200)

    order = rank(t)
    assert firm.index.tolist() == order.index.tolist()
    assert firm["rank"].tolist() == order["rank"].tolist()
    assert ((firm["low"] <= firm["high"]) & firm["p_top"].between(0, 1)).all()
    for rule in RULES:
        if rule not in firm.attrs["skipped"]:
            assert firm[f"in_top_{rule}"].to_dict() == (rank(t, rule)["rank"] <= 3).to_dict()
    for group in GROUPS:
        left = rank(t, shares={g: int(g != group) for g in GROUPS})["rank"]
        assert firm[f"without_{group}"].to_dict() == left.to_dict()
    assert firm.attrs["digest"] == t.digest
    assert firm.attrs["smallest_change"]["enters"] in firm.index[3:]


def test_every_rule_can_be_stressed_or_says_which_ballots_it_needs():
    t = tally(survey(7, {"carer": 8, "nurse": 6}, 5, 2).assign(value=1), form="chosen")

    for rule in RULES:
        firm = stress(t, rule, top=2, replicates=3)

        assert firm["rank"].to_dict() == rank(t, rule)["rank"].to_dict()
        assert firm["acceptability"].between(0, 1).all()


def test_a_group_without_a_share_neither_moves_nor_shakes_the_order():
    t = tally(survey(8, {"carer": 40, "nurse": 30}))

    firm = stress(t, shares={"carer": 1, "nurse": 0}, top=3, replicates=50)

    assert (firm["influence_nurse"] == 0).all()
    assert set(firm["acceptability"]) == {0.0, 1.0}
    assert not [column for column in firm if column.startswith("without_")]


def test_one_ballot_and_one_question_and_all_level_are_declared_results():
    one = pd.DataFrame({"ballot": ["b"], "group": ["carer"], "question": ["q1"], "value": [1]})
    level = pd.DataFrame({"ballot": "b", "group": "carer", "question": ["q1", "q2"], "value": [1, 1]})

    for frame in (one, level):
        firm = stress(tally(frame), replicates=10, top=1)

        assert (firm[["rank", "low"]] == 1).all(axis=None)
        assert (firm["high"] == len(firm)).all()
        assert (firm[["p_top", "acceptability"]] == 1).all(axis=None)


def test_what_cannot_be_stressed_is_refused_with_its_remedy():
    ballots = survey(9, {"carer": 4})

    with pytest.raises(DataError, match="keep_ballots=True"):
        stress(tally(ballots, keep_ballots=False), replicates=5)
    with pytest.raises(DataError, match="2 replicates or more"):
        stress(tally(ballots), replicates=1)
    with pytest.raises(ProtocolError, match="No rule called 'luck'"):
        stress(tally(ballots), "luck")
    with pytest.raises(ProtocolError, match="use one of exact, gaussian"):
        stress(tally(ballots), method="poisson")


@examples
@given(profile=profiles("ranked"))
def test_sums_of_products_from_places_alone_are_those_of_lists_written_out(profile):
    t = tally(frame_of(profile), QUESTIONS, depth=3)

    for matrix_of, worth_of in ((points_matrix, points_worth), (midrank_matrix, places_worth)):
        for group in np.flatnonzero(t.n):
            matrix = matrix_of(t, group)
            rows = matrix.rows(np.arange(len(matrix.weight))).astype(float)

            total, cross = place_moments(t.grouped, group, worth_of(t))

            np.testing.assert_array_equal(total, matrix.weight @ rows)
            np.testing.assert_array_equal(cross, rows.T @ (matrix.weight[:, None] * rows))
