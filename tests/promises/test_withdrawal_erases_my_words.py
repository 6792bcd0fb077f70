"""Withdrawal erases my words everywhere: database file, its log, drafts, exports; the chain still verifies."""

from __future__ import annotations

import json
import random
import zipfile
from datetime import timedelta

import pytest
from sqlmodel import select

from consensus import models, steps, store, verify
from consensus.errors import StageError
from consensus.store import Store, chained
from tests import people, walk
from tests.people import GATHER, GATHER_ENDS, INTERIM, INTERIM_CLOSES, INTERIM_ENDS, OPENS

SENT = OPENS + timedelta(days=3)
MINE = "Why did the nightmares of my Xylophonia begin only when the quetiapine stopped?"
OTHERS = [
    "Does better sleep lower the risk of relapse in bipolar disorder?",
    "Which sleep aids are safe next to lithium?",
    "How can families help somebody keep a regular bedtime?",
]


@pytest.fixture
def db(tmp_path):
    opened = people.registered(tmp_path)
    yield opened
    opened.close()


def holding(home, words: str) -> list[str]:
    """Return every file of a home that holds a text, looking into archives as well."""
    found = []
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        contents = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                contents += [archive.read(name) for name in archive.namelist()]
        if any(form in content for content in contents for form in (words.encode(), words.encode("utf-16-le"))):
            found.append(str(path.relative_to(home)))
    return found


def reviewed(db, home):
    """Take the answers on to a review workbook in the outputs and a published table."""
    steps.gather(db, "small", now=SENT)
    steps.propose_duplicates(db, "small", now=SENT)
    steps.export_review(db, "small", home / "outputs" / "small" / "review.xlsx", now=SENT)


def test_the_words_are_in_no_file_of_the_home(db, tmp_path):
    for words in OTHERS:
        people.send(db, GATHER, at=SENT, words=words)
    mine = people.send(db, GATHER, at=SENT, words="A first try: " + MINE)
    people.send(db, GATHER, at=SENT + timedelta(hours=1), words=MINE, token=mine.token)
    reviewed(db, tmp_path)
    (tmp_path / "outputs" / "small" / "notes.csv").write_text(f'id,text\n1,"{MINE}"\n')
    before = holding(tmp_path, MINE[8:])

    steps.withdraw(db, mine.token, folder=tmp_path / "outputs", now=SENT + timedelta(days=1))

    assert {name.split("/")[-1] for name in before} >= {"review.xlsx", "notes.csv"}
    assert any("consensus.db" in name for name in before)
    assert holding(tmp_path, MINE[8:]) == []
    assert holding(tmp_path, "Xylophonia") == []
    for words in OTHERS:
        assert holding(tmp_path, words), "what others wrote stays"


def test_not_a_trace_stays_in_the_pages_of_a_database_that_was_written_to_and_fro(tmp_path):
    draw = random.Random(11)
    db = people.registered(tmp_path)
    texts = [f"needle-{n:03d} " + "x" * draw.choice((10, 300, 2_000, 9_000)) for n in range(60)]
    taken = [people.send(db, GATHER, at=SENT, words=text) for text in texts]
    for each in draw.sample(taken, 20):  # longer and shorter versions move rows between pages
        longer = each.words + "y" * draw.choice((1, 500, 4_000))
        people.send(db, GATHER, at=SENT + timedelta(hours=1), words=longer, token=each.token)
    steps.gather(db, "small", now=SENT)

    gone = draw.sample(range(60), 30)
    for n in gone:
        steps.withdraw(db, taken[n].token, folder=tmp_path / "outputs", now=SENT + timedelta(days=1))

    assert [n for n in range(60) if holding(tmp_path, f"needle-{n:03d}")] == [n for n in range(60) if n not in gone]
    db.close()


def test_a_draft_that_was_never_sent_goes_as_well(db, tmp_path):
    token, _ = people.invited(db, GATHER, email="ann@example.org")
    with db.writing() as session:
        row = session.exec(select(models.Participation)).one()
        row.draft, row.state = json.dumps({"question": MINE}), "begun"
        session.add(row)

    steps.withdraw(db, token, folder=tmp_path / "outputs", now=SENT)

    assert holding(tmp_path, MINE) == []


def test_nobody_who_withdrew_is_invited_again_and_the_others_are(db, tmp_path):
    gone, _ = people.invited(db, GATHER, email="ann@example.org")
    _, stays = people.invited(db, GATHER, email="bob@example.org")

    steps.withdraw(db, gone, folder=tmp_path / "outputs", now=SENT)
    steps.invite_round(db, GATHER, now=SENT)

    with db.reading() as session:
        assert session.exec(select(models.Mail.person_id)).all() == [stays]


def test_a_wording_that_repeats_me_goes_and_the_question_keeps_what_others_wrote(db, tmp_path):
    mine = people.send(db, GATHER, at=SENT, words=MINE)
    people.send(db, GATHER, at=SENT, words=OTHERS[0])
    reviewed(db, tmp_path)
    with db.reading() as session:
        both = list(store.load_frame(session, "submissions", "small")["submission_id"])
    value = {"submissions": both, "wording": MINE, "category": ""}
    row = {"kind": "same_question", "subject": "q1", "value": value, "by": "ann", "at": SENT, "why": f"as in: {MINE}"}
    steps.record_decisions(db, "small", [row], now=SENT)

    steps.withdraw(db, mine.token, folder=tmp_path / "outputs", now=SENT + timedelta(days=1))

    with db.reading() as session:
        questions = store.load_frame(session, "questions", "small")
    assert questions["wording"].tolist() == [OTHERS[0]]
    assert holding(tmp_path, MINE) == []


