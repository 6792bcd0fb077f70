"""A protocol's margins reach the interim ranking: what people said of themselves weighs their ballots, and is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consensus import steps, store
from consensus.errors import ProtocolError
from consensus.protocol import parse_protocol
from consensus.report.content import publication
from consensus.steps.material import load_material
from consensus.store import Store
from tests import walk
from tests.builders import texts
from tests.people import INTERIM_CLOSES, send

WEIGHTING = """
[weighting]
told_in = "data"
most = 3

[[weighting.margins]]
group = "carer"
item = "age"
categories = [{ levels = ["20-29", "30-39"], part = 1 }, { levels = ["40-49"], part = 1 }]
"""
ABOUT = """
[[items]]
id = "data"
type = "note"
label = "Your age group is used to weight your choices, so that young and old carers have a fair say."

[[items]]
id = "age"
type = "select_one"
label = "How old are you?"
choices = ["20-29", "30-39", "40-49", "50-59"]
"""


def declared(weighting: str = WEIGHTING, about: str = ABOUT) -> dict[str, str]:
    files = texts()
    files["protocol.toml"] += weighting
    files["interim.toml"] += about
    return files


def ranked(home, ages: list[str], weighting: str = WEIGHTING):
    """Rank a round in which carers of these ages each choose one question, the young another than the old."""
    db, asked = walk.asking(home, declared(weighting))
    for age in ages:
        choice = asked[0] if age == "20-29" else asked[1]
        send(db, "small-interim-1", at=INTERIM_CLOSES - timedelta(days=2), choices=[choice], age=age)
    for group in ("lived", "clinician") * 3:
        send(db, "small-interim-1", at=INTERIM_CLOSES - timedelta(days=2), choices=[asked[2]], group=group, age="50-59")
    steps.advance_rounds(db, now=walk.RANKED)
    outcome = steps.rank_round(db, "small", now=walk.RANKED)
    with db.reading() as session:
        return asked, outcome, store.load_ranking(session, outcome.ids["ranking"])


def test_a_groups_ballots_are_weighted_to_its_declared_margins_and_everybody_is_told(tmp_path):
    ages = ["20-29"] * 2 + ["40-49"] * 6 + ["", "50-59"]

    asked, outcome, stored = ranked(tmp_path, ages)

    totals = stored.tables["ranking"]["total_carer"]
    assert totals[asked[0]] == pytest.approx(3 * 4)  # two people of weight 2, three points each
    assert totals[asked[1]] == pytest.approx(3 * (4 + 2))  # six of weight 2/3, and two who count one each
    told = stored.tables["firmness"].attrs["weighting"]
    assert told["margins"] == {"carer": {"age": {"20-29, 30-39": 1, "40-49": 1}}}
    assert told["unstated"] == {"carer": 2}
    assert told["people"] == {"carer": 10, "lived": 3, "clinician": 3}
    assert "weighted to the margins that the protocol declares" in outcome.done
    assert f"(effective sample sizes: Family and carers {told['effective']['carer']:.1f} of 10)" in outcome.done
    assert "age" not in outcome.done


def test_the_published_methods_name_raking_trimming_and_effective_sizes_without_small_counts(tmp_path):
    ranked(tmp_path, ["20-29"] * 2 + ["40-49"] * 6 + [""])
    db = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")

    with db.reading() as session:
        said = " ".join(publication(load_material(session, "small", walk.RANKED)).described)

    assert "weighted to declared margins by raking (Family and carers: age), no weight above 3 times the mean" in said
    assert "Who did not state what the weighting needs counts as one person." in said
    assert "Effective sample sizes: Family and carers " in said
    assert "within a group every person counts once" in said
    assert "lived experience 3" not in said


def test_a_file_of_ballots_is_told_to_say_nothing_of_the_people_behind_it(tmp_path):
    db, asked = walk.asking(tmp_path, declared())
    path, mapping = walk.ballots_file(tmp_path, asked), walk.ballots_mapping(tmp_path)

    outcome = steps.import_ballots(db, "small", path, mapping=mapping, by="tester", now=walk.OPENED)

    assert "each ballot of this one counts as one person in its group" in outcome.done


def test_ranking_again_with_the_same_replies_is_the_same_ranking(tmp_path):
    _, outcome, _ = ranked(tmp_path, ["20-29", "40-49"])
    db = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")

    again = steps.rank_round(db, "small", now=walk.RANKED + timedelta(days=1))

    assert again.ids == outcome.ids


def test_every_fault_of_a_declared_weighting_is_told_at_once():
    wrong = """
[firmness]
method = "gaussian"

[weighting]
told_in = "age"

[[weighting.margins]]
group = "nurse"
item = "age"
categories = [{ levels = ["20-29", "90+"], part = 0 }, { levels = ["20-29"], part = 0 }]

[[weighting.margins]]
group = "carer"
item = "ranking"
categories = [{ levels = ["a"], part = 1 }]
"""

    with pytest.raises(ProtocolError) as told:
        parse_protocol(declared(wrong))

    weighting = "protocol.toml: weighting"
    assert told.value.faults == (
        f"{weighting}.told_in is 'age'; name the note in interim.toml that tells people that what they say of "
        "themselves weights their ballot.",
        "protocol.toml: firmness.method is 'gaussian', which knows no respondent weights; use 'exact'.",
        f"{weighting}.margins.1.group is 'nurse'; the groups that rank are lived, carer, clinician.",
        f"{weighting}.margins.1: '20-29' stands in two categories; leave it in one.",
        f"{weighting}.margins.1: '90+' is no choice of 'age'; it has 20-29, 30-39, 40-49, 50-59.",
        f"{weighting}.margins.1: no category has a part above 0; give at least one a part.",
        f"{weighting}.margins.2.item is 'ranking'; name a select_one item of interim.toml with choices of its own.",
    )


def test_a_part_that_is_no_whole_number_is_refused():
    with pytest.raises(ProtocolError, match=r"weighting\.margins\.1\.categories\.1\.part"):
        parse_protocol(declared(WEIGHTING.replace("part = 1 }, {", "part = 0.5 }, {")))
