"""Where a partnership stands: no number there tells how few people of a group have sent something."""

from __future__ import annotations

import itertools
import re

import pytest
from sqlmodel import select

from consensus import models, steps
from consensus.report.suppression import is_hidden
from tests.visiting import at_the_door, open_interim, reformed
from tests.walk import write_csv

K = 5
GROUPS = ("lived_experience", "family_carers", "public")
PLANS = [
    (12, 4, 15),
    (12, 4, 0),
    (9, 1, 0),
    (4, 3, 0),
    (4, 0, 0),
    (6, 6, 3),
    (30, 1, 1),
    (5, 5, 4),
    (8, 9, 7),
    (5, 1, 0),
    (6, 1, 0),
    (5, 2, 0),
]


@pytest.fixture
def ranking(tmp_path):
    """Return a round in which people choose and order, with cells of fewer than 5 suppressed."""
    folder = reformed(tmp_path / "folder", "ranked", "rank")
    text = (folder / "protocol.toml").read_text(encoding="utf-8")
    (folder / "protocol.toml").write_text(re.sub("small_cells = .*", f"small_cells = {K}", text), encoding="utf-8")
    client, db, clock = at_the_door(tmp_path / "home", folder)
    yield client, db, clock, open_interim(db, clock, count=3), tmp_path / "in"
    db.close()


def give(ranking, plan, *, late=0):
    """Bring in so many ballots of each group, and so many that came after the close."""
    _client, db, clock, ids, folder = ranking
    rows = [
        [f"{group}-{n}", "2026-07-28T10:00:00+00:00" if n < late else "2026-06-20T10:00:00+00:00", group, *ids]
        for group, count in zip(GROUPS, plan, strict=True)
        for n in range(count)
    ]
    header = ["response_id", "submitted_at", "group", "rank_1", "rank_2", "rank_3"]
    mapping = folder / "ballots.mapping.toml"
    path = write_csv(folder / "ballots.csv", header, rows)
    mapping.write_text(
        '[ballots]\nresponse_id = "response_id"\nreceived_at = "submitted_at"\ngroup = "group"\n'
        'ranks = ["rank_1", "rank_2", "rank_3"]\n'
    )
    steps.import_ballots(db, "lanternfield", path, mapping=mapping, by="tester", now=clock())
    return steps.status(db, "lanternfield", now=clock())


def possible(view):
    """Return what is shown for each group, and all numbers of people that fit everything that the standing shows."""
    (reach,) = [each for each in view.reach if "interim" in each.round_id]
    cells = [str(row["people"]) for row in reach.by_group]
    ranges = [range(1, K) if c == f"<{K}" else range(K, 40) if c == f"{K}+" else [int(c)] for c in cells]
    if f"<{K}" in cells and all(is_hidden(c) for c in cells):
        ranges = [range(K) if c == f"<{K}" else r for c, r in zip(cells, ranges, strict=True)]  # nobody is hidden too
    totals = [str(view.counts["ballots received"]), *reach.funnel.values(), *_sums(reach.by_way)]
    exact = {int(total) for total in totals if total.isdecimal() and int(total)}
    fits = [each for each in itertools.product(*ranges) if not exact or sum(each) in exact]
    return cells, fits


def _sums(by_way):
    return [str(sum(map(int, ways.values()))) for ways in by_way.values() if not any(map(is_hidden, ways.values()))]


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_nobody_can_work_out_a_hidden_group_from_the_totals_beside_it(ranking, plan):
    cells, fits = possible(give(ranking, plan))

    small = [place for place, cell in enumerate(cells) if cell == f"<{K}"]
    assert (plan[0], plan[1]) in {each[:2] for each in fits}
    assert [len({each[place] for each in fits}) >= K // 2 for place in small] == [True] * len(small)
    assert not any(str(count) == cell for count, cell in zip(plan, cells, strict=False) if 0 < count < K)


def test_a_total_that_is_hidden_is_hidden_among_the_counts_and_on_the_start_page(ranking):
    client = ranking[0]
    view = give(ranking, (5, 1, 0))

    assert view.counts["ballots received"] == f"{K}+"
    assert "ballots received: 5+" in "\n".join(view.to_lines())
    assert f"<dt>ballots received</dt><dd>{K}+</dd>" in client.get("/").text


def test_a_few_late_ballots_cannot_be_told_from_the_difference(ranking):
    view = give(ranking, (20, 20, 20), late=1)
    with ranking[1].reading() as session:
        kept = len(list(session.exec(select(models.Ballot.ballot_id))))

    assert kept == 60
    assert view.counts["ballots received"] == f"{K}+"


def test_numbers_that_tell_of_nobody_stay_as_they_are(ranking):
    view = give(ranking, (20, 20, 20))

    assert view.counts["ballots received"] == 60
    assert view.counts["summary questions"] == 3
