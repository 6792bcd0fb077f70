"""Slow twins of every kernel and rule: plain Python over ballots, ten lines each, read against the definitions."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

from tests.profiles import Ballot

Pairs = dict[tuple[str, str], int]


def places(said: dict[str, int]) -> dict[str, int]:
    """Tied questions share the lowest place of their tie."""
    return {q: 1 + sum(other < place for other in said.values()) for q, place in said.items()}


def compared(ballot: Ballot, form: str, questions: list[str]) -> list[dict[str, Any]]:
    """What a ballot compares: question -> how much it is favoured, one dictionary a comparison."""
    if form == "ranked":
        return [{q: -ballot.said[q] if q in ballot.said else -1000 for q in questions}]
    if form == "points":
        return [{q: ballot.said.get(q, 0) for q in questions}]
    if form == "best_worst":
        return list(ballot.said)
    if form == "pairwise":
        return [{q: value, other: 0} for (q, other), value in ballot.said.items()]
    return [{q: value for q, value in ballot.said.items() if value is not None}]


def pairs(profile: list[Ballot], form: str, questions: list[str], group: str) -> tuple[Pairs, Pairs]:
    """How many put one question above another, and level with it."""
    above = {(i, j): 0 for i in questions for j in questions}
    level = dict(above)
    for ballot in profile:
        if ballot.group == group:
            for favour in compared(ballot, form, questions):
                for i, j in permutations(favour, 2):
                    above[i, j] += ballot.weight * (favour[i] > favour[j])
                    level[i, j] += ballot.weight * (favour[i] == favour[j])
    return above, level


def total(profile: list[Ballot], form: str, question: str, group: str, depth: int) -> Fraction:
    """One group's total of one question."""
    mine = [b for b in profile if b.group == group]
    if form == "ranked":
        given = [b.weight * max(0, depth + 1 - places(b.said)[question]) for b in mine if question in b.said]
        return Fraction(sum(given))
    if form == "chosen":
        return Fraction(sum(b.weight for b in mine if b.said.get(question) == 1))
    if form in ("rated", "points"):
        return Fraction(sum(b.weight * (b.said.get(question) or 0) for b in mine))
    if form == "best_worst":
        shown = [(b.weight, task[question]) for b in mine for task in b.said if question in task]
        return Fraction(sum(w * v for w, v in shown), sum(w for w, _ in shown)) if shown else Fraction(0)
    wins = [(b.weight, v) for b in mine for (q, _), v in b.said.items() if q == question]
    wins += [(b.weight, -v) for b in mine for (_, q), v in b.said.items() if q == question]
    won = sum((Fraction(w * (v + 1), 2) for w, v in wins), Fraction(1))
    return won / (sum(w for w, _ in wins) + 2)


def positions(totals: dict[str, Any], ties: str) -> dict[str, Fraction]:
    """Places of totals, the highest first."""
    placed = {}
    for q, mine in totals.items():
        above = sum(other > mine for other in totals.values())
        level = sum(other == mine for other in totals.values())
        higher = len({other for other in totals.values() if other > mine})
        placed[q] = {
            "mean": above + Fraction(level + 1, 2),
            "min": Fraction(above + 1),
            "dense": Fraction(higher + 1),
        }[ties]
    return placed


def scores(
    rule: str, profile: list[Ballot], form: str, questions: list[str], shares: dict[str, int], depth: int, ties: str
) -> dict[str, Fraction]:
    """The combined score of every question by a rule that adds the groups up."""
    n = {g: sum(b.weight for b in profile if b.group == g) for g in shares}
    combined = dict.fromkeys(questions, Fraction(0))
    least = dict.fromkeys(questions, Fraction(10**9))
    for g in [g for g in shares if n[g]]:
        totals = {q: total(profile, form, q, g, depth) for q in questions}
        position = positions(totals, ties)
        above, level = pairs(profile, form, questions, g)
        for q in questions:
            averaged = sum(above[q, j] + Fraction(level[q, j], 2) for j in questions if j != q)
            divisor = 1 if form in ("best_worst", "pairwise") else n[g]
            combined[q] += (
                shares[g]
                * {
                    "jla_positions": len(questions) + 1 - position[q],
                    "jla_top10": max(Fraction(0), 11 - position[q]),
                    "mean_points": totals[q] / divisor,
                    "borda": averaged / n[g],
                    "maximin": Fraction(0),
                }[rule]
            )
            if shares[g]:
                least[q] = min(least[q], len(questions) + 1 - position[q])
    return least if rule == "maximin" else combined


def weighed(profile: list[Ballot], form: str, questions: list[str], shares: dict[str, int]) -> dict[Any, Fraction]:
    """The groups' pairwise tables, each ballot counted for its part of its group's share."""
    combined = {(i, j): Fraction(0) for i in questions for j in questions}
    for g, share in shares.items():
        n = sum(b.weight for b in profile if b.group == g)
        for pair, count in pairs(profile, form, questions, g)[0].items() if n else []:
            combined[pair] += Fraction(share * count, n)
    return combined


