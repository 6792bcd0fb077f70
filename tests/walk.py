"""The whole line on a small partnership, a stage at a time: real files in, real store, no server."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from openpyxl import load_workbook

from consensus import steps
from consensus.store import Store
from tests.builders import small_folder

FOLDERS = ("out",)
"""Folders below a home in which stages write files."""

ANSWERED = datetime(2026, 2, 10, 12, tzinfo=UTC)
REVIEWED = datetime(2026, 3, 10, 12, tzinfo=UTC)
OPENED = datetime(2026, 4, 6, 8, tzinfo=UTC)
RANKED = datetime(2026, 5, 8, 17, tzinfo=UTC)
MET = datetime(2026, 6, 1, 9, tzinfo=UTC)

GROUPS = ("lived", "carer", "clinician")
ASKED = {
    "lived": [
        "Does better sleep lower the risk of relapse in bipolar disorder?",
        "Can better sleep lower the risk of a relapse in bipolar disorder?",
        "Which sleep aids are safe next to lithium? My number is 07700 900123, please ring.",
        "Why do nightmares stay after trauma therapy has ended?",
        "The parking at our clinic is terrible.",
    ],
    "carer": [
        "How can families help somebody keep a regular bedtime?",
        "What can families do to help somebody keep a regular bedtime?",
        "Do nightmares that stay after trauma therapy has ended mean that it failed?",
        "Does better sleep lower the risk of relapse in bipolar disorder?",
    ],
    "clinician": [
        "Are sleep aids safe next to lithium?",
        "Does light therapy in the morning help against winter depression?",
        "Can light therapy in the morning help against depression in winter?",
        "Is insomnia therapy by app as good as face to face?",
        "Is insomnia therapy by an app as good as therapy face to face?",
    ],
}


def write_csv(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    """Write a CSV file as survey tools do and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def answers_file(home: Path) -> Path:
    """Write the answers: one row a person, one box each."""
    rows = [
        [f"r-{group}-{n}", ANSWERED.isoformat(), group, "yes", text]
        for group, texts in ASKED.items()
        for n, text in enumerate(texts)
    ]
    return write_csv(home / "in" / "answers.csv", ["response_id", "submitted_at", "group", "consent", "question"], rows)


def answers_mapping(home: Path) -> Path:
    """Write the mapping that a person confirmed for the answers."""
    path = home / "in" / "answers.mapping.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '[answers]\nresponse_id = "response_id"\nreceived_at = "submitted_at"\ngroup = "group"\n'
        'consent = "consent"\ntexts = ["question"]\n'
    )
    return path


def ballots_file(home: Path, questions: list[str], ballots: int = 36) -> Path:
    """Write ballots of three choices; groups differ in which questions they favour."""
    draw = random.Random(5)
    rows: list[list[object]] = []
    for n in range(ballots):
        at = OPENED + timedelta(hours=n)
        turn = n % len(GROUPS)
        favoured = questions[turn:] + questions[:turn]
        order = sorted(favoured, key=lambda q: favoured.index(q) + 3 * draw.random())
        rows.append([f"v{n:03d}", at.isoformat(), GROUPS[turn], *order[:3]])
    rows.append(["v-late", (RANKED + timedelta(hours=1)).isoformat(), "lived", *questions[:3]])
    rows.append(["v-twice", OPENED.isoformat(), "lived", questions[0], questions[0], questions[1]])
    header = ["response_id", "submitted_at", "group", "rank_1", "rank_2", "rank_3"]
    return write_csv(home / "in" / "ballots.csv", header, rows)


def ballots_mapping(home: Path) -> Path:
    """Write the mapping that a person confirmed for the ballots."""
    path = home / "in" / "ballots.mapping.toml"
    path.write_text(
        '[ballots]\nresponse_id = "response_id"\nreceived_at = "submitted_at"\ngroup = "group"\n'
        'ranks = ["rank_1", "rank_2", "rank_3"]\n'
    )
    return path


def workshop_file(home: Path, shortlist: list[str]) -> Path:
    """Write two sessions of three small groups."""
    draw = random.Random(6)
    rows: list[list[object]] = []
    for session in (1, 2):
        for small_group in ("A", "B", "C"):
            order = sorted(shortlist, key=lambda q: shortlist.index(q) + 2 * draw.random())
            rows += [[session, small_group, question, place] for place, question in enumerate(order, start=1)]
    return write_csv(home / "in" / "workshop.csv", ["session", "small_group", "question", "place"], rows)


