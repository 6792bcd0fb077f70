"""The rules agree with other people's programs and with trying every order."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from pref_voting import margin_based_methods as margins
from pref_voting import other_methods as other
from pref_voting import profiles

from consensus.rules import rank
from consensus.rules.kemeny import kemeny_orders
from consensus.tally import Tally, tally


def strict(rng: np.random.Generator, ballots: int, questions: int) -> list[list[int]]:
    """Return full orders with some agreement, so that margins are seldom level."""
    taste = np.linspace(0, 2, questions) + rng.gumbel(size=(ballots, questions))
    return np.argsort(-taste, axis=1).tolist()


def tally_of(orders: list[list[int]]) -> Tally:
    rows = [(b, "voters", q, at) for b, order in enumerate(orders) for at, q in enumerate(order, 1)]
    return tally(pd.DataFrame(rows, columns=["ballot", "group", "question", "value"]))


@pytest.mark.slow
def test_kemeny_is_what_trying_every_order_gives_on_ten_thousand_profiles():
    rng = np.random.default_rng(7)
    for questions in (3, 4, 5):
        every = np.array(list(permutations(range(questions))))
        place = np.argsort(every, axis=1)
        ahead = place[:, :, None] < place[:, None, :]
        for _ in range(10_000 // 3 + 1):
            drawn = every[rng.integers(len(every), size=rng.integers(1, 8))]
            above = (np.argsort(drawn, axis=1)[:, :, None] < np.argsort(drawn, axis=1)[:, None, :]).sum(axis=0)

            found = kemeny_orders(above)

            cost = (ahead * above.T).sum(axis=(1, 2))
            assert found.cost == cost.min()
            assert (found.above == ahead[cost == cost.min()].all(axis=0)).all()


@pytest.mark.parametrize("seed", range(8))
def test_pairwise_rules_agree_with_pref_voting(seed):
    orders = strict(np.random.default_rng(seed), 51, 6)
    peer, t = profiles.Profile(orders), tally_of(orders)

    ranked = {rule: rank(t, rule) for rule in ("schulze", "ranked_pairs", "kemeny", "borda", "copeland")}

    assert [[int(peer.support(i, j)) for j in range(6)] for i in range(6)] == t.W[0].tolist()
    first = {rule: set(ranking.index[ranking["rank"] == 1]) for rule, ranking in ranked.items()}
    assert first["schulze"] == set(margins.beat_path(peer))
    assert first["ranked_pairs"] == set(margins.ranked_pairs(peer))
    assert first["kemeny"] == set(other.kemmeny_young(peer))
    means = {q: points / len(orders) for q, points in peer.borda_scores().items()}
    assert ranked["borda"]["score"].to_dict() == pytest.approx(means)
    net = {q: 2 * beaten - 5 for q, beaten in peer.copeland_scores(scores=(1, 0.5, 0)).items()}
    assert (ranked["copeland"]["score"] - 5).to_dict() == net


@pytest.mark.parametrize("seed", range(8))
def test_schulze_puts_questions_in_the_order_that_pref_voting_finds_by_strongest_paths(seed):
    orders = strict(np.random.default_rng(100 + seed), 31, 8)
    peer, t = profiles.Profile(orders), tally_of(orders)

    place = rank(t, "schulze")["rank"]

    beats = set(margins.beat_path_defeat(peer).edges())
    assert len(beats) > 20  # it tells those pairs of 28 that the winner also wins directly
    assert all(place[i] < place[j] for i, j in beats)