def copeland(above: dict[Any, Any], questions: list[str]) -> dict[str, int]:
    """Two for each question beaten, one for each tied with."""
    return {
        i: sum(2 * (above[i, j] > above[j, i]) + (above[i, j] == above[j, i]) for j in questions if j != i)
        for i in questions
    }


def schulze(above: dict[Any, Any], questions: list[str]) -> dict[str, int]:
    """Strongest paths by Floyd and Warshall; beaten less beaten by."""
    path = {i: [above[i, j] if above[i, j] > above[j, i] else -1 for j in questions] for i in questions}
    for at, by in enumerate(questions):
        for i in questions:
            reach = path[i][at]
            path[i] = [max(mine, min(reach, further)) for mine, further in zip(path[i], path[by], strict=True)]
    beats = {(i, j): path[i][b] > path[j][a] for a, i in enumerate(questions) for b, j in enumerate(questions)}
    return {i: sum(beats[i, j] - beats[j, i] for j in questions) for i in questions}


def reached(pairs: dict[Any, set[Any]], start: Any) -> set[Any]:
    """Follow pairs from a question: what stands below it, and itself."""
    seen, fresh = {start}, [start]
    while fresh:
        new = pairs.get(fresh.pop(), set()) - seen
        seen |= new
        fresh += new
    return seen


def ranked_pairs(above: dict[Any, Any], questions: list[str]) -> dict[str, int]:
    """Lock majorities from the strongest; of one strength, those that close no cycle together."""
    locked: dict[Any, set[Any]] = {q: set() for q in questions}
    wins: dict[Any, list[Any]] = {}
    for i in questions:
        for j in questions:
            if above[i, j] > above[j, i]:
                wins.setdefault((above[i, j], -above[j, i]), []).append((i, j))
    for strength in sorted(wins, reverse=True):
        below = {q: reached(locked, q) for q in {j for _, j in wins[strength]}}
        drawn = [(i, j) for i, j in wins[strength] if i not in below[j]]
        together = {q: locked[q] | {j for i, j in drawn if i == q} for q in questions}
        below = {q: reached(together, q) for q in {j for _, j in drawn}}
        for i, j in drawn:
            if i not in below[j]:
                locked[i].add(j)
    stands = {q: reached(locked, q) for q in questions}
    return {q: len(stands[q]) - sum(q in stands[j] for j in questions) for q in questions}


def kemeny(above: dict[Any, Any], questions: list[str], favoured: dict[str, Any] | None = None) -> dict[str, int]:
    """Try every order; questions that the best ones disagree on, and runs of them, are tied.

    With scores `favoured`, only the best that turn round the fewest pairs of the order by these count.
    """
    cost = {order: sum(above[j, i] for i, j in combinations(order, 2)) for order in permutations(questions)}
    best = [order for order, spent in cost.items() if spent == min(cost.values())]
    if favoured:
        turned = {o: sum(favoured[i] < favoured[j] for i, j in combinations(o, 2)) for o in best}
        best = [order for order in best if turned[order] == min(turned.values())]
    settled = {(i, j) for i in questions for j in questions if all(o.index(i) < o.index(j) for o in best)}
    tied = {q: {q} for q in questions}
    for i, j in combinations(questions, 2):
        if (i, j) not in settled and (j, i) not in settled:
            joined = tied[i] | tied[j]
            tied |= dict.fromkeys(joined, joined)
    return {
        q: sum((((q, j) in settled) - ((j, q) in settled)) for j in questions if j not in tied[q]) for q in questions
    }


def ranks(scored: dict[str, Any]) -> dict[str, int]:
    """Places by score, the highest first, the lowest place of a tie."""
    return {q: 1 + sum(other > mine for other in scored.values()) for q, mine in scored.items()}


def plackett_luce_stages(profile: list[Ballot], form: str, questions: list[str], shares: dict[str, int]) -> list[Any]:
    """(weight, chosen, left): each question above its ballot's lowest level, and what it was chosen from."""
    say, found = sum(shares.values()), []
    for b in profile:
        n = sum(other.weight for other in profile if other.group == b.group)
        for favour in compared(b, form, questions):
            for q, mine in favour.items():
                if mine > min(favour.values()):
                    weight = b.weight * shares[b.group] / n / say
                    found.append((weight, q, [j for j in favour if favour[j] <= mine]))
    return found


