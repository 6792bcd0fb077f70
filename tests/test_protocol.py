"""What a steering group fixed in advance is read whole, or every fault is told at once."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from inspect import signature
from typing import get_args

import pandas as pd
import pytest

from consensus.cli.main import main
from consensus.errors import ProtocolError
from consensus.firmness.replicas import FROM_TOTALS
from consensus.interim import SHORTLIST_RULES
from consensus.interim.proportional import PROPORTIONAL_RULES
from consensus.interim.voters import read_voters
from consensus.protocol import naming, parse_protocol, read_protocol
from consensus.rules import RULES, rank
from consensus.tally import tally
from consensus.vocabulary import BALLOT_FORMS, RANKING_RULES
from tests.builders import GATHER, INTERIM, PROTOCOL, small_folder, small_protocol, texts


def test_times_are_read_in_the_partnerships_zone_and_kept_in_utc():
    protocol = small_protocol()

    assert protocol.rounds.gather.closes == datetime(2026, 2, 27, 17, tzinfo=UTC)
    assert protocol.rounds.interim.closes == datetime(2026, 5, 8, 16, tzinfo=UTC)
    assert protocol.rounds.interim.reminders == (datetime(2026, 4, 20, 8, tzinfo=UTC),)


def test_five_faults_in_three_files_are_all_told_with_file_key_and_remedy():
    files = {
        "protocol.toml": PROTOCOL.replace('id = "small"', 'id = "Small One"')
        .replace("[publication]", "[publication]\ntopp = 3")
        .replace("small_cells = 5", "small_cells = 2")
        .replace("closes = 2026-05-08T17:00:00", "closes = 2026-03-08T17:00:00"),
        "gather.toml": GATHER.replace('type = "text"', 'type = "essay"'),
        "interim.toml": INTERIM,
    }

    with pytest.raises(ProtocolError) as told:
        parse_protocol(files)

    faults = told.value.faults
    assert any("partnership.id" in fault and "lower-case" in fault for fault in faults)
    assert any("publication.topp" in fault and "'top'" in fault for fault in faults)
    assert any("publication.small_cells is 2; use 5 or more" in fault for fault in faults)
    assert any("rounds.interim.closes is not after" in fault for fault in faults)
    assert any(fault.startswith("gather.toml: items.1.type is 'essay'") for fault in faults)
    assert str(told.value).startswith(f"{len(faults)} faults in the protocol:")


def test_a_fault_in_one_item_is_not_told_as_an_empty_list():
    with pytest.raises(ProtocolError) as told:
        parse_protocol({**texts(), "gather.toml": GATHER.replace('type = "text"', 'type = "essay"')})

    assert len(told.value.faults) == 1


def test_a_share_that_is_not_a_whole_number_is_refused():
    with pytest.raises(ProtocolError, match=r"groups\.1\.share is 0\.5"):
        small_protocol(**{'id = "lived"': 'id = "lived"\nshare = 0.5'})


def test_comments_and_layout_do_not_change_the_hash_but_a_share_does():
    before = small_protocol()

    assert small_protocol(**{"[scope]": "# what belongs\n\n[scope]"}).hash == before.hash
    assert small_protocol(**{'id = "lived"': 'id = "lived"\nshare = 2'}).hash != before.hash


def test_a_word_changed_in_a_survey_changes_the_hash():
    changed = parse_protocol({**texts(), "gather.toml": GATHER.replace("about sleep", "about dreams")})

    assert changed.hash != small_protocol().hash


def test_an_hour_that_the_clock_skips_is_refused():
    with pytest.raises(ProtocolError, match="does not exist in Europe/London"):
        small_protocol(**{"opens = 2026-01-05T09:00:00": "opens = 2026-03-29T01:30:00", "2026-02-27": "2026-04-01"})


def test_a_day_without_a_time_is_refused_with_what_to_write():
    with pytest.raises(ProtocolError) as refused:
        parse_protocol(
            texts(
                **{"opens = 2026-01-05T09:00:00": "opens = 2026-01-05", "sessions = 2": "sessions = 2\non = 2026-09-30"}
            )
        )

    assert "protocol.toml: rounds.gather.opens 2026-01-05 has no time; write one" in str(refused.value)
    assert "protocol.toml: workshop.on 2026-09-30 has no time; write one" in str(refused.value)


def test_a_number_in_quotes_is_told_with_the_other_faults():
    for file, change in (
        ("interim.toml", ("maximum = 3", 'maximum = "ten"')),
        ("protocol.toml", ("max_choices = 3", 'max_choices = "10"')),
    ):
        content = texts()
        assert change[0] in content[file]
        with pytest.raises(ProtocolError, match=change[0].split(" ")[0]):
            parse_protocol({**content, file: content[file].replace(*change)})


def test_a_missing_file_is_named_together_with_the_faults_of_the_others(tmp_path):
    folder = small_folder(tmp_path / "small", **{"top = 3": "top = 0"})
    (folder / "interim.toml").unlink()

    with pytest.raises(ProtocolError) as told:
        read_protocol(folder)

    assert len(told.value.faults) == 2
    assert "interim.toml: the file is missing" in told.value.faults[0]
    assert "publication.top" in told.value.faults[1]


def test_a_group_that_a_rule_names_must_be_listed():
    with pytest.raises(ProtocolError, match=r"shortlist\.subgroup is 'nurse'; the protocol lists lived, carer"):
        small_protocol(**{"[shortlist]": '[shortlist]\nrule = "union_and_subgroup"\nsubgroup = "nurse"'})


def test_two_groups_may_not_share_an_id():
    with pytest.raises(ProtocolError, match="groups id 'lived' stands twice"):
        small_protocol(**{'id = "carer"': 'id = "lived"'})


def test_a_misspelt_ranking_rule_is_told_with_the_other_faults():
    with pytest.raises(ProtocolError) as told:
        small_protocol(**{'rule = "jla_positions"': 'rule = "jla_position"', '["mean_points"]': '["mean_pionts"]'})

    assert [fault.split(";")[0] for fault in told.value.faults] == [
        "protocol.toml: ranking.rule is 'jla_position'",
        "protocol.toml: ranking.also is 'mean_pionts'",
    ]


def test_every_ranking_rule_that_a_protocol_may_name_is_there():
    assert set(RANKING_RULES) == set(RULES)


def test_every_fault_of_the_rules_that_a_protocol_names_is_told_at_once():
    with pytest.raises(ProtocolError) as told:
        small_protocol(
            **{
                'form = "ranked"': 'form = "chosen"',
                'also = ["mean_points"]': 'also = ["bordo", "borda"]\n[ranking.options.borda]\nunranked = "zero"\n'
                "[ranking.options.schulze]\nbeat = 1\n[ranking.options.kemeny]\nseveral = 'first'\n"
                "[ranking.options.plackett_luce]\nprior = 0",
                "[shortlist]": '[firmness]\nmethod = "gaussian"\nreplicates = 1\n[shortlist]\nrule = "sequential_pav"',
                'rule = "jla_positions"': 'rule = "borda"',
            }
        )

    faults = "\n".join(told.value.faults)
    assert "ranking.also is 'bordo'; use one of jla_positions" in faults
    assert "ranking.options.borda.unranked is 'zero'; on chosen ballots nothing is left unranked" in faults
    assert "ranking.options.schulze is for a rule that the protocol does not name" in faults
    assert "ranking.options.schulze.beat is not an option; 'schulze' takes none." in faults
    assert "ranking.options.kemeny.several is 'first'; use one of tied, borda." in faults
    assert "ranking.options.plackett_luce.prior is 0; use a number above 0." in faults
    assert "firmness.method is 'gaussian', which the rule 'borda' does not bear on chosen ballots" in faults
    assert "firmness.replicates is 1" in faults


def test_a_rule_that_the_ballots_do_not_bear_is_refused_before_anybody_has_answered():
    with pytest.raises(ProtocolError, match=r"ranking\.also is 'group_informed_consensus', which needs ballots"):
        small_protocol(**{'["mean_points"]': '["group_informed_consensus"]'})
    with pytest.raises(ProtocolError, match=r"shortlist\.rule is 'equal_shares', which needs ballots of the form"):
        small_protocol(**{'form = "ranked"': 'form = "rated"', "[shortlist]": '[shortlist]\nrule = "equal_shares"'})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {'type = "rank"': 'type = "rate"'},
            "of the type 'rate', but ballot.form is 'ranked', which needs the type 'rank'",
        ),
        ({"maximum = 3": "maximum = 4"}, "lets people choose 4, but ballot.max_choices is 3; make the two the same"),
        ({"maximum = 3": ""}, "lets people choose any number, but ballot.max_choices is 3"),
    ],
)
def test_the_form_of_ballots_and_the_item_by_which_people_give_them_agree(tmp_path, capsys, changes, told):
    folder = small_folder(tmp_path / "small")
    text = (folder / "interim.toml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "interim.toml").write_text(text, encoding="utf-8")

    status = main(["check", str(folder)])

    assert status == 2
    assert told in capsys.readouterr().err


def test_ballots_of_a_form_that_no_page_takes_have_no_item_of_their_own():
    changed = texts(**{'form = "ranked"\ndepth = 3\nmax_choices = 3': 'form = "points"\nmax_choices = 0'})
    ranked = texts()["interim.toml"]

    with pytest.raises(ProtocolError, match="such ballots are imported"):
        parse_protocol(changed | {"interim.toml": ranked})

    assert parse_protocol(changed).ballot.form == "points"


def test_what_a_protocol_may_name_is_what_the_engine_has():
    takes = {rule: set(signature(function).parameters) - {"tables"} for rule, function in RULES.items()}

    assert {rule: set(options) for rule, options in naming.OPTIONS.items()} == {r: o for r, o in takes.items() if o}
    assert set(get_args(naming.ShortlistRule)) == set(SHORTLIST_RULES)
    assert set(naming.BY_BALLOTS) == set(PROPORTIONAL_RULES)
    assert {rule: set(forms) for rule, (_, forms) in FROM_TOTALS.items()} == {
        rule: set(forms) for rule, forms in naming.GAUSSIAN_FORMS.items()
    }


@pytest.mark.parametrize("form", BALLOT_FORMS)
def test_which_forms_a_rule_bears_is_what_the_engine_bears(form):
    t = small_tally(form)

    borne = set()
    for rule in RULES:
        with contextlib.suppress(ProtocolError):
            rank(t, rule)
            borne.add(rule)
    approves = True
    try:
        read_voters(t, {})
    except ProtocolError:
        approves = False

    assert borne == {rule for rule in RULES if form in naming.RULE_FORMS.get(rule, BALLOT_FORMS)}
    assert approves == (form in naming.BY_BALLOTS_FORMS)


def small_tally(form):
    values = {"ranked": [1, 2], "chosen": [1, -1], "rated": [9, 1], "points": [60, 40], "best_worst": [1, -1]}
    rows = pd.DataFrame({"ballot": ["b1", "b1"], "group": "carer", "question": ["q1", "q2"]})
    if form == "pairwise":
        rows = rows.assign(other=["q2", "q3"], value=[1, 1])
    else:
        rows = rows.assign(value=values[form], set="s1")
    return tally(rows, form=form)


@pytest.mark.parametrize("threshold", ["0", "1.5", '"high"'])
def test_a_threshold_for_duplicate_groups_that_no_cosine_can_be_is_refused(threshold):
    with pytest.raises(ProtocolError, match=r"protocol.toml: duplicates.threshold is"):
        small_protocol(**{"[publication]": f"[duplicates]\nthreshold = {threshold}\n[publication]"})


@pytest.mark.parametrize("written", ['"2026-02-27T17:00:00"', '"2026-02-27"', "1", "1772200000.5", '"1772200000"'])
@pytest.mark.parametrize("key", ["rounds.gather.closes", "rounds.interim.reminders", "workshop.on"])
def test_an_instant_in_quotes_or_as_a_number_is_refused_and_not_read_in_another_zone(key, written):
    changes = {
        "rounds.gather.closes": {"closes = 2026-02-27T17:00:00": f"closes = {written}"},
        "rounds.interim.reminders": {"reminders = [2026-04-20T09:00:00]": f"reminders = [{written}]"},
        "workshop.on": {"sessions = 2": f"sessions = 2\non = {written}"},
    }

    with pytest.raises(ProtocolError, match=f"{key} is .*; write a date and time without quotes, as in 2026"):
        parse_protocol(texts(**changes[key]))


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_a_year_in_which_nobody_takes_part_is_refused(written):
    with pytest.raises(ProtocolError, match=r"rounds.gather.closes .* is no time of ours"):
        parse_protocol(texts(**{"closes = 2026-02-27T17:00:00": f"closes = {written}"}))


@pytest.mark.parametrize("written", ["[]", '["x"]', '{ en = "x" }', "1", "true"])
def test_an_id_that_is_no_word_is_a_fault_and_no_crash(written):
    with pytest.raises(ProtocolError, match="id"):
        parse_protocol(texts(**{'id = "carer"': f"id = {written}"}))


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("grace_minutes = 30", "grace_minutes = 9223372036854775808"),
        ("grace_minutes = 30", "cap = 9223372036854775808"),
        ('id = "carer"', 'id = "carer"\nshare = 9223372036854775808'),
    ],
)
def test_a_number_that_no_calendar_or_database_holds_is_refused(declared, written):
    """A grace of so many minutes would stop the sweep of every partnership."""
    with pytest.raises(ProtocolError, match="is 9223372036854775808; input should be less than or equal to 1000000000"):
        parse_protocol(texts(**{declared: written}))