def test_what_others_wrote_as_well_stays_in_a_wording(db, tmp_path):
    mine, _ = (people.send(db, GATHER, at=SENT, words=OTHERS[0]) for _ in range(2))
    reviewed(db, tmp_path)
    with db.reading() as session:
        both = list(store.load_frame(session, "submissions", "small")["submission_id"])
    value = {"submissions": both, "wording": OTHERS[0], "category": ""}
    row = {"kind": "same_question", "subject": "q1", "value": value, "by": "ann", "at": SENT, "why": ""}
    steps.record_decisions(db, "small", [row], now=SENT)

    steps.withdraw(db, mine.token, folder=tmp_path / "outputs", now=SENT + timedelta(days=1))

    with db.reading() as session:
        assert store.load_frame(session, "questions", "small")["wording"].tolist() == [OTHERS[0]]


def test_a_stage_that_had_read_my_words_does_not_bring_them_back(db, tmp_path):
    mine = people.send(db, GATHER, at=SENT, words=MINE)
    people.send(db, GATHER, at=SENT, words=OTHERS[0])
    steps.gather(db, "small", now=SENT)
    with db.reading() as session:
        as_read = store.load_frame(session, "submissions", "small")

    steps.withdraw(db, mine.token, folder=tmp_path / "outputs", now=SENT + timedelta(days=1))
    with db.writing() as session:
        store.replace_frame(session, "submissions", "small", as_read)
    steps.advance_rounds(db, now=SENT + timedelta(days=1))

    assert holding(tmp_path, MINE) == []


def test_a_withdrawn_ballot_counts_no_more_and_nothing_can_be_sent_by_its_link(tmp_path):
    db = people.ranking_is_open(tmp_path)
    questions = [question for question, _ in steps.questions_on_ballot(db, "small")]
    mine = people.send(db, INTERIM, at=walk.OPENED + timedelta(days=1), choices=questions[:2])
    people.send(db, INTERIM, at=walk.OPENED + timedelta(days=1), choices=questions[1:3])

    steps.withdraw(db, mine.token, folder=tmp_path / "outputs", now=walk.OPENED + timedelta(days=2))
    steps.withdraw(db, mine.token, folder=tmp_path / "outputs", now=walk.OPENED + timedelta(days=3))

    with db.reading() as session:
        row = session.get(models.Round, INTERIM)
        assert len(steps.counted_ballots(session, row).ballots) == 1
        states = [one.state for one in session.exec(select(models.Participation))]
        assert sorted(states) == ["sent", "withdrawn"]
    db.close()


def test_the_chain_still_verifies_after_a_withdrawal_from_the_frozen_set(tmp_path):
    db = people.ranking_is_open(tmp_path)
    questions = [question for question, _ in steps.questions_on_ballot(db, "small")]
    mine = people.send(db, INTERIM, at=walk.OPENED + timedelta(days=1), choices=questions[:2])
    people.send(db, INTERIM, at=walk.OPENED + timedelta(days=1), choices=questions[1:3])
    later_round(db)
    steps.advance_rounds(db, now=INTERIM_ENDS, outputs=lambda _name: tmp_path / "out")
    before = (tmp_path / "out" / "chain.json").read_text()

    steps.withdraw(db, mine.token, folder=tmp_path / "outputs", now=INTERIM_ENDS + timedelta(hours=1))
    steps.publish_chain(db, "small", folder=tmp_path / "out")

    assert (tmp_path / "out" / "chain.json").read_text() == before
    assert verify.examine(json.loads(before), [mine.code])[1] == []
    assert "holds" in steps.verify_store(db, "small").done
    with db.reading() as session:
        response = session.get(models.Response, (INTERIM, mine.response_id, 1))
        assert (response.replies, response.nonce, response.withdrawn) == ("{}", "", True)
        assert response.commitment in chained.load_chain(session, INTERIM)
    db.close()


def later_round(db: Store) -> None:
    """Plan a second round of the same kind, for which the first stays joined to its people."""
    with db.writing() as session:
        session.add(
            models.Round(
                round_id="small-interim-2",
                partnership="small",
                kind="interim",
                opens_at=INTERIM_CLOSES + timedelta(days=7),
                closes_at=INTERIM_CLOSES + timedelta(days=14),
            )
        )


def test_after_the_unlinking_nothing_can_be_withdrawn_and_that_is_said(db, tmp_path):
    mine = people.send(db, GATHER, at=SENT, words=MINE)
    steps.advance_rounds(db, now=GATHER_ENDS)

    with pytest.raises(StageError, match="unlinked"):
        steps.withdraw(db, mine.token, folder=tmp_path / "outputs", now=GATHER_ENDS + timedelta(minutes=1))


def test_a_link_that_leads_nowhere_withdraws_nothing(db, tmp_path):
    assert steps.withdraw(db, "nothing", folder=tmp_path / "outputs", now=SENT) is None


def test_words_that_could_not_be_cleared_while_somebody_read_go_with_the_next_sweep(db, tmp_path, monkeypatch):
    mine = people.send(db, GATHER, at=SENT, words=MINE)
    monkeypatch.setattr(Store.scrub, "__defaults__", (0.1,))

    with db.reading() as session:
        session.exec(select(models.Answer)).all()
        told = steps.withdraw(db, mine.token, folder=tmp_path / "outputs", now=SENT)
        left = holding(tmp_path, MINE)
    steps.advance_rounds(db, now=SENT + timedelta(minutes=5))

    assert "go within minutes" in told.done
    assert left
    assert holding(tmp_path, MINE) == []