def plackett_luce_balance(plain: list[Any], strength: dict[Any, float]) -> tuple[dict[Any, float], dict[Any, float]]:
    """Return how often each question is chosen and is expected to be, from (weight, places); equal at the best fit.

    A ballot chooses each of its questions from all but those it places higher, the lowest level of a full list apart.
    The prior adds 1/100 of a win and of a loss against a question of strength 1.
    """
    n, everything = sum(weight for weight, _ in plain), sum(strength.values())
    chosen = dict.fromkeys(strength, 0.01)
    expected = {q: 0.02 * power / (1 + power) for q, power in strength.items()}
    met = 0.0
    for weight, said in plain:
        left, taken = everything, []
        for place in sorted(set(said.values())):
            now = [q for q, mine in said.items() if mine == place]
            if len(taken) + len(now) == len(strength):
                break
            rate = len(now) * weight / n / left
            met += rate
            for q in taken:
                expected[q] -= rate * strength[q]
            for q in now:
                chosen[q] += weight / n
            taken += now
            left -= sum(strength[q] for q in now)
    return chosen, {q: expected[q] + met * strength[q] for q in strength}


def approvals(profile: list[Ballot], form: str, depth: int, shares: dict[str, int]) -> list[tuple[Fraction, set[str]]]:
    """What each ballot earns in a unit of time and what it approves, identical ballots one by one."""
    n = {g: sum(b.weight for b in profile if b.group == g) for g in {b.group for b in profile}}
    approves = {
        "ranked": lambda b: {q for q, place in places(b.said).items() if place <= depth},
        "chosen": lambda b: {q for q, value in b.said.items() if value == 1},
        "points": lambda b: {q for q, value in b.said.items() if value > 0},
    }[form]
    say = sum(shares[g] for g in n)
    return [(Fraction(shares[b.group], n[b.group] * say), approves(b)) for b in profile for _ in range(b.weight)]


def cheapest(cost: dict[str, Fraction], place: dict[str, int]) -> list[str]:
    """The cheapest, of those level the highest in the combined order, and those level there too."""
    level = [q for q in cost if cost[q] == min(cost.values())]
    return [q for q in level if place[q] == min(place[q] for q in level)]


def sequential_pav(voters: Any, size: int, questions: list[str], place: dict[str, int]) -> list[list[str]]:
    """Each turn takes what adds most to 1 + 1/2 + 1/3 ... over ballots."""
    turns: list[list[str]] = []
    while sum(map(len, turns)) < size:
        have = {q for turn in turns for q in turn}
        gain = {q: sum(w / (1 + len(said & have)) for w, said in voters if q in said) for q in set(questions) - have}
        chosen = cheapest({q: -more for q, more in gain.items() if more}, place) if any(gain.values()) else []
        if not chosen:
            break
        turns.append(chosen)
    return turns


def sequential_phragmen(
    voters: Any, size: int, questions: list[str], place: dict[str, int], money: Any = None, turns: Any = ()
) -> list[list[str]]:
    """Each turn takes what can be paid first; those who approve it have nothing left."""
    turns, money, now = list(turns), list(money or [Fraction(0)] * len(voters)), Fraction(0)
    while sum(map(len, turns)) < size:
        when = {}
        for q in set(questions) - {q for turn in turns for q in turn}:
            income = sum(w for w, said in voters if q in said)
            if income:
                held = sum(m for m, (_, said) in zip(money, voters, strict=True) if q in said)
                when[q] = now + (1 - held) / income
        if not when:
            break
        turns.append(cheapest(when, place))
        money = [m + (when[turns[-1][0]] - now) * w for m, (w, _) in zip(money, voters, strict=True)]
        now = when[turns[-1][0]]
        money = [0 if said & set(turns[-1]) else m for m, (_, said) in zip(money, voters, strict=True)]
    return turns


def level_price(voters: Any, money: list[Fraction], q: str) -> Fraction | None:
    """The least r at which paying r times the income, or all there is, raises 1: tried at every amount anybody has."""
    held = [(m / w, w) for m, (w, said) in zip(money, voters, strict=True) if q in said and w]
    for most in sorted({m for m, _ in held}):
        below, above = sum(m * w for m, w in held if m < most), sum(w for m, w in held if m >= most)
        if below + most * above >= 1:
            return (1 - below) / above
    return None


def equal_shares(voters: Any, size: int, questions: list[str], place: dict[str, int]) -> list[list[str]]:
    """Each turn buys what costs those who pay for it least; then Phragmen's way from what is left."""
    turns: list[list[str]] = []
    money = [w * size for w, _ in voters]
    while sum(map(len, turns)) < size:
        left = set(questions) - {q for turn in turns for q in turn}
        price = {q: r for q in left if (r := level_price(voters, money, q)) is not None}
        if not price:
            break
        turns.append([])
        for q in sorted(cheapest(price, place)):
            if (r := level_price(voters, money, q)) is not None:
                turns[-1].append(q)
                money = [m - min(m, r * w) if q in said else m for m, (w, said) in zip(money, voters, strict=True)]
    return sequential_phragmen(voters, size, questions, place, money, turns)
