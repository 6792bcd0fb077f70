"""A step's outcome as artifacts: what an analyst reads in the Prefect UI without asking.

Keys are stable for a partnership, a stage and a table, so that the UI shows the versions of one thing side by side.
Everything shown comes from a step's `Outcome`, which is public: no participant's words, small cells suppressed.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from types import TracebackType
from uuid import UUID

import pandas as pd
from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from consensus.report.suppression import small_mark
from consensus.steps import Outcome

__all__ = [
    "MOST_ROWS",
    "Progress",
    "artifact_key",
    "public_counts",
    "show_outcome",
    "summary",
    "table_rows",
]

MOST_ROWS = 1000
"""More rows than this choke the UI; the published spreadsheet has them all."""


OF_THINGS = frozenset(
    {
        "acts",
        "decisions",
        "duplicate groups",
        "open questions",
        "plenary moves",
        "priorities",
        "published priorities",
        "questions",
        "questions ranked",
        "sessions",
        "shortlisted",
        "sittings",
        "summary questions",
    }
)
"""Counts behind which nobody can be found; every other small count is withheld."""


PLOTS = {
    "gather-uncertainties": "People by stakeholder group, beside the target",
    "deduplicate": "How many groups of each size are proposed",
    "interim-ranking": "Each question's score, and where the shortlist ends",
    "approve-shortlist": "Each question's score, and where the shortlist ends",
    "final-workshop": "Each stakeholder group's positions",
    "publish": "Each stakeholder group's positions",
    "open-round": "When the rounds open and close",
    "close-round": "When the rounds open and close",
}
"""What the first image of a stage shows."""


def artifact_key(*parts: str) -> str:
    """Return a key of lower-case letters, digits and dashes, which is all that Prefect takes.

    Examples
    --------
    >>> artifact_key("lanternfield", "interim-ranking", "Still in the Top 10")
    'lanternfield-interim-ranking-still-in-the-top-10'
    """
    return re.sub(r"[^a-z0-9]+", "-", "-".join(part for part in parts if part).lower()).strip("-")


def public_counts(outcome: Outcome, threshold: int) -> dict[str, str]:
    """Return an outcome's counts as anybody may see them: fewer people than the threshold read `<threshold`.

    Only counts of things that nobody can be found behind are shown as they are; what is not known to be one is not.

    Examples
    --------
    >>> public_counts(Outcome("interim-ranking", "", counts={"late": 3, "in quarantine": 0, "shortlisted": 4}), 10)
    {'late': '<10', 'in quarantine': '0', 'shortlisted': '4'}
    """
    return {
        what: small_mark(threshold) if 0 < count < threshold and what not in OF_THINGS else str(count)
        for what, count in outcome.counts.items()
    }


def summary(outcome: Outcome, threshold: int = 0) -> str:
    """Return an outcome as markdown: what was done, what comes next, and the counts.

    Examples
    --------
    >>> print(summary(Outcome("deduplicate", "Done.", "Review.", counts={"duplicate groups": 12})))
    Done.
    <BLANKLINE>
    **Next:** Review.
    <BLANKLINE>
    | count of | |
    | --- | ---: |
    | duplicate groups | 12 |
    """
    parts = [as_text(outcome.done)]
    if outcome.next:
        parts.append(f"**Next:** {as_text(outcome.next)}")
    if outcome.counts:
        rows = [f"| {what} | {shown} |" for what, shown in public_counts(outcome, threshold).items()]
        parts.append("\n".join(["| count of | |", "| --- | ---: |", *rows]))
    return "\n\n".join(parts)


def as_text(sentence: str) -> str:
    """Return a sentence for markdown in which nothing that stands in a name or a title makes a link, picture or tag.

    Examples
    --------
    >>> as_text("[Sleep](javascript:x) <b>has</b> <5 answers: `consensus status`")
    '[Sleep]\\\\(javascript:x) &lt;b>has&lt;/b> <5 answers: `consensus status`'
    """
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", " ".join(sentence.split()).replace("](", "]\\("))


def table_rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Return a frame's first 1,000 rows as JSON can hold them: missing cells are None, instants are text.

    Examples
    --------
    >>> table_rows(pd.DataFrame({"group": ["Carers"], "place": [float("nan")]}))
    [{'group': 'Carers', 'place': None}]
    """
    return [
        {str(column): _cell(value) for column, value in row.items()}
        for row in frame.head(MOST_ROWS).astype(object).to_dict("records")
    ]


def _cell(value: object) -> object:
    if isinstance(value, list | tuple | set | dict):
        return str(value)
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return None
    plain = value.item() if hasattr(value, "item") else value
    return plain if isinstance(plain, bool | int | float | str) else str(plain)


def show_outcome(
    outcome: Outcome, partnership: str, *, threshold: int = 0, images: Mapping[str, bytes] | None = None
) -> None:
    """Create the artifacts of an outcome: a summary, a table for each of its frames, and PNG images by name."""
    stage = outcome.stage
    title = _title(partnership, stage)
    create_markdown_artifact(summary(outcome, threshold), key=artifact_key(partnership, stage), description=title)
    for name, frame in outcome.tables.items():
        told = f"{title}. {name}"
        if len(frame) > MOST_ROWS:
            told += f" (the first {MOST_ROWS} of {len(frame)} rows)"
        create_table_artifact(table_rows(frame), key=artifact_key(partnership, stage, name), description=told)
    for name, image in (images or {}).items():
        create_image_artifact(
            "data:image/png;base64," + base64.b64encode(image).decode(),
            key=artifact_key(partnership, stage, name),
            description=f"{title}. {PLOTS.get(stage, name.capitalize()) if name == 'plot' else name.capitalize()}",
        )


def _title(partnership: str, stage: str) -> str:
    """Return what an artifact belongs to, as the runs are called."""
    return f"{partnership}: {stage.replace('-', ' ')}"


class Progress:
    """A progress bar in the UI over the named parts of a stage.

    Entering creates it; `part` moves it on to the end of the parts before; leaving without an error fills it.
    """

    def __init__(self, partnership: str, stage: str, parts: int) -> None:
        self._key = artifact_key(partnership, stage, "progress")
        self._told = f"{_title(partnership, stage)}. Progress"
        self._parts = parts
        self._done = 0

    def __enter__(self) -> Progress:
        self._id: UUID = create_progress_artifact(0.0, key=self._key, description=self._told)  # type: ignore[assignment]
        return self

    def part(self) -> None:
        """Count one more part as done."""
        self._done = min(self._done + 1, self._parts)
        update_progress_artifact(self._id, 100.0 * self._done / self._parts)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._done < self._parts:
            update_progress_artifact(self._id, 100.0)
