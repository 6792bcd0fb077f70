"""Small groups are not exposed: an attacker who knows every mark, number and total is set on the public tables."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from consensus.errors import ProtocolError
from consensus.protocol import parse_protocol
from consensus.report.content import publication
from consensus.report.page import render_report
from consensus.report.spreadsheet import read_spreadsheet, write_spreadsheet
from consensus.report.suppression import TOTAL, is_hidden, shown_number, suppress_counts, suppress_differences
from tests.builders import small_protocol, texts
from tests.test_report import BALLOTS, Page, example, material

K = 10
counts = st.one_of(st.integers(0, 12), st.integers(0, 12), st.integers(0, 300))


@st.composite
def tables(draw):
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    cells = draw(st.lists(counts, min_size=height * width, max_size=height * width))
    return pd.DataFrame(
        np.array(cells, dtype=int).reshape(height, width),
        index=[f"group{i}" for i in range(height)],
        columns=[f"stage{j}" for j in range(width)],
    )


def bordered(table, totals):
    table = table.copy()
    if totals in ("rows", "both"):
        table[TOTAL] = table.sum(axis=1)
    if totals in ("columns", "both"):
        table.loc[TOTAL] = table.sum(axis=0)
    return table


def lines(shape, totals):
    """Return every published sum as (places of the parts, place of the total) in the flattened table."""
    places = np.arange(shape[0] * shape[1]).reshape(shape)
    across = [(row[:-1], row[-1]) for row in places] if totals in ("rows", "both") else []
    down = [(column[:-1], column[-1]) for column in places.T] if totals in ("columns", "both") else []
    return across + down


def mark_means_at_least(text, truth, sums, totals, zeros):
    """Return what the mark of a small count says it is at least: 0 where it may stand for nobody."""
    least = np.zeros(text.size) if zeros == "hidden" else np.ones(text.size)
    blocks = [np.unique([place for parts, total in sums for place in [*parts, total]])] if totals == "both" else [
        np.append(parts, total) for parts, total in sums
    ]  # fmt: skip
    ends = {total for _, total in sums}
    for block in blocks:
        small_total = any(text[place].startswith("<") for place in block if place in ends)
        if small_total or any(is_hidden(text[place]) and truth[place] == 0 for place in block):
            least[block] = 0
    return least


def attack(public, exact, totals, k=K, zeros="shown"):
    """Return each hidden small count with the least and most it can be for who knows marks, numbers and sums."""
    text, truth = public.to_numpy().ravel(), exact.to_numpy().ravel()
    least = mark_means_at_least(text, truth, lines(public.shape, totals), totals, zeros)
    box = []
    for cell, low in zip(text, least, strict=True):
        if cell.startswith("<"):
            box.append((low, k - 1))
        elif cell.endswith("+"):
            box.append((k, None))
        else:
            box.append((int(cell), int(cell)))
    sums = lines(public.shape, totals)
    equations = np.zeros((len(sums), text.size))
    for row, (parts, total) in enumerate(sums):
        equations[row, parts], equations[row, total] = 1, -1
    ends = []
    for place in np.flatnonzero([is_hidden(cell) and 0 < n < k for cell, n in zip(text, truth, strict=True)]):
        aim = np.zeros(text.size)
        aim[place] = 1
        low = linprog(aim, A_eq=equations, b_eq=np.zeros(len(sums)), bounds=box)
        high = linprog(-aim, A_eq=equations, b_eq=np.zeros(len(sums)), bounds=box)
        assert low.status == 0, "the public table contradicts itself"
        ends.append((truth[place], round(low.fun), np.inf if high.status == 3 else round(-high.fun)))
    return ends


def assert_nothing_small_shows(public, exact, totals, k=K, zeros="shown"):
    text, truth = public.to_numpy().ravel(), exact.to_numpy().ravel()
    for cell, n in zip(text, truth, strict=True):
        number = shown_number(cell)
        assert number is None or (number == n and not 0 < number < k)
    for n, low, high in attack(public, exact, totals, k, zeros):
        assert low <= n <= high
        assert high - low + 1 >= -(-(k - 1) // 2)
    for parts, total in lines(public.shape, totals):
        rest = shown_number(text[total])
        if rest is not None:
            rest -= sum(shown_number(text[part]) or 0 for part in parts)
            assert not 0 < rest < k


@pytest.mark.parametrize("totals", ["rows", "columns", "both"])
@pytest.mark.parametrize("zeros", ["shown", "hidden"])
@given(table=tables())
@settings(max_examples=15, deadline=None)
def test_no_cell_and_no_difference_of_totals_gives_a_small_count_away(table, totals, zeros):
    public = suppress_counts(table, K, totals=totals, zeros=zeros)

    assert_nothing_small_shows(public, bordered(table, totals), totals, zeros=zeros)


@given(table=tables(), k=st.integers(5, 20))
@settings(max_examples=15, deadline=None)
def test_the_promise_holds_for_every_threshold_a_protocol_may_declare(table, k):
    public = suppress_counts(table, k, totals="both")

    assert_nothing_small_shows(public, bordered(table, "both"), "both", k)


@given(table=tables(), totals=st.sampled_from(["none", "rows", "columns", "both"]))
@settings(max_examples=25, deadline=None)
def test_with_the_threshold_off_every_number_is_shown(table, totals):
    public = suppress_counts(table, 0, totals=totals)

    assert public.equals(bordered(table, totals).astype(str))


@given(table=tables())
@settings(max_examples=25, deadline=None)
def test_a_table_without_small_counts_is_shown_whole(table):
    table = table + K

    assert suppress_counts(table, K, totals="both").equals(bordered(table, "both").astype(str))


@st.composite
def publications(draw, moments=3):
    """Return one table at several moments: the same people, some having come or gone since."""
    first = draw(tables())
    moved = []
    for _ in range(moments - 1):
        size = first.size
        steps = draw(st.lists(st.sampled_from([0, 0, 0, 1, 3, -2, 9, 10, 40]), min_size=size, max_size=size))
        latest = moved[-1] if moved else first
        moved.append((latest + np.array(steps, dtype=int).reshape(first.shape)).clip(lower=0))
    return [first, *moved]


@pytest.mark.parametrize("totals", ["none", "rows", "columns", "both"])
@given(moments=publications())
@settings(max_examples=15, deadline=None)
def test_two_publications_laid_side_by_side_show_no_change_of_a_few_people(moments, totals):
    public = []
    for table in moments:
        public.append(suppress_differences(public, table, K, totals=totals))

    for table, shown in zip(moments, public, strict=True):
        assert_nothing_small_shows(shown, bordered(table, totals), totals)
    for (before, _), (now, _) in pairwise(zip(public, moments, strict=True)):
        assert_no_small_change(before, now, totals)
    assert_no_small_change(public[0], public[-1], totals)


def assert_no_small_change(before, now, totals):
    then, today = before.to_numpy().ravel(), now.to_numpy().ravel()

    def change(place):
        if is_hidden(then[place]) or is_hidden(today[place]):
            return None
        return int(today[place]) - int(then[place])

    for place in range(then.size):
        moved = change(place)
        # a cell that fell to nobody shows a change of its whole former number, which was public
        assert moved is None or today[place] == "0" or then[place] == "0" or not 0 < abs(moved) < K
    for parts, total in lines(before.shape, totals):
        whole = change(total)
        if whole is not None:
            assert not 0 < abs(whole - sum(change(part) or 0 for part in parts)) < K


def test_what_was_withheld_stays_withheld_so_that_two_patterns_cannot_be_laid_over_one_another():
    before = suppress_counts(pd.DataFrame({"ballots": [120, 5, 31, 33]}, index=list("abcd")), K)
    now = pd.DataFrame({"ballots": [120, 5, 51, 33]}, index=list("abcd"))

    public = suppress_differences(before, now, K)

    assert before.loc["c", "ballots"] == "10+"
    assert public["ballots"].to_dict() == {"a": "120", "b": "<10", "c": "10+", "d": "33", "total": "209"}


def test_a_lone_small_group_is_protected_by_the_cheapest_other_group_and_the_total_stays():
    people = pd.DataFrame({"answers": [300, 4, 64, 0]}, index=["lived", "policy", "carer", "public"])

    public = suppress_counts(people, K)

    assert public["answers"].to_dict() == {
        "lived": "300",
        "policy": "<10",
        "carer": "10+",
        "public": "0",
        "total": "368",
    }


def test_two_small_groups_whose_sum_is_small_are_not_given_away_by_the_total():
    public = suppress_counts(pd.DataFrame({"ballots": [50, 3, 4]}, index=["a", "b", "c"]), K)

    assert public["ballots"].tolist() == ["10+", "<10", "<10", "57"]


def test_small_groups_that_marks_alone_would_pin_are_not_pinned():
    """Ten groups of one person each and a total of ten: each must be one, unless nobody may be meant by the mark."""
    table = pd.DataFrame({"ballots": [1] * 10}, index=[f"g{i}" for i in range(10)])

    public = suppress_counts(table, K)

    assert_nothing_small_shows(public, bordered(table, "columns"), "columns")


@pytest.mark.parametrize("people", [[1, 1, 1, 1], [2, 1, 1, 0], [4, 0, 0, 0]])
def test_under_a_small_total_everybody_could_be_anywhere(people):
    public = suppress_counts(pd.DataFrame({"ballots": people}, index=list("abcd")), 5)

    assert set(public["ballots"]) == {"<5"}


def test_who_stands_behind_a_single_submission_is_not_shown():
    behind = pd.DataFrame([[0, 1, 0], [25, 14, 3]], index=["q1", "q2"], columns=["lived", "carer", "policy"])

    public = suppress_counts(behind, K, totals="rows", zeros="hidden")

    assert public.loc["q1"].tolist() == ["<10", "<10", "<10", "<10"]
    assert public.loc["q2"].tolist() == ["25", "10+", "<10", "42"]


@pytest.mark.parametrize("totals", ["none", "rows", "columns", "both"])
@pytest.mark.parametrize(("rows", "columns"), [([], ["stage"]), (["group"], []), ([], [])])
def test_a_table_in_which_nobody_is_counted_is_published_as_it_is(rows, columns, totals):
    table = pd.DataFrame(index=pd.Index(rows, dtype=object), columns=columns, dtype="int64")

    public = suppress_differences(suppress_counts(table, K, totals=totals), table, K, totals=totals)

    assert public.shape == bordered(table, totals).shape
    assert set(public.to_numpy().ravel()) <= {"0"}


# What is published


def test_the_threshold_is_ten_unless_a_protocol_says_otherwise_and_never_under_five():
    assert small_protocol(**{"small_cells = 5\n": ""}).publication.small_cells == 10
    for k in (1, 2, 3, 4):
        with pytest.raises(ProtocolError, match="use 5 or more"):
            parse_protocol(texts(**{"small_cells = 5": f"small_cells = {k}"}))


def test_no_count_of_people_under_the_threshold_is_in_the_spreadsheet(tmp_path):
    read = read_spreadsheet(write_spreadsheet(tmp_path / "published.xlsx", example()))

    counts = read.questions.filter(like="People: ").to_numpy().ravel()
    assert (counts == "<10").any()
    assert all(count >= 10 for count in counts if not isinstance(count, str))
    assert all(is_hidden(count) for count in counts if isinstance(count, str))


def test_two_publications_show_no_change_of_a_few_people():
    first = publication(material())
    before = {name: [table] for name, table in first.suppressed.items()}

    second = publication(material({**BALLOTS, "family_carers": 99}), before)

    was, now = first.taking_part["ballots counted"], second.taking_part["ballots counted"]
    shown = [(shown_number(a), shown_number(b)) for a, b in zip(was, now, strict=True)]
    assert now["family_carers"] == "10+"
    assert now[TOTAL] == "10+"
    assert all(a == b or abs(a - b) >= 10 for a, b in shown if a is not None and b is not None)


def test_no_count_in_any_table_of_the_published_page_is_under_the_threshold():
    few = {**BALLOTS, "policy_makers": 3, "commissioners": 7}
    published = publication(material(few))
    page = render_report(published)

    assert published.taking_part.loc["policy_makers", "ballots counted"] == "<10"
    for table in published.suppressed.values():
        shown = [shown_number(cell) for cell in table.to_numpy().ravel()]
        assert all(number is None or number == 0 or number >= K for number in shown)
    assert "policy_makers 3" not in page
    assert "<10" in Page(page).words
