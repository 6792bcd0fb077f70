"""The example partnership through every stage without a server, and its Top 10 as the README shows it.

`python -m tests.example_run --write` puts the Top 10 into README.md; a test holds the two together.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pandas as pd

from consensus import steps
from consensus.protocol import read_protocol
from consensus.store import Store

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "surveys" / "lanternfield"
NAME = FOLDER.name
BEGIN, END = "<!-- top 10: begin -->", "<!-- top 10: end -->"


def run_example(home: Path) -> Store:
    """Take the example from its answers to its publication and return the store."""
    db = Store.open(f"sqlite:///{home / 'consensus.db'}")
    plan = read_protocol(FOLDER)
    gathered, opens, closes = plan.rounds.gather.closes, plan.rounds.interim.opens, plan.rounds.interim.closes
    ranked = closes + timedelta(minutes=plan.rounds.interim.grace_minutes)
    steps.register(db, FOLDER, by="example", now=plan.rounds.gather.opens)
    mapping = FOLDER / "answers.mapping.toml"
    steps.import_answers(db, NAME, FOLDER / "answers.csv", mapping=mapping, by="example", now=gathered)
    steps.gather(db, NAME, now=gathered)
    steps.propose_duplicates(db, NAME, now=gathered)
    steps.scripted_review(db, NAME, folder=FOLDER, now=gathered + timedelta(days=1))
    steps.open_round(db, NAME, "interim", by="example", now=opens)
    steps.scripted_ballots(db, NAME, folder=FOLDER, out=home, now=opens + timedelta(hours=1))
    steps.advance_rounds(db, now=closes)
    steps.rank_round(db, NAME, now=ranked)
    steps.scripted_approval(db, NAME, now=ranked)
    steps.scripted_workshop(db, NAME, folder=FOLDER, out=home, now=ranked)
    steps.finalise(db, NAME, now=ranked)
    steps.publish(db, NAME, folder=home, now=ranked)
    return db


def top_ten(db: Store) -> str:
    """Return the Top 10 as a Markdown table, each group's position in the interim round beside it."""
    table = steps.top_table(db, NAME)
    heads = ["", "Question for research", *table.columns[2:]]
    lines = ["| " + " | ".join(heads) + " |", "|---:|---|" + "---:|" * (len(heads) - 2)]
    for row in table.itertuples(index=False):
        places = [_place(value) for value in row[2:]]
        lines.append("| " + " | ".join([f"**{row[0]}**", str(row[1]), *places]) + " |")
    return "\n".join(lines)


def _place(value: float) -> str:
    return "" if pd.isna(value) else f"{value:g}"


def in_readme() -> str:
    """Return the Top 10 that README.md shows."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.split(BEGIN)[1].split(END)[0].strip()


def main() -> None:
    """Print the Top 10, or write it into README.md."""
    with tempfile.TemporaryDirectory() as folder:
        db = run_example(Path(folder))
        table = top_ten(db)
        sentences = steps.recovered(db, NAME, folder=FOLDER).sentences()
    if "--write" in sys.argv:
        path = ROOT / "README.md"
        before, rest = path.read_text(encoding="utf-8").split(BEGIN)
        path.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}", encoding="utf-8")
    print(table, *sentences, sep="\n")


if __name__ == "__main__":
    main()
