"""From the words people wrote to what is published: the stages chained with a real store."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlmodel import select

from consensus import models, steps, store
from consensus.errors import DataError, StageError
from consensus.protocol import read_protocol
from consensus.report.content import publication
from consensus.steps.material import load_material
from consensus.store import Store
from tests import walk
from tests.builders import small_folder


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    home = tmp_path_factory.mktemp("walked")
    db = walk.walk(home)
    yield db, home
    db.close()


@pytest.fixture
def db(tmp_path):
    opened = Store.open(f"sqlite:///{tmp_path / 'consensus.db'}")
    yield opened
    opened.close()


def until(stage, db, home):
    for name in walk.STAGES[: walk.STAGES.index(stage)]:
        walk.run_stage(name, db, home)


def frames(db):
    names = ("submissions", "proposals", "questions", "lineage", "set_aside", "workshop_rankings")
    with db.reading() as session:
        derived = {name: store.load_frame(session, name, "small") for name in names}
        return {**derived, "decisions": store.load_decisions(session, "small").drop(columns="value")}


def test_every_submission_ends_in_exactly_one_place(walked):
    db, _ = walked
    kept = frames(db)

    ended = [*kept["lineage"]["submission_id"], *kept["set_aside"]["submission_id"]]

    assert sorted(ended) == sorted(kept["submissions"]["submission_id"])


def test_every_priority_traces_to_the_words_people_wrote(walked):
    db, _ = walked

    for place in ("1", "2", "3"):
        told = "\n".join(steps.trace(db, "small", place).to_lines())
        assert any(text[:20] in told for texts in walk.ASKED.values() for text in texts)


def test_a_finished_partnership_has_nothing_left_to_do(walked):
    db, _ = walked

    assert steps.next_action(db, "small", now=walk.MET).actor == "nobody"


@pytest.mark.parametrize("stage", walk.STAGES)
def test_doing_a_stage_again_changes_nothing(walked, stage):
    db, home = walked
    before, rankings = frames(db), list(steps.status(db, "small", now=walk.MET).rankings)

    with contextlib.suppress(StageError):  # a closed round is not opened again
        walk.run_stage(stage, db, home)

    for name, frame in frames(db).items():
        pd.testing.assert_frame_equal(frame, before[name])
    assert steps.status(db, "small", now=walk.MET).rankings == rankings


def test_publishing_again_writes_the_same_bytes(walked):
    db, home = walked
    before = {path.name: path.read_bytes() for path in (home / "out").iterdir()}

    steps.publish(db, "small", folder=home / "out", now=walk.MET + timedelta(days=3))

    assert {path.name: path.read_bytes() for path in (home / "out").iterdir()} == before


def test_what_a_step_says_holds_nobodys_words(tmp_path, db):
    said = []
    for name in walk.STAGES:
        walk.run_stage(name, db, tmp_path)
    for outcome in (
        steps.gather(db, "small", now=walk.ANSWERED),
        steps.propose_duplicates(db, "small", now=walk.REVIEWED),
        steps.rank_round(db, "small", now=walk.RANKED),
    ):
        said.append(str(outcome.to_dict()))

    assert not any("parking" in text or "07700" in text for text in said)


def test_small_groups_are_not_counted_in_public(walked):
    db, _ = walked

    table = steps.gather(db, "small", now=walk.ANSWERED).tables["People by stakeholder group"]

    assert "<5" in table["people who answered"].tolist()


def test_no_two_tables_shown_at_different_times_tell_of_a_few_people(tmp_path, db):
    until("gather-uncertainties", db, tmp_path)
    column = "people who answered"
    first = steps.gather(db, "small", now=walk.ANSWERED).tables["People by stakeholder group"]
    more = [[f"more-{n}", walk.ANSWERED.isoformat(), "clinician", "yes", f"Does habit {n} help?"] for n in range(3)]
    header = ["response_id", "submitted_at", "group", "consent", "question"]
    steps.import_answers(
        db,
        "small",
        walk.write_csv(tmp_path / "more.csv", header, more),
        mapping=walk.answers_mapping(tmp_path),
        by="tester",
        now=walk.REVIEWED,
    )

    second = steps.gather(db, "small", now=walk.REVIEWED).tables["People by stakeholder group"]

    assert first[column].tolist()[2] == "5"
    assert second[column].tolist()[2] == "5+"


def test_a_ranking_is_stored_with_how_firm_it_is_and_is_the_same_on_another_machine(walked, tmp_path):
    db, _ = walked
    again = walk.walk(tmp_path)

    one, other = (stored(opened) for opened in (db, again))
    again.close()

    assert one.ranking_id == other.ranking_id
    for name in ("firmness", "agreement", "sensitivity:mean_points"):
        pd.testing.assert_frame_equal(one.tables[name], other.tables[name], check_exact=True)
    firm = one.tables["firmness"]
    assert firm.attrs["options"] == other.tables["firmness"].attrs["options"]
    assert (firm.attrs["options"]["seed"], firm.attrs["options"]["replicates"]) == (7, 1000)
    influence = firm.filter(like="influence_").sum(axis=1)
    assert (influence + firm["rank"] - (len(firm) + 1) / 2).abs().max() < 1


def stored(db):
    with db.reading() as session:
        return store.load_ranking(session, steps.current_ranking_id(db, "small"))


def test_another_seed_gives_another_ranking_and_comparing_the_two_says_so(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    before = stored(db)
    changed = small_folder(
        tmp_path / "changed", **{"[shortlist]": "[firmness]\nseed = 8\nreplicates = 50\n[shortlist]"}
    )

    steps.register(db, changed, by="ann", now=walk.RANKED, why="a shorter trial")
    steps.rank_round(db, "small", now=walk.RANKED)
    after = stored(db)

    assert after.ranking_id != before.ranking_id
    assert after.tables["firmness"].attrs["options"]["seed"] == 8
    assert (
        "The draws by which firmness is tried differ." in steps.compare(db, before.ranking_id, after.ranking_id).reasons
    )
    pd.testing.assert_frame_equal(before.tables["ranking"], after.tables["ranking"])


def test_what_moved_between_two_rankings_is_shown_beside_what_chance_would_have_moved(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    before = steps.current_ranking_id(db, "small")
    changed = small_folder(tmp_path / "changed", **{'id = "lived"': 'id = "lived"\nshare = 50'})
    steps.register(db, changed, by="ann", now=walk.RANKED, why="lived experience counts more")
    after = steps.rank_round(db, "small", now=walk.RANKED).ids["ranking"]

    moved = steps.compare(db, before, after).moved

    assert len(moved)
    assert {"interval before", "p_top before", "interval after", "p_top after", "outside"} <= set(moved.columns)
    ends = [int(end) for end in moved["interval before"].iloc[0].split(" to ")]
    assert (moved["outside"].iloc[0] == "yes") == (not ends[0] <= moved["after"].iloc[0] <= ends[-1])


def test_a_question_is_traced_to_who_put_it_there_and_to_which_rules_keep_it(walked):
    db, _ = walked

    told = steps.trace(db, "small", "1").to_lines()

    assert any("lived: position" in line and "lifts it" in line and "without the group: place" in line for line in told)
    assert any("rank interval" in line and "in the Top 3 in" in line and "% of weightings" in line for line in told)
    assert any(line.strip().startswith(("in the Top 3 by", "not in the Top 3 by")) for line in told)


def test_a_shortlist_by_a_proportional_rule_says_by_which_turn_each_question_came_in(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    changed = small_folder(tmp_path / "changed", **{"[shortlist]": '[shortlist]\nrule = "sequential_phragmen"'})
    steps.register(db, changed, by="ann", now=walk.RANKED, why="each part of a group gets its due")

    outcome = steps.rank_round(db, "small", now=walk.RANKED)

    assert "taken 1. by sequential Phragmen" in " ".join(outcome.tables["Shortlist"]["why"])
    assert outcome.counts["shortlisted"] == 4


def test_groups_too_small_to_be_shown_are_not_shown_by_what_a_ranking_tells(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    changed = small_folder(tmp_path / "changed", **{"small_cells = 5": "small_cells = 13"})
    steps.register(db, changed, by="ann", now=walk.RANKED, why="small groups")

    told = steps.rank_round(db, "small", now=walk.RANKED).tables
    images = steps.plots(db, "small", "interim-ranking", now=walk.RANKED)

    assert (
        told["Interim ranking"]
        .drop(columns=["rank", "wording", "tied", "score", "question"])
        .replace("", None)
        .isna()
        .all(axis=None)
    )
    assert list(told["Still in the Top 3"].dropna(axis=1, how="all").columns) == [
        "interim",
        "in the Top 3",
        "wording",
        "by mean_points",
        "question",
    ]
    assert told["Agreement"].empty
    assert list(images) == ["plot"]


def test_a_late_ballot_is_kept_and_never_counted(walked):
    db, _ = walked

    outcome = steps.rank_round(db, "small", now=walk.RANKED)

    assert outcome.counts["late"] == 1
    with db.reading() as session:
        kept = set(session.exec(select(models.Ballot.ballot_id)))
    assert len(kept) == outcome.counts["ballots ranked"] + outcome.counts["in quarantine"] + 1
    assert steps.status(db, "small", now=walk.MET).counts["ballots received"] == "5+"  # so few are late


def test_who_had_begun_before_the_close_has_the_declared_grace(tmp_path, db):
    until("advance-rounds", db, tmp_path)
    closes = read_protocol(small_folder(tmp_path / "again")).rounds.interim.closes
    question = steps.questions_on_ballot(db, "small")[0][0]
    choice = [{"question_id": "ranking", "item_id": question, "rank": 1, "chosen": 1}]
    cases = {
        "at-the-close": (None, closes),
        "a-second-late": (None, closes + timedelta(seconds=1)),
        "begun-in-time": (closes - timedelta(minutes=5), closes + timedelta(minutes=30)),
        "begun-in-time-but-after-grace": (closes - timedelta(minutes=5), closes + timedelta(minutes=30, seconds=1)),
        "begun-late": (closes + timedelta(seconds=1), closes + timedelta(minutes=2)),
    }
    ballots = [
        {"ballot_id": name, "source": "web", "group": "lived", "choices": choice, "began_at": began, "received_at": at}
        for name, (began, at) in cases.items()
    ]

    with db.writing() as session:
        row = store.load_round(session, "small-interim-1")
        store.save_ballots(session, row, ballots)
        counted = {ballot.ballot_id for ballot in steps.counted_ballots(session, row).ballots} & set(cases)

    assert counted == {"at-the-close", "begun-in-time"}


def test_the_last_edit_before_the_close_counts(tmp_path, db):
    until("advance-rounds", db, tmp_path)
    closes = read_protocol(small_folder(tmp_path / "again")).rounds.interim.closes
    questions = [question for question, _ in steps.questions_on_ballot(db, "small")]

    def edit(place: int, at: datetime) -> dict[str, object]:
        choice = [{"question_id": "ranking", "item_id": questions[place], "rank": 1, "chosen": 1}]
        return {"ballot_id": "me", "source": "web", "group": "lived", "choices": choice, "received_at": at}

    with db.writing() as session:
        row = store.load_round(session, "small-interim-1")
        for place, at in enumerate(
            (closes - timedelta(hours=2), closes - timedelta(hours=1), closes + timedelta(hours=1))
        ):
            store.save_ballots(session, row, [edit(place, at)])
        counted = [ballot for ballot in steps.counted_ballots(session, row).ballots if ballot.ballot_id == "me"]

    assert [ballot.version for ballot in counted] == [2]


def test_extending_a_round_lets_ballots_in_that_would_have_been_late(tmp_path, db):
    until("advance-rounds", db, tmp_path)
    late = walk.RANKED + timedelta(hours=2)

    steps.extend_round(db, "small-interim-1", late, by="ann", why="post was late", now=walk.RANKED - timedelta(days=1))
    steps.advance_rounds(db, now=late)
    outcome = steps.rank_round(db, "small", now=late + timedelta(hours=1))

    assert outcome.counts["late"] == 0


def test_closing_early_ends_the_round_at_that_moment(tmp_path, db):
    until("advance-rounds", db, tmp_path)
    early = walk.OPENED + timedelta(hours=10, minutes=30)

    steps.close_round(db, "small-interim-1", by="ann", why="target reached", now=early, early=True)
    outcome = steps.rank_round(db, "small", now=walk.RANKED)

    assert outcome.counts["ballots ranked"] + outcome.counts["in quarantine"] == 12


def test_a_round_is_not_closed_before_its_time_by_mistake(tmp_path, db):
    until("advance-rounds", db, tmp_path)

    with pytest.raises(StageError, match=r"which has not come; to close it now: `consensus round close .* --early"):
        steps.close_round(db, "small-interim-1", now=walk.OPENED)


def test_no_order_exists_while_a_round_is_open(tmp_path, db):
    until("advance-rounds", db, tmp_path)

    with pytest.raises(StageError, match="no order exists before it closes"):
        steps.rank_round(db, "small", now=walk.OPENED)


def test_nothing_is_ranked_before_the_grace_has_passed(tmp_path, db):
    until("advance-rounds", db, tmp_path)
    closes = read_protocol(small_folder(tmp_path / "again")).rounds.interim.closes
    steps.advance_rounds(db, now=closes)

    with pytest.raises(StageError, match="may still send their ballot until Friday 8 May 2026 at 17:30"):
        steps.rank_round(db, "small", now=closes + timedelta(minutes=29))


def test_a_round_opens_reminds_closes_and_ranks_by_itself(tmp_path, db):
    until("open-round", db, tmp_path)

    def rank(db, partnership, now):
        return steps.rank_round(db, partnership, now=now).ids["ranking"]

    moments = [walk.OPENED, datetime(2026, 4, 20, 8, tzinfo=UTC), datetime(2026, 5, 8, 16, tzinfo=UTC), walk.RANKED]
    said = [steps.advance_rounds(db, now=moments[0], rank=rank).done]
    walk.run_stage("import-ballots", db, tmp_path)
    said += [steps.advance_rounds(db, now=moment, rank=rank).done for moment in moments[1:]]
    again = steps.advance_rounds(db, now=walk.RANKED, rank=rank)

    assert "opened" in said[0]
    assert "A reminder of the round 'small-interim-1' is due; groups under target: Family and carers" in said[1]
    assert "closed" in said[2]
    assert "is ranked: r" in said[3]
    assert again.done == "Nothing was due."


def test_a_changed_protocol_is_refused_once_a_round_has_opened_unless_it_is_an_amendment(tmp_path, db):
    until("import-ballots", db, tmp_path)
    changed = small_folder(tmp_path / "changed", **{"size = 4": "size = 3"})

    with pytest.raises(StageError, match="frozen since its first round opened"):
        steps.register(db, changed, by="ann", now=walk.OPENED)
    steps.register(db, changed, by="ann", now=walk.OPENED, why="the workshop is shorter")

    assert steps.protocol(db, "small").shortlist.size == 3
    assert "amendment" in frames(db)["decisions"]["kind"].tolist()


def test_amending_the_shortlist_gives_another_ranking_and_comparing_the_two_says_why(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    before = steps.current_ranking_id(db, "small")
    changed = small_folder(tmp_path / "changed", **{'id = "lived"': 'id = "lived"\nshare = 5'})

    steps.register(db, changed, by="ann", now=walk.RANKED, why="lived experience counts more")
    assert steps.next_action(db, "small", now=walk.RANKED).stage == "interim-ranking"
    after = steps.rank_round(db, "small", now=walk.RANKED).ids["ranking"]
    found = steps.compare(db, before, after)

    assert after != before
    assert found.reasons == ("The protocol was amended between them. Why: lived experience counts more.",)
    assert {"before", "after", "moved", "wording"} <= set(found.moved.columns)
    assert all(found.moved["wording"].str.endswith("?"))


def test_comparing_two_rankings_shows_what_joined_the_shortlist_and_why(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    before = steps.current_ranking_id(db, "small")
    left_out = (set(dict(steps.questions_on_ballot(db, "small"))) - set(steps.shortlisted(db, "small"))).pop()

    steps.record_by_hand(db, "small", left_out, by="ann", why="nobody else asks it", now=walk.RANKED)
    after = steps.rank_round(db, "small", now=walk.RANKED).ids["ranking"]
    found = steps.compare(db, before, after)

    assert found.reasons == ("The shortlist differs.",)
    assert found.moved.empty
    assert found.shortlist.loc[left_out, ["change", "why"]].tolist() == ["joined", "by hand: nobody else asks it"]


def test_comparing_two_final_orders_says_that_the_plenary_moved_something(tmp_path, db):
    until("publish", db, tmp_path)
    before = steps.finalise(db, "small", now=walk.MET).ids["final"]
    last = steps.shortlisted(db, "small")[-1]

    steps.record_move(db, "small", last, 1, by="plenary", why="heard in both groups", now=walk.MET)
    after = steps.finalise(db, "small", now=walk.MET).ids["final"]

    assert steps.compare(db, before, after).reasons == ("The plenary's moves and merges differ.",)


def test_of_a_final_order_stored_without_the_plenarys_acts_it_is_said_that_they_are_not_known(tmp_path, db):
    until("publish", db, tmp_path)
    before = steps.finalise(db, "small", now=walk.MET).ids["final"]
    steps.record_move(db, "small", steps.shortlisted(db, "small")[-1], 1, by="plenary", why="heard", now=walk.MET)
    after = steps.finalise(db, "small", now=walk.MET).ids["final"]
    with db.writing() as session:
        row = session.get(models.Ranking, before)
        kept = json.loads(row.tables)
        del kept["facts"]["acts"]
        row.tables = json.dumps(kept)

    found = steps.compare(db, before, after)

    assert found.reasons == (f"Whether the plenary's moves and merges differ is not known: '{before}' does not say.",)
    assert not found.moved.empty


def test_a_rejected_shortlist_does_not_go_to_the_workshop(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    ranking = steps.current_ranking_id(db, "small")

    steps.record_approval(db, "small", ranking, "reject", by="chair", why="carers are missing", now=walk.MET)

    with pytest.raises(StageError, match="is not approved"):
        walk.run_stage("import-workshop", db, tmp_path)
    assert steps.next_action(db, "small", now=walk.MET).actor == "person"


def test_the_shortlist_that_is_signed_off_is_the_public_one_of_the_ranking(tmp_path, db):
    until("interim-ranking", db, tmp_path)

    ranked = steps.rank_round(db, "small", now=walk.RANKED)

    pd.testing.assert_frame_equal(steps.shortlist_table(db, "small"), ranked.tables["Shortlist"])


def test_an_order_that_a_later_decision_outdated_is_not_published(tmp_path, db):
    until("publish", db, tmp_path)
    ranking = steps.current_ranking_id(db, "small")
    steps.record_move(db, "small", steps.shortlisted(db, "small")[-1], 1, by="plenary", why="heard", now=walk.MET)

    with pytest.raises(StageError, match="combine again first: `consensus workshop finish"):
        walk.run_stage("publish", db, tmp_path)
    steps.finalise(db, "small", now=walk.MET)
    walk.run_stage("publish", db, tmp_path)
    steps.record_approval(db, "small", ranking, "reject", by="chair", why="carers are missing", now=walk.MET)

    with pytest.raises(StageError, match="is not approved"):
        walk.run_stage("publish", db, tmp_path)


def test_a_wrong_sign_off_is_refused_with_all_its_faults_and_nothing_is_lost(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    ranking = steps.current_ranking_id(db, "small")

    with pytest.raises(DataError) as told:
        steps.record_approval(db, "small", ranking, "maybe", by=" ", now=walk.MET)

    assert len(told.value.faults) == 2
    assert steps.approval(db, ranking) is None


def test_a_plenary_move_is_recorded_with_its_reason_and_changes_the_order(tmp_path, db):
    until("publish", db, tmp_path)
    before = steps.top_table(db, "small")["question"].tolist()
    last = steps.shortlisted(db, "small")[-1]

    steps.record_move(db, "small", last, 1, by="plenary", why="nobody else asks it", now=walk.MET)
    assert steps.next_action(db, "small", now=walk.MET).stage == "final-workshop"
    steps.finalise(db, "small", now=walk.MET)
    after = steps.trace(db, "small", "1").to_lines()

    assert steps.top_table(db, "small")["question"].tolist() != before
    assert any("nobody else asks it" in line for line in after)


def test_a_workshop_sheet_tells_all_its_faults_and_leaves_what_was_there(tmp_path, db):
    until("final-workshop", db, tmp_path)
    before = frames(db)["workshop_rankings"]
    questions = steps.shortlisted(db, "small")
    sheet = walk.write_csv(
        tmp_path / "bad.csv",
        ["session", "small_group", "question", "place"],
        [[1, "A", questions[0], 1], [1, "A", questions[1], 1], [1, "A", "q-nobody-knows", 3]],
    )

    with pytest.raises(DataError) as told:
        steps.import_workshop(db, "small", sheet, by="ann", now=walk.MET)

    assert len(told.value.faults) >= 3
    pd.testing.assert_frame_equal(frames(db)["workshop_rankings"], before)


def test_a_question_added_to_the_shortlist_by_hand_says_why_it_is_there(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    left_out = [q for q, _ in steps.questions_on_ballot(db, "small") if q not in steps.shortlisted(db, "small")]
    row = {"kind": "shortlist_by_hand", "subject": left_out[0], "value": {}, "by": "chair", "at": walk.RANKED}

    steps.record_decisions(db, "small", [{**row, "why": "the only one on children"}], now=walk.RANKED)
    outcome = steps.rank_round(db, "small", now=walk.RANKED)

    why = outcome.tables["Shortlist"].set_index("question").loc[left_out[0], "why"]
    assert why == "by hand: the only one on children"


def test_the_next_thing_to_do_is_named_at_every_point_of_the_walk(tmp_path, db):
    actors = []
    moments = {"import-ballots": walk.OPENED, "open-round": walk.OPENED, "advance-rounds": walk.RANKED}
    for name in walk.STAGES:
        walk.run_stage(name, db, tmp_path)
        action = steps.next_action(db, "small", now=moments.get(name, walk.REVIEWED if name == "review" else walk.MET))
        actors.append((name, action.actor, action.stage))

    assert actors == [
        ("register", "person", "gather-uncertainties"),
        ("import-answers", "machine", "gather-uncertainties"),
        ("gather-uncertainties", "machine", "deduplicate"),
        ("deduplicate", "person", "deduplicate"),
        ("review", "clock", "open-round"),
        ("open-round", "clock", "close-round"),
        ("import-ballots", "clock", "close-round"),
        ("advance-rounds", "machine", "interim-ranking"),
        ("interim-ranking", "person", "approve-shortlist"),
        ("approve-shortlist", "person", "final-workshop"),
        ("import-workshop", "machine", "final-workshop"),
        ("final-workshop", "machine", "publish"),
        ("publish", "nobody", "publish"),
    ]


def test_an_order_that_would_itself_show_a_small_groups_list_is_not_made(tmp_path, db):
    until("interim-ranking", db, tmp_path)
    plain = small_folder(tmp_path / "plain", **{'rule = "jla_positions"': 'rule = "maximin"'})
    small = small_folder(
        tmp_path / "few", **{'rule = "jla_positions"': 'rule = "maximin"', "small_cells = 5": "small_cells = 15"}
    )
    steps.register(db, small, by="chair", now=walk.RANKED, why="the least pleased group decides")

    action = steps.next_action(db, "small", now=walk.RANKED)
    with pytest.raises(DataError, match="the order itself would show the list of a group with fewer than 15 ballots"):
        steps.rank_round(db, "small", now=walk.RANKED)

    assert (action.actor, action.stage) == ("person", "interim-ranking")
    assert rankings_of(db) == []
    steps.register(db, plain, by="chair", now=walk.RANKED, why="every group has reached five ballots")
    assert steps.rank_round(db, "small", now=walk.RANKED).counts["questions ranked"] > 0


def rankings_of(db):
    with db.reading() as session:
        return store.list_rankings(session, "small")


def test_a_shortlist_changed_after_the_small_groups_ranked_it_waits_for_a_new_sheet(tmp_path, db):
    until("final-workshop", db, tmp_path)
    left_out = [q for q, _ in steps.questions_on_ballot(db, "small") if q not in steps.shortlisted(db, "small")]
    row = {"kind": "shortlist_by_hand", "subject": left_out[0], "value": {}, "by": "chair", "at": walk.MET}
    steps.record_decisions(db, "small", [{**row, "why": "nobody else asks it"}], now=walk.MET)
    for stage in ("interim-ranking", "approve-shortlist"):
        walk.run_stage(stage, db, tmp_path)

    action = steps.next_action(db, "small", now=walk.MET)

    assert (action.actor, action.stage) == ("person", "final-workshop")
    assert "The shortlist has changed since the small groups ranked it" in action.sentence
    walk.run_stage("import-workshop", db, tmp_path)
    assert steps.next_action(db, "small", now=walk.MET).actor == "machine"


def test_a_review_during_the_round_cannot_take_a_question_off_the_ballot(tmp_path, db):
    until("advance-rounds", db, tmp_path)
    asked = steps.questions_on_ballot(db, "small")
    kept = frames(db)
    members = kept["lineage"].loc[kept["lineage"]["question_id"] == asked[0][0], "submission_id"]
    rows = [
        {"kind": "set_aside", "subject": s, "value": {}, "by": "ann", "at": walk.OPENED, "why": "late doubts"}
        for s in members
    ]

    with pytest.raises(StageError, match=f"'{asked[0][0]}' stands on the ballot"):
        steps.record_decisions(db, "small", rows, now=walk.OPENED)

    assert steps.questions_on_ballot(db, "small") == asked
    pd.testing.assert_frame_equal(frames(db)["questions"], kept["questions"])


def test_an_answer_edited_during_the_round_costs_nobody_their_ballot(tmp_path, db):
    until("advance-rounds", db, tmp_path)
    edited = walk.write_csv(
        tmp_path / "edited.csv",
        ["response_id", "submitted_at", "group", "consent", "question"],
        [["r-clinician-1", walk.ANSWERED.isoformat(), "clinician", "yes", "Something else entirely?"]],
    )
    mapping = walk.answers_mapping(tmp_path)
    steps.import_answers(db, "small", edited, mapping=mapping, corrects=True, by="ann", now=walk.OPENED)
    steps.gather(db, "small", now=walk.OPENED)
    steps.build_questions(db, "small", now=walk.OPENED)
    steps.advance_rounds(db, now=walk.RANKED)

    outcome = steps.rank_round(db, "small", now=walk.RANKED)

    assert outcome.counts["ballots ranked"] == 36
    assert outcome.counts["questions ranked"] == len(steps.questions_on_ballot(db, "small"))


def test_the_interim_round_does_not_open_by_itself_while_submissions_wait_for_review(tmp_path, db):
    until("open-round", db, tmp_path)
    new = [["r-new", walk.REVIEWED.isoformat(), "lived", "yes", "Does gardening help people to sleep?"]]
    header = ["response_id", "submitted_at", "group", "consent", "question"]
    path, mapping = walk.write_csv(tmp_path / "new.csv", header, new), walk.answers_mapping(tmp_path)
    steps.import_answers(db, "small", path, mapping=mapping, by="ann", now=walk.REVIEWED)
    steps.gather(db, "small", now=walk.REVIEWED)
    steps.propose_duplicates(db, "small", now=walk.REVIEWED)

    outcome = steps.advance_rounds(db, now=walk.OPENED)

    assert outcome.counts["acts"] == 0
    assert "does not open by itself while submissions wait for review" in outcome.next


def test_the_threshold_for_proposals_is_declared_or_found_from_the_questions_people_made(tmp_path, db):
    until("review", db, tmp_path)

    def group_sizes():
        with db.reading() as session:
            proposals = store.load_frame(session, "proposals", "small")
        return sorted(proposals["group"].value_counts())

    def protocol_with(section):
        folder = small_folder(tmp_path / "changed", **{"[publication]": f"{section}\n[publication]"})
        steps.register(db, folder, by="tester", now=walk.REVIEWED, why="other texts than we thought")
        steps.propose_duplicates(db, "small", now=walk.REVIEWED)
        return group_sizes()

    accepted = group_sizes()
    steps.propose_duplicates(db, "small", now=walk.REVIEWED)
    found = group_sizes()
    apart = protocol_with("[duplicates]\nthreshold = 1.0\n")
    together = protocol_with("[duplicates]\nthreshold = 0.3\ncommon_directions = false\n")

    assert found == accepted, "what was accepted as proposed is proposed again"
    assert len(apart) > len(found) > len(together)


def test_a_workbook_that_somebody_worked_in_is_not_written_over(tmp_path, db):
    until("review", db, tmp_path)
    path = tmp_path / "in" / "review.xlsx"
    path.write_bytes(path.read_bytes() + b" ")

    outcome = steps.export_review(db, "small", path, now=walk.REVIEWED)

    assert outcome.ids["workbook"].endswith("review-2.xlsx")
    assert path.read_bytes().endswith(b" ")


def test_a_file_with_the_ids_of_other_people_is_refused_unless_it_corrects_them(tmp_path, db):
    until("gather-uncertainties", db, tmp_path)
    rows = [
        [f"r-lived-{n}", walk.ANSWERED.isoformat(), "lived", "yes", f"Another person's words {n}"] for n in range(3)
    ]
    path = walk.write_csv(tmp_path / "paper.csv", ["response_id", "submitted_at", "group", "consent", "question"], rows)
    mapping = walk.answers_mapping(tmp_path)

    with pytest.raises(DataError, match="give it a source of its own"):
        steps.import_answers(db, "small", path, mapping=mapping, by="ann", now=walk.REVIEWED)
    outcome = steps.import_answers(db, "small", path, mapping=mapping, corrects=True, by="ann", now=walk.REVIEWED)

    assert outcome.counts["changed"] == 3


def test_a_decision_can_be_listed_and_taken_back(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    question = steps.questions_on_ballot(db, "small")[0][0]
    steps.record_by_hand(db, "small", question, by="chair", why="the only one on children", now=walk.RANKED)
    made = steps.decisions(db, "small")
    decision = made.loc[made["kind"] == "shortlist_by_hand", "decision_id"].iloc[0]

    steps.undo(db, "small", decision, by="chair", why="there is another", now=walk.MET)

    standing = steps.decisions(db, "small").set_index("decision_id")["stands"]
    assert not standing[decision]


def test_a_plenary_move_said_twice_is_one_move(tmp_path, db):
    until("publish", db, tmp_path)
    last = steps.shortlisted(db, "small")[-1]

    for _ in range(2):
        steps.record_move(db, "small", last, 1, by="plenary", why="nobody else asks it", now=walk.MET)

    assert steps.finalise(db, "small", now=walk.MET).counts["plenary moves"] == 1


def test_with_small_groups_no_order_without_a_group_is_shown(tmp_path, db):
    until("import-ballots", db, tmp_path)
    questions = [question for question, _ in steps.questions_on_ballot(db, "small")]
    path = walk.ballots_file(tmp_path, questions, ballots=9)
    mapping = walk.ballots_mapping(tmp_path)
    steps.import_ballots(db, "small", path, mapping=mapping, by="tester", now=walk.OPENED)
    steps.advance_rounds(db, now=walk.RANKED)

    shown = steps.rank_round(db, "small", now=walk.RANKED).tables["Still in the Top 3"]

    assert not [column for column in shown if column.startswith("without:")]


def stored_by_an_earlier_version(db, lacks=(), content=None):
    """Put in the place of the current interim ranking one of an earlier version, without some of its tables."""
    now = steps.current_ranking_id(db, "small")
    with db.writing() as session:
        row = session.get(models.Ranking, now)
        kept = json.loads(row.tables)
        kept["frames"] = {name: frame for name, frame in kept["frames"].items() if name not in lacks}
        fields = {name: getattr(row, name) for name in models.Ranking.model_fields}
        fields |= {"ranking_id": "r-earlier", "package_version": "0.0.9", "tables": content or json.dumps(kept)}
        session.add(models.Ranking(**fields))
        session.flush()
        round_row = store.load_round(session, row.round_id)
        round_row.ranking_id = "r-earlier"
        session.add(round_row)
    return now


def test_a_ranking_of_an_earlier_version_is_read_as_far_as_it_goes_and_ranking_again_gives_the_rest(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    now = stored_by_an_earlier_version(db, lacks=("firmness", "agreement"))

    compared = steps.compare(db, "r-earlier", now)
    traced = steps.trace(db, "small", "1").to_lines()
    published = publication(in_session(db, load_material))

    assert "The package differs: 0.0.9 and" in " ".join(compared.reasons)
    assert len(traced)
    assert len(published.questions)
    with pytest.raises(StageError, match="'r-earlier' was made before firmness was kept; rank again"):
        steps.firmness(db, "small")
    assert steps.rank_round(db, "small", now=walk.RANKED).ids["ranking"] == now
    assert len(steps.firmness(db, "small").questions)


def test_what_an_earlier_version_did_not_store_or_stored_otherwise_is_told_in_a_sentence(tmp_path, db):
    until("approve-shortlist", db, tmp_path)
    stored_by_an_earlier_version(db, lacks=("counts",))

    with pytest.raises(
        DataError, match=r"'r-earlier' was stored by consensus-psp 0\.0\.9 without the table 'counts'; rank"
    ):
        in_session(db, load_material)

    for content in ("", "[]", '{"order": []}', '{"frames": 3}'):
        with db.writing() as session:
            session.get(models.Ranking, "r-earlier").tables = content or "not json"
        with pytest.raises(DataError, match="in a form that this version does not read; rank or combine again"):
            in_session(db, load_material)


def in_session(db, load):
    with db.reading() as session:
        return load(session, "small", walk.RANKED)
