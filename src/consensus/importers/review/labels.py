"""Which summary question a person's word for one means, and which rows of a workbook are out of date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from consensus.importers.review.sheets import Row
from consensus.questions import Questions

__all__ = ["out_of_date", "resolve"]


def resolve(labels: Mapping[str, Sequence[Row]], questions: Questions) -> dict[str, str]:
    """Return which labels mean a question that there is.

    A label means the question of that id; else the one that holds the rows which nobody moved away from the label; else
    the one that no other label means and of whose rows more than half have it. So a question stays the same one while
    most of it stays together, and reading again what was decided means the same questions.
    """
    there = set(questions.questions["question_id"])
    known = {label: label for label in labels if label in there}
    standing = {label: [row for row in rows if row.stands and row.now_in] for label, rows in labels.items()}
    held = {label for label in known if any(row.now_in == label for row in standing[label])}
    homes = Counter((label, row.now_in) for label, rows in standing.items() if label not in known for row in rows)
    for label, question in _most_first(homes):
        if label not in known and question not in held:
            known[label] = question
            held.add(question)
    sizes = Counter(row.now_in for rows in labels.values() for row in rows)
    shares = Counter((label, row.now_in) for label, rows in labels.items() for row in rows if row.now_in)
    taken = set(known.values())
    for label, question in _most_first(shares):
        if label not in known and question not in taken and 2 * shares[label, question] > sizes[question]:
            known[label] = question
            taken.add(question)
    return known


def _most_first(counts: Counter[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return pairs of label and question, the commonest first, then by label and question."""
    return sorted(counts, key=lambda pair: (-counts[pair], pair))


def out_of_date(rows: Sequence[Row], known: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each row left alone that says other than what was decided since it was written.

    Taking it would take back what somebody decided, and passing over it could lose what a person put back: so it is
    told. A row that names no question says nothing and is never out of date.
    """
    for row in rows:
        if not row.stands or (row.said.question == "" and not row.said.out_of_scope):
            continue
        says_aside = bool(row.said.out_of_scope)
        where = row.now_in or ("set aside" if row.now_aside else "in scope")
        if says_aside != bool(row.now_aside) or (not says_aside and known.get(row.said.question) != row.now_in):
            yield (
                f"row {row.number}: since the workbook was written it was decided that this submission is {where}; "
                "write that here to agree or something else to differ, or export the workbook again."
            )
