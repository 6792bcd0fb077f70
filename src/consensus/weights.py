"""Respondent weights inside a stakeholder group: raked to declared margins, trimmed, with what they cost.

Between groups the shares decide. Inside one, when far more older than younger carers answered, a person may stand for
more or less than one. Such weights are positive numbers with a mean of 1; they are tallied apart from whole ballots.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.digest import digest
from consensus.errors import DataError, ProtocolError
from consensus.version import __version__
from consensus.vocabulary import check_columns, check_frame, how_many

__all__ = ["Margins", "effective_sample_size", "rake", "trim", "weigh_ballots"]

Margins = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Group -> variable -> level -> whole-number part of the group."""

FloatArray = npt.NDArray[np.float64]


def effective_sample_size(weights: npt.ArrayLike) -> float:
    """Return (sum w)^2 / sum w^2: how many people of equal weight say as much (Kish 1965); 0 of nobody.

    Raises
    ------
    DataError
        A weight is below 0, or no number.

    Examples
    --------
    >>> effective_sample_size([1, 1, 1]), effective_sample_size([3, 1])
    (3.0, 1.6)
    """
    weight = _weights(weights)
    return float(weight.sum() ** 2 / (weight**2).sum()) if weight.size and weight.any() else 0.0


def _weights(given: npt.ArrayLike) -> FloatArray:
    """Return weights as floats; raise where one is below 0, or no number."""
    try:
        weight = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        weight = np.array([np.nan])
    if not (np.isfinite(weight) & (weight >= 0)).all():
        raise DataError("A respondent weight is a number, 0 or more; mend those that are not.")
    return weight


def rake(
    people: pd.DataFrame, margins: Margins, *, most: float | None = None, rounds: int = 200, within: float = 1e-9
) -> pd.Series:
    """Return respondent weights that give every declared margin of every group, mean 1 in each group.

    Parameters
    ----------
    people
        One row a person, column `group` and one for each variable that a margin names.
    margins
        Group -> variable -> level -> whole-number part, for example carer -> age -> {"under 50": 2, "50 and over": 3}.
        A group that is not named keeps weights of 1.
    most
        No weight may be above it (times the mean); what is cut goes to the others. The margins then hold as nearly as
        they can. None: no limit.
    rounds, within
        Stop after so many passes, or when no margin is further off than this part of the whole.

    Returns
    -------
    Series
        `respondent_weight`, index as `people`. `attrs`: `method`, `options`, `effective` (group -> people who count),
        `people`, `passes`, `off` (group -> the furthest that a margin is from its part), `version` and `digest`.

    Raises
    ------
    ProtocolError
        Parts that are not whole numbers, or all 0.
    DataError
        Every fault at once: a missing column, a person at a level without a part, a level nobody is at.

    Notes
    -----
    Iterative proportional fitting: Deming and Stephan, Ann Math Stat 1940;11:427.

    Examples
    --------
    >>> people = pd.DataFrame({"group": "carer", "age": ["young", "old", "old", "old"]})
    >>> weight = rake(people, {"carer": {"age": {"young": 1, "old": 1}}})
    >>> weight.round(3).tolist(), round(weight.attrs["effective"]["carer"], 3)
    ([2.0, 0.667, 0.667, 0.667], 3.0)
    """
    _check(people, margins, most)
    weight = pd.Series(1.0, index=people.index, name="respondent_weight")
    off: dict[str, float] = {}
    passes: dict[str, int] = {}
    for group, wanted in margins.items():
        mine = (people["group"] == group).to_numpy()
        found = _fit(people[mine], wanted, most, rounds, within)
        weight[mine], passes[group], off[group] = found
    weight.attrs = {
        "method": "rake",
        "options": {"margins": {g: {v: dict(p) for v, p in m.items()} for g, m in margins.items()}, "most": most},
        "people": {str(group): len(each) for group, each in weight.groupby(people["group"])},
        "effective": {str(group): effective_sample_size(each) for group, each in weight.groupby(people["group"])},
        "passes": passes,
        "off": off,
        "version": __version__,
        "digest": digest(people[_columns(margins)]),
    }
    return weight