def _register(db: Store, home: Path) -> None:
    steps.register(db, small_folder(home / "in" / "small"), by="tester", now=ANSWERED)


def _import_answers(db: Store, home: Path) -> None:
    steps.import_answers(db, "small", answers_file(home), mapping=answers_mapping(home), by="tester", now=ANSWERED)


def _gather(db: Store, home: Path) -> None:
    steps.gather(db, "small", now=ANSWERED)


def _propose(db: Store, home: Path) -> None:
    steps.propose_duplicates(db, "small", now=REVIEWED)
    steps.export_review(db, "small", home / "in" / "review.xlsx", now=REVIEWED)


def _review(db: Store, home: Path) -> None:
    """Accept the proposals as they stand, except the remark about parking, which is out of scope."""
    path = home / "in" / "review.xlsx"
    book = load_workbook(path)
    sheet = book["Review"]
    columns = {str(cell.value).lower(): cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        if "parking" in str(sheet.cell(row, columns["text"]).value):
            sheet.cell(row, columns["out of scope"]).value = "x"
            sheet.cell(row, columns["reason"]).value = "a complaint about one service"
    book["Read me"]["B3"] = "yes"
    book.save(path)
    steps.import_review(db, "small", path, by="reviewer", now=REVIEWED)


def _open(db: Store, home: Path) -> None:
    steps.open_round(db, "small", "interim", by="tester", now=OPENED)


def _import_ballots(db: Store, home: Path) -> None:
    questions = [question for question, _ in steps.questions_on_ballot(db, "small")]
    path = ballots_file(home, questions)
    steps.import_ballots(db, "small", path, mapping=ballots_mapping(home), by="tester", now=OPENED)


def _advance(db: Store, home: Path) -> None:
    steps.advance_rounds(db, now=RANKED)


def _rank(db: Store, home: Path) -> None:
    steps.rank_round(db, "small", now=RANKED)


def _approve(db: Store, home: Path) -> None:
    ranking = steps.current_ranking_id(db, "small")
    steps.record_approval(db, "small", ranking, "approve", by="chair", why="as agreed", now=MET)


def _workshop(db: Store, home: Path) -> None:
    path = workshop_file(home, steps.shortlisted(db, "small"))
    steps.import_workshop(db, "small", path, by="tester", now=MET)


def _finalise(db: Store, home: Path) -> None:
    steps.finalise(db, "small", now=MET)


def _publish(db: Store, home: Path) -> None:
    steps.publish(db, "small", folder=home / "out", now=MET)


_RUN: dict[str, Callable[[Store, Path], None]] = {
    "register": _register,
    "import-answers": _import_answers,
    "gather-uncertainties": _gather,
    "deduplicate": _propose,
    "review": _review,
    "open-round": _open,
    "import-ballots": _import_ballots,
    "advance-rounds": _advance,
    "interim-ranking": _rank,
    "approve-shortlist": _approve,
    "import-workshop": _workshop,
    "final-workshop": _finalise,
    "publish": _publish,
}
STAGES = tuple(_RUN)


def run_stage(stage: str, db: Store, home: Path) -> None:
    """Run one stage of the small partnership."""
    _RUN[stage](db, home)


def asking(home: Path, files: Mapping[str, str]) -> tuple[Store, list[str]]:
    """Run every stage before the first ballots, by a folder of one's own; return store and questions on the ballot."""
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    folder = home / "folder"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    steps.register(db, folder, by="tester", now=ANSWERED)
    for stage in STAGES[1 : STAGES.index("import-ballots")]:
        run_stage(stage, db, home)
    return db, [question for question, _ in steps.questions_on_ballot(db, "small")]


def walk_until(stage: str, home: Path) -> None:
    """Run every stage before `stage`."""
    home.mkdir(parents=True, exist_ok=True)
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    for name in STAGES[: STAGES.index(stage)]:
        run_stage(name, db, home)
    db.close()


def walk(home: Path) -> Store:
    """Run every stage and return the store."""
    home.mkdir(parents=True, exist_ok=True)
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    for name in STAGES:
        run_stage(name, db, home)
    return db
