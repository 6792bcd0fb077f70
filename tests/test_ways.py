"""By which way people took part: how they answered and through whom they came, small counts suppressed."""

from __future__ import annotations

import pandas as pd
import pytest

from consensus import steps
from consensus.cli.main import main
from consensus.report.tables import count_ways
from tests.test_keying import key, place  # noqa: F401  place is a fixture
from tests.test_survey import begun, fill_gather


def online(client, times, partner=""):
    for number in range(times):
        fill_gather(begun(client, f"/s/lanternfield/gather{partner}"), f"What helps {number} people?").press()


def keyed(client, sheets, mode):
    for sheet in sheets:
        for by in ("Ann", "Ben"):
            key(client, by, sheet=f"{mode}{sheet}", mode=mode)


def ways(db, clock):
    return steps.status(db, "lanternfield", now=clock()).reach[0].by_way


def test_the_status_tells_how_people_answered_and_through_whom_without_small_counts(place):  # noqa: F811
    client, db, clock = place
    online(client, 22, "/kith_and_carers")
    online(client, 2, "/harbour_voices")
    keyed(client, range(15), "paper")

    told = ways(db, clock)

    assert told["modes"] == {"online": "24", "paper": "15"}
    harbour = "Harbour Voices (user-led network)"
    assert told["partners"] == {harbour: "<10", "Kith and Carers": "22", "through no partner": "10+"}


def test_a_mode_by_which_few_came_is_not_shown_nor_given_away_by_the_rest(place):  # noqa: F811
    client, db, clock = place
    online(client, 14)
    keyed(client, range(3), "telephone")

    assert ways(db, clock)["modes"] == {"online": "10+", "telephone": "<10"}


def test_the_command_prints_both(place, tmp_path, monkeypatch, capsys):  # noqa: F811
    client, _db, _clock = place
    online(client, 12, "/kith_and_carers")
    monkeypatch.setenv("CONSENSUS_HOME", str(tmp_path / "home"))

    main(["status", "--partnership", "lanternfield"])

    said = capsys.readouterr().out
    assert "answered: online 12" in said
    assert "came: Kith and Carers 12" in said


@pytest.mark.parametrize(("total", "columns"), [("43", ["ballots"]), ("10+", []), ("<10", [])])
def test_a_table_that_would_tell_a_total_that_is_hidden_elsewhere_is_left_out(total, columns):
    people = {"ballots": pd.Series({"online": 40, "paper": 3})}

    assert list(count_ways(people, {"ballots": total}, 10)) == columns


def test_what_was_published_before_is_not_told_by_a_difference():
    before = count_ways({"ballots": pd.Series({"online": 40, "paper": 30})}, {"ballots": "70"}, 10)

    after = count_ways({"ballots": pd.Series({"online": 42, "paper": 60})}, {"ballots": "102"}, 10, [before])

    assert after["ballots"].to_dict() == {"online": "10+", "paper": "10+", "total": "102"}
