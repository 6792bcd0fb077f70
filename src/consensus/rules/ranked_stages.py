"""The likelihood of stagewise choice on short ranked ballots, from the places they give.

At each stage a ballot chooses from all questions but those it has placed higher. So what it chooses from is everything
less a few, and sums over everything need no list of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from consensus.tally import CodedBallots, Slots, read_slots

__all__ = ["ranked_likelihood"]

FloatArray = npt.NDArray[np.float64]
Evaluated = tuple[float, FloatArray, FloatArray]


def ranked_likelihood(coded: CodedBallots, each: Mapping[int, float], strength: FloatArray) -> Evaluated:
    """Return the log-likelihood at some strengths (Q,), its gradient (Q,) and its curvature, (Q, Q).

    `each` is how much one ballot of each group weighs; groups that it does not name, or names with 0, have no part.
    """
    size = len(strength) + 1
    power = np.append(np.exp(strength - strength.max()), 0.0)
    known = np.append(strength - strength.max(), 0.0)
    total, faced, square = 0.0, 0.0, 0.0
    chosen, gone, gone_twice, both = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size * size)
    for block in _with_a_say(coded, each):
        weight = each[block.group] * (1.0 if block.weight is None else block.weight)
        says = weight * _chooses(block, len(strength))
        among = power.sum() - _before(power[block.question], block)
        total += float((says * (known[block.question] - np.log(among))).sum())
        once, twice = says / among, says / among**2
        faced, square = faced + float(once.sum()), square + float(twice.sum())
        after, after_twice = _behind(once, block), _behind(twice, block)
        flat = block.question.ravel()
        chosen += np.bincount(flat, says.ravel(), size)
        gone += np.bincount(flat, after.ravel(), size)
        gone_twice += np.bincount(flat, after_twice.ravel(), size)
        for at in range(len(block.question) - 1):
            cell = block.question[at] * size + block.question[at + 1 :]
            both += np.bincount(cell.ravel(), after_twice[at + 1 :].ravel(), size * size)
    power, left, gone_twice = power[:-1], faced - gone[:-1], gone_twice[:-1]
    pairs = both.reshape(size, size)[:-1, :-1]
    together = square - gone_twice[:, None] - gone_twice + pairs + pairs.T + np.diag(gone_twice)
    curved = np.diag(power * left) - power[:, None] * power * together
    return total, chosen[:-1] - power * left, curved


def _with_a_say(coded: CodedBallots, each: Mapping[int, float]) -> Iterable[Slots]:
    return (block for group in each if each[group] for block in read_slots(coded, group))


def _chooses(block: Slots, questions: int) -> npt.NDArray[np.bool_]:
    """Return (S, B) whether a slot chooses: it is filled, and not of the lowest level of a ballot that ranks all."""
    filled = block.place > 0
    whole = filled.sum(axis=0) == questions
    return filled & ~(whole & (block.place == block.place.max(axis=0)))


def _before(values: FloatArray, block: Slots) -> FloatArray:
    """Return (S, B) the sum over the slots of higher places."""
    above = np.cumsum(values, axis=0) - values
    fresh = np.ones(values.shape, bool)
    fresh[1:] = block.place[1:] != block.place[:-1]
    return above if fresh.all() else np.maximum.accumulate(np.where(fresh, above, 0.0), axis=0)


def _behind(values: FloatArray, block: Slots) -> FloatArray:
    """Return (S, B) the sum over the slots of lower places; slots that are not filled count as lower and hold 0."""
    turned = Slots(block.group, block.ballots, block.question[::-1], block.place[::-1], block.weight)
    return _before(values[::-1], turned)[::-1]