def _fit(
    people: pd.DataFrame, wanted: Mapping[str, Mapping[str, int]], most: float | None, rounds: int, within: float
) -> tuple[FloatArray, int, float]:
    """Return weights of one group's people, after how many passes, and how far the worst margin is off."""
    weight = np.ones(len(people))
    targets = []
    for variable, parts in wanted.items():
        levels = sorted(level for level, part in parts.items() if part)
        code = pd.Categorical(people[variable], categories=levels).codes
        share = np.array([parts[level] for level in levels], dtype=np.float64)
        targets.append((code, share / share.sum()))
    off = _furthest(weight, targets)
    for done in range(1, rounds + 1):
        for code, share in targets:
            weight = weight * (share * len(weight) / np.bincount(code, weight, len(share)))[code]
        if most is not None:
            weight = trim(weight, most)
        before, off = off, _furthest(weight, targets)
        if off <= within or (most is not None and abs(before - off) <= within / 10):
            return weight, done, off
    return weight, rounds, off


def _furthest(weight: FloatArray, targets: list[tuple[Any, FloatArray]]) -> float:
    gaps = [np.abs(np.bincount(code, weight, len(share)) / weight.sum() - share).max() for code, share in targets]
    return float(max(gaps, default=0.0))


def trim(weights: npt.ArrayLike, most: float, least: float = 0.0) -> FloatArray:
    """Return weights cut to between `least` and `most` times their mean, the sum kept by moving the rest alike.

    Examples
    --------
    >>> trim([8, 1, 1, 2], most=2).round(6).tolist()
    [6.0, 1.5, 1.5, 3.0]
    """
    weight = _weights(weights).copy()
    if not 0 <= least <= 1 <= most:
        raise DataError("Weights are trimmed to between 0 and 1 times their mean below and 1 or more above; mend them.")
    if not weight.size or not weight.any():
        return weight
    low, high, total = least * weight.mean(), most * weight.mean(), weight.sum()
    fixed = np.zeros(len(weight), dtype=bool)
    for _ in range(len(weight)):
        out = ~fixed & ((weight > high) | (weight < low))
        if not out.any():
            break
        # The side that is further out is cut first: cutting both at once may move the others the wrong way.
        over = np.where(weight > high, weight - high, 0.0)[out].sum()
        under = np.where(weight < low, low - weight, 0.0)[out].sum()
        cut = out & ((weight > high) if over >= under else (weight < low))
        weight[cut] = high if over >= under else low
        fixed |= cut
        free = ~fixed & (weight > 0)
        if not free.any():
            break
        weight[free] *= (total - weight[~free].sum()) / weight[free].sum()
    return weight


def weigh_ballots(
    ballots: pd.DataFrame, people: pd.DataFrame, margins: Margins, *, most: float | None = None
) -> pd.DataFrame:
    """Return the ballots frame with the column `respondent_weight`, from what people said of themselves.

    Who is at no level with a part, having skipped the question perhaps, counts as one person; the others of the group
    are raked to the margins among themselves. A margin with a level that nobody of the group is at cannot be met: it is
    left out for that group, and said so.

    Parameters
    ----------
    ballots
        The long frame.
    people
        One row a ballot: `ballot`, `group` and a column for each variable of the margins; missing: not stated.
    margins, most
        As for `rake`.

    Returns
    -------
    DataFrame
        `attrs["weighting"]`: `margins` met, `most`, `unstated` (group -> people who count one), `off` (group -> the
        furthest that a margin is from its part) and `notes`, sentences. `tally` keeps them for `describe`.

    Raises
    ------
    ProtocolError
        Parts that are not whole numbers, or all 0.
    DataError
        A missing column, or a ballot that `people` does not name once.

    Examples
    --------
    >>> ballots = pd.DataFrame({"ballot": list("abc"), "group": "carer", "question": "q1", "value": 1})
    >>> people = pd.DataFrame({"ballot": list("abc"), "group": "carer", "age": ["young", "old", None]})
    >>> weighed = weigh_ballots(ballots, people, {"carer": {"age": {"young": 1, "old": 3}}})
    >>> weighed["respondent_weight"].tolist(), weighed.attrs["weighting"]["unstated"]
    ([0.5, 1.5, 1.0], {'carer': 1})
    """
    _check_parts("weigh_ballots", margins, most)
    _check_people(ballots, people, margins)
    met, stated, notes = _what_can_be_met(people, margins)
    weight = pd.Series(1.0, index=people.index)
    raked = rake(people[stated], met, most=most)
    weight[stated] = raked
    unstated = people["group"].isin(list(met)) & ~stated
    weighed = ballots.assign(respondent_weight=ballots["ballot"].map(dict(zip(people["ballot"], weight, strict=True))))
    weighed.attrs["weighting"] = {
        "margins": raked.attrs["options"]["margins"],
        "most": most,
        "unstated": {str(group): int(n) for group, n in people["group"][unstated].value_counts(sort=False).items()},
        "off": raked.attrs["off"],
        "notes": notes,
    }
    return weighed


