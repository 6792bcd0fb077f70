"""What every step returns: what it did, what comes next, and tables that anybody may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import pandas as pd
from sqlmodel import Session

from consensus import store
from consensus.protocol import Protocol
from consensus.report import tables
from consensus.report.suppression import small_mark

__all__ = ["TAKING_PART", "NextAction", "Outcome", "counts_by_group", "shown", "worded"]

TAKING_PART = "taking_part"
"""The name under which tables of people by stakeholder group are kept, here and in the report."""


@dataclass(frozen=True)
class Outcome:
    """The result of a step, fit for a log, an artifact or a screen: no participant's words, small cells suppressed.

    Attributes
    ----------
    stage
        The stage's name, as the flow and its deployment are called.
    done, next
        What was done and what comes next, a sentence or two each.
    counts
        Whole numbers by what they count.
    tables
        Frames by title.
    ids
        What the next step is called with: ids, digests and paths of files written.
    """

    stage: str
    done: str
    next: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return the outcome as plain values for `--json`."""
        tables = {title: frame.astype(object).to_dict("records") for title, frame in self.tables.items()}
        return {
            "stage": self.stage,
            "done": self.done,
            "next": self.next,
            "counts": dict(self.counts),
            "tables": tables,
            "ids": dict(self.ids),
        }


@dataclass(frozen=True)
class NextAction:
    """The next thing to happen in a partnership, and who does it.

    `actor` is "person" (somebody must decide), "machine" (a stage can run now), "clock" (a round is open until its
    close) or "nobody" (published). `command` is what a person would type; empty when the clock acts.
    """

    partnership: str
    actor: Literal["person", "machine", "clock", "nobody"]
    stage: str
    sentence: str
    command: str = ""

    def to_text(self) -> str:
        """Return the sentence, with the command where there is one."""
        return f"{self.sentence} `{self.command}`" if self.command else self.sentence


def shown(count: int, protocol: Protocol) -> str:
    """Return a count of people, or of what they sent, for a sentence that anybody may read.

    Exact counts are in `Outcome.counts`, which flows suppress before they show them.
    """
    threshold = protocol.publication.small_cells
    return small_mark(threshold) if 0 < count < threshold else str(count)


def worded(table: pd.DataFrame, wordings: pd.Series) -> pd.DataFrame:
    """Return a table of questions as people read it: the rank, if there is one, then the wording; the id last."""
    told = table.join(wordings.rename("wording"))
    first = [column for column in ("rank", "wording") if column in told]
    rest = [column for column in told if column not in first]
    return told.reset_index(names="question")[[*first, *rest, "question"]]


def counts_by_group(
    session: Session,
    protocol: Protocol,
    column: str,
    people: pd.Series,
    *,
    targets: Mapping[str, int],
    now: datetime,
) -> pd.DataFrame:
    """Return a public table with a row a stakeholder group: how many people, small cells suppressed.

    What is shown is kept, so that no two tables shown at different times differ by a small count.

    Parameters
    ----------
    column
        What is counted: `ANSWERED` or `BALLOTS`, as in the report.
    people
        A group id a person, or a count a group.
    targets
        How many of each group the partnership aims for.
    """
    before = store.load_public_tables(session, protocol.id, TAKING_PART)
    public = tables.count_groups(protocol, {column: people}, before)
    store.save_public_table(session, protocol.id, TAKING_PART, public, now)
    names = {group.id: protocol.group_name(group.id) for group in protocol.groups}
    table = public.assign(target=[targets.get(str(group), "") for group in public.index])
    table.insert(0, "stakeholder group", [names.get(str(g), str(g).replace("_", " ")) for g in table.index])
    return table.reset_index(drop=True)
