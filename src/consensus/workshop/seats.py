"""Seats at the workshop: small groups balanced by stakeholder group, new mates on re-mix, colleagues apart."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from consensus.errors import DataError
from consensus.protocol import Seats

__all__ = ["allocate_seats", "check_seats"]

IntArray = npt.NDArray[np.int64]

DEALS = 100
"""How many seeded deals each session tries before the best is kept."""

COLLEAGUE = 1000
"""One pair of colleagues at a table weighs more than every pair that meets again at a workshop of this size."""

PEOPLE = ("person", "group", "organisation")


def allocate_seats(people: pd.DataFrame, small_groups: int, sessions: int, seed: int) -> pd.DataFrame:
    """Return who sits in which small group, one row a session and person.

    In every session the small groups differ by at most one person, in all and of each stakeholder group. Within that,
    as few people as can be found sit with somebody of their own organisation, then as few as can be found meet again.

    Parameters
    ----------
    people
        Columns `person, group, organisation` (empty: none); one row a person.
    small_groups, sessions
        How many tables; how many sittings, each a fresh mix.
    seed
        The same seed gives the same seats, whatever the order of the rows.

    Returns
    -------
    DataFrame
        Columns `session`, `small_group` (both from 1), `person, group, organisation`, sorted by those. `attrs` counts
        `colleagues_together` and `meet_again`, in pairs over all sessions.

    Raises
    ------
    DataError
        Every fault of the list at once: a missing column, a person twice, nobody for a small group.

    Examples
    --------
    >>> people = pd.DataFrame({"person": ["p1", "p2", "p3", "p4"], "group": ["carer", "carer", "nurse", "nurse"],
    ...                        "organisation": ["", "", "A", "A"]})
    >>> seats = allocate_seats(people, small_groups=2, sessions=1, seed=1)
    >>> seats.groupby("small_group")["group"].apply(sorted).tolist(), seats.attrs["colleagues_together"]
    ([['carer', 'nurse'], ['carer', 'nurse']], 0)
    """
    listed = _checked_people(people, small_groups, sessions)
    group = pd.factorize(listed["group"], sort=True)[0].astype(np.int64)
    colleagues = _colleagues(listed["organisation"])
    met = np.zeros_like(colleagues)
    counts = {"colleagues_together": 0, "meet_again": 0}
    sittings = []
    for session in range(1, sessions + 1):
        weight = COLLEAGUE * colleagues + met
        generator = np.random.default_rng([seed, session])
        tables = [_improve(_deal(group, small_groups, generator), group, weight) for _ in range(DEALS)]
        table = min(tables, key=lambda seated: (_cost(seated, weight), seated.tolist()))
        together = _together(table)
        counts["colleagues_together"] += int((together & (colleagues > 0)).sum()) // 2
        counts["meet_again"] += int((together & (met > 0)).sum()) // 2
        met = met + together
        sittings.append(listed.assign(session=session, small_group=table + 1))
    seats = pd.concat(sittings)[["session", "small_group", *PEOPLE]]
    seats = seats.sort_values(["session", "small_group", "person"], ignore_index=True)
    seats.attrs |= counts
    return seats


def check_seats(people: pd.DataFrame, minimum: Iterable[Seats]) -> list[str]:
    """Return a sentence for each declared least part of the seats that the people invited do not fill.

    Examples
    --------
    >>> people = pd.DataFrame({"person": ["p1", "p2", "p3"], "group": ["carer", "nurse", "nurse"], "organisation": ""})
    >>> check_seats(people, [Seats(groups=("carer",), at_least_percent=50)])
    ['carer: 1 of 3 seats, and the protocol declares at least 50 %; invite 1 more or free seats of others.']
    """
    short = []
    for part in minimum:
        held, seats = int(people["group"].isin(part.groups).sum()), len(people)
        if 100 * held < part.at_least_percent * seats:
            wanted = -(-part.at_least_percent * seats // 100)
            short.append(
                f"{' and '.join(part.groups)}: {held} of {seats} seats, and the protocol declares at least "
                f"{part.at_least_percent} %; invite {wanted - held} more or free seats of others."
            )
    return short


def _checked_people(people: pd.DataFrame, small_groups: int, sessions: int) -> pd.DataFrame:
    missing = [column for column in PEOPLE if column not in people]
    faults = [f"Column '{column}' is missing; the list needs {', '.join(PEOPLE)}." for column in missing]
    if sessions < 1 or small_groups < 1:
        faults.append("A workshop has at least one session and one small group; mend the numbers.")
    elif len(people) < small_groups:
        faults.append(f"{len(people)} people cannot fill {small_groups} small groups; plan fewer or invite more.")
    if "person" in people:
        twice = np.flatnonzero(people["person"].duplicated())
        faults += [f"row {at + 1}: this person stands twice; keep one row a person." for at in twice]
    if "group" in people:
        blank = np.flatnonzero(people["group"].isna())
        faults += [f"row {at + 1}: no stakeholder group; fill the column 'group'." for at in blank]
    if faults:
        raise DataError.of("the workshop's list of people", faults)
    kept = people[list(PEOPLE)].sort_values("person", ignore_index=True)
    return kept.assign(organisation=kept["organisation"].fillna(""))


def _colleagues(organisation: pd.Series) -> IntArray:
    same = organisation.to_numpy()[:, None] == organisation.to_numpy()[None, :]
    same &= (organisation != "").to_numpy()[:, None]
    np.fill_diagonal(same, False)
    return same.astype(np.int64)


def _deal(group: IntArray, small_groups: int, generator: np.random.Generator) -> IntArray:
    """Deal people out like cards, one stakeholder group after the other, so that every count differs by at most one."""
    order_of_groups = generator.permutation(int(group.max()) + 1)
    order = np.lexsort((generator.random(len(group)), order_of_groups[group]))
    table = np.empty(len(group), np.int64)
    table[order] = np.arange(len(group)) % small_groups
    return table


def _improve(table: IntArray, group: IntArray, weight: IntArray) -> IntArray:
    """Swap two people of one stakeholder group as long as a swap lowers the cost; the balance stays."""
    table, people = table.copy(), np.arange(len(table))
    alike = group[:, None] == group[None, :]
    while True:
        load = weight @ np.eye(int(table.max()) + 1, dtype=np.int64)[table]
        stay = load[people, table]
        go = load[:, table] - weight
        change = go + go.T - stay[:, None] - stay[None, :]
        change[~alike | _together(table)] = 0
        a, b = np.unravel_index(change.argmin(), change.shape)
        if change[a, b] >= 0:
            return table
        table[[a, b]] = table[[b, a]]


def _together(table: IntArray) -> npt.NDArray[np.bool_]:
    together = table[:, None] == table[None, :]
    np.fill_diagonal(together, False)
    return together


def _cost(table: IntArray, weight: IntArray) -> int:
    return int(weight[_together(table)].sum())