def _what_can_be_met(people: pd.DataFrame, margins: Margins) -> tuple[Margins, pd.Series, list[str]]:
    """Return the margins without a level that nobody is at, who is at a level of each, and what was left out."""
    stated, notes = pd.Series(False, index=people.index), []
    met: dict[str, dict[str, Mapping[str, int]]] = {}
    for group, wanted in margins.items():
        kept = {variable: {level for level, part in parts.items() if part} for variable, parts in wanted.items()}
        while True:
            known = people["group"] == group
            for variable, levels in kept.items():
                known &= people[variable].isin(levels)
            lost = [variable for variable, levels in kept.items() if set(people.loc[known, variable]) != levels]
            if not lost:
                break
            kept.pop(lost[0])
            notes.append(f"Group '{group}' is not weighted by {lost[0]}: nobody of it is at one of the levels.")
        if kept and known.any():
            met[group] = {variable: wanted[variable] for variable in kept}
            stated |= known
    return met, stated, notes


def _check_people(ballots: pd.DataFrame, people: pd.DataFrame, margins: Margins) -> None:
    check_columns(ballots, "ballots")
    check_frame("the people", people, ["ballot", *_columns(margins)])
    twice, unknown = int(people["ballot"].duplicated().sum()), ~ballots["ballot"].isin(people["ballot"])
    faults = [f"{how_many(twice, 'row')} for a ballot named before; keep one row a ballot."] if twice else []
    if unknown.any():
        count = how_many(ballots["ballot"][unknown].nunique(), "ballot")
        faults.append(f"{count} without a row; add one, with what is not stated left empty.")
    if faults:
        raise DataError.of("the people", faults)


def _columns(margins: Margins) -> list[str]:
    """Return the columns that the margins speak of, each once."""
    return list(dict.fromkeys(["group", *(variable for wanted in margins.values() for variable in wanted)]))


def _named(margins: Margins) -> list[tuple[str, str, Mapping[str, int]]]:
    return [(group, variable, parts) for group, wanted in margins.items() for variable, parts in wanted.items()]


def _check_parts(asked: str, margins: Margins, most: float | None) -> None:
    nested = isinstance(margins, Mapping) and all(
        isinstance(wanted, Mapping) and all(isinstance(parts, Mapping) for parts in wanted.values())
        for wanted in margins.values()
    )
    if not nested:
        raise ProtocolError(f"margins of {asked} go from group to variable to level to part; pass such a mapping.")
    wrong = [
        f"group '{group}', {variable}: the parts are whole numbers, 0 or more, and not all 0; mend them."
        for group, variable, parts in _named(margins)
        if not any(parts.values())
        or any(isinstance(p, bool) or not isinstance(p, (int, np.integer)) or p < 0 for p in parts.values())
    ]
    if most is not None and most < 1:
        wrong.append("a weight may be at most 1 or more times the mean; raise `most`.")
    if wrong:
        raise ProtocolError.of("the margins", wrong)


def _check(people: pd.DataFrame, margins: Margins, most: float | None) -> None:
    _check_parts("rake", margins, most)
    check_frame("the people", people, _columns(margins))
    faults = []
    for group, variable, parts in _named(margins):
        mine = people.loc[people["group"] == group, variable]
        there = {level for level in parts if parts[level]}
        lost = int((~mine.isin(there)).sum())
        if lost:
            faults.append(
                f"group '{group}', {variable}: {lost} people are at no level with a part; declare it or code them."
            )
        empty = sorted(there - set(mine))
        faults += [f"group '{group}', {variable}: nobody is at '{level}'; merge levels." for level in empty]
    if faults:
        raise DataError.of("the people", faults)
