"""Conversations held with Polis: statements are answers, and people's votes on them are responses.

Two forms are read: Polis's own export (`comments.csv` and the wide `participants-votes.csv`) and the long form of one
row a vote. Which file is which shows in its headings. In both, 1 is agree, 0 pass and -1 disagree: Polis keeps votes
with the sign turned round inside, and its export turns it back (compdemocracy/polis, issue 2554). The counts of
agreement that come with the statements are compared with the votes, and a sign that seems turned is told.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from consensus.errors import DataError
from consensus.gather import answer_id
from consensus.importers.imported import no_responses, quarantine
from consensus.importers.people import columns_at_the_door
from consensus.importers.reading import Table, fold, read_table
from consensus.vocabulary import COLUMNS, NOT_STATED, empty

__all__ = ["REJECTED", "SOURCE", "PolisConversation", "is_statements", "is_votes", "read_polis"]

SOURCE = "polis"
REJECTED = "rejected by the conversation's moderators"
_BOX = "statement"
_STATEMENTS = {"comment-id", "moderated", "comment-body"}
_WIDE = {"participant", "group-id", "n-votes"}
_LONG = {"participant", "group", "item", "vote"}
_VOTES = {"1": 1, "0": 0, "-1": -1, "1.0": 1, "0.0": 0, "-1.0": -1}


@dataclass(frozen=True)
class PolisConversation:
    """A conversation's statements and votes.

    Parameters
    ----------
    answers
        The answers frame: one row a statement. What the moderators rejected carries the status `REJECTED`. The group is
        the author's opinion group where the export tells who the author is.
    responses
        The responses frame with `received_at`: `item_id` is the statement's answer id and `chosen` 1, 0 or -1. `group`
        is "group_0", "group_1" ...; people whom Polis put in no group have the group not stated.
    quarantine
        Columns `row` and `reason`: votes that could not be read.
    dropped_columns
        Columns that name people, left at the door.
    """

    answers: pd.DataFrame
    responses: pd.DataFrame
    quarantine: pd.DataFrame
    sha256: str
    dropped_columns: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def is_statements(table: Table) -> bool:
    """Tell whether a table's headings are those of Polis's statements."""
    return {fold(str(column)) for column in table.frame.columns} >= _STATEMENTS


def is_votes(table: Table) -> bool:
    """Tell whether a table's headings are those of Polis's votes, wide or long."""
    headings = {fold(str(column)) for column in table.frame.columns}
    return headings >= _WIDE or headings >= _LONG


def read_polis(path: Path | str, votes_path: Path | str | None = None, *, source: str = SOURCE) -> PolisConversation:
    """Return a conversation from its folder, from its statements and its votes, or from either file alone.

    Parameters
    ----------
    path
        A folder that holds one conversation, or a file of statements or of votes.
    votes_path
        The file of votes when `path` is the file of statements.
    source
        Part of the ids of answers; two conversations in one partnership need one each.

    Raises
    ------
    DataError
        No file has the headings of Polis, or a folder holds more than one conversation.
    """
    statements, votes = _tables(Path(path), Path(votes_path) if votes_path else None)
    told = _read_votes(votes) if votes else _Votes()
    answers, refused = _answers(statements, told, source) if statements else (empty("answers"), [])
    warnings = []
    if statements and votes:
        known = set(_folded(statements)["comment-id"].str.strip())
        stray = told.frame.loc[~told.frame["item"].isin(known), "row"]
        refused += [(int(row), "a vote on a statement that is not among those exported") for row in stray]
        told = replace(told, frame=told.frame[told.frame["item"].isin(known)])
        warnings += _compare(_folded(statements), told.frame)
    tables = [table for table in (statements, votes) if table]
    digests = [table.sha256 for table in tables]
    return PolisConversation(
        answers=answers,
        responses=_responses(told.frame, told.groups, source),
        quarantine=quarantine([*refused, *told.refused]),
        sha256=digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest(),
        dropped_columns=tuple(name for table in tables for name in columns_at_the_door(table.frame.columns, ())),
        warnings=(*(warning for table in tables for warning in table.warnings), *warnings),
    )


@dataclass(frozen=True)
class _Votes:
    """Votes as one row a person and statement, everybody's group, and what could not be read."""

    frame: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["response", "item", "vote", "row"]))
    groups: dict[str, str] = field(default_factory=dict)
    refused: list[tuple[int, str]] = field(default_factory=list)


def _tables(path: Path, votes_path: Path | None) -> tuple[Table | None, Table | None]:
    """Return the tables of statements and of votes, found by their headings."""
    paths = sorted(path.glob("*.csv")) if path.is_dir() else [path, *([votes_path] if votes_path else [])]
    tables = [read_table(file) for file in paths if not path.is_dir() or file.stat().st_size]
    statements = [table for table in tables if is_statements(table)]
    votes = [table for table in tables if is_votes(table)]
    faults = [
        f"{len(found)} files hold {what}: {', '.join(table.name for table in found)}; name the one you mean."
        for what, found in (("statements", statements), ("votes", votes))
        if len(found) > 1
    ]
    if not statements and not votes:
        faults.append(
            "no file has the headings of a Polis conversation: comment-id, moderated, comment-body for statements; "
            "participant, group-id, n-votes and a column a statement, or participant, group, item, vote for votes."
        )
    if faults:
        raise DataError.of(path.name, faults)
    return next(iter(statements), None), next(iter(votes), None)


def _folded(table: Table) -> pd.DataFrame:
    return table.frame.rename(columns=lambda heading: fold(str(heading)))


def _read_votes(table: Table) -> _Votes:
    """Return the votes of either form; what a person said twice of a statement, and differently, is refused."""
    frame = _folded(table)
    if _WIDE.issubset(frame.columns):
        statements = [name for name in frame.columns if name.isdecimal()]
        long = frame.rename(columns={"group-id": "group"}).rename_axis("row").reset_index()
        long = long.melt(["participant", "group", "row"], statements, var_name="item", value_name="vote")
    else:
        long = frame.rename_axis("row").reset_index()
    long = long.assign(
        response=long["participant"].str.strip(),
        item=long["item"].astype(str).str.strip(),
        vote=long["vote"].str.strip(),
        group=["group_" + cell.strip().removesuffix(".0") if cell.strip() else NOT_STATED for cell in long["group"]],
    )
    torn = long.groupby("response")["group"].nunique()
    in_two = long["response"].isin(torn.index[torn > 1])
    refused = _first_rows(long[in_two], "this person is in more than one opinion group")
    groups = dict(zip(long.loc[~in_two, "response"], long.loc[~in_two, "group"], strict=True))
    given = long[~in_two & (long["vote"] != "")]
    unread = ~given["vote"].isin(list(_VOTES))
    refused += _rows(given[unread], "the vote is neither 1, 0 nor -1")
    given = given[~unread]
    given = given.assign(vote=given["vote"].map(_VOTES)).drop_duplicates(["response", "item", "vote"])
    twice = given.duplicated(["response", "item"], keep=False)
    refused += _rows(given[twice], "this person votes on one statement in more than one way")
    return _Votes(given.loc[~twice, ["response", "item", "vote", "row"]], groups, refused)


def _rows(frame: pd.DataFrame, reason: str) -> list[tuple[int, str]]:
    return [(int(row), reason) for row in frame["row"]]


def _first_rows(frame: pd.DataFrame, reason: str) -> list[tuple[int, str]]:
    return _rows(frame.sort_values("row").drop_duplicates("response"), reason)


def _responses(told: pd.DataFrame, groups: dict[str, str], source: str) -> pd.DataFrame:
    """Return votes as the responses frame, by person and statement."""
    if told.empty:
        return no_responses()
    ids = {item: _statement_id(source, item) for item in told["item"].unique()}
    frame = pd.DataFrame(
        {
            "response_id": told["response"],
            "group": told["response"].map(groups),
            "question_id": "statements",
            "item_id": told["item"].map(ids),
            "rank": None,
            "chosen": told["vote"].astype(int).astype(object),
            "received_at": None,
        },
        dtype=object,
    )
    return frame[[*COLUMNS["responses"], "received_at"]].sort_values(["response_id", "item_id"], ignore_index=True)


def _statement_id(source: str, comment: str) -> str:
    """Return a statement's answer id: by its number alone, so that votes find it without the file of statements."""
    return answer_id(source, f"statement-{comment}", _BOX)


def _answers(table: Table, told: _Votes, source: str) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """Return statements as the answers frame, and those whose number comes again with other words."""
    frame = _folded(table).rename_axis("row").reset_index()
    frame["comment-id"] = frame["comment-id"].str.strip()
    frame = frame.drop_duplicates(["comment-id", "moderated", "comment-body"])
    twice = frame.duplicated("comment-id", keep=False)
    rows = []
    for cells in frame[~twice].to_dict("records"):
        comment, author = cells["comment-id"], str(cells.get("author-id", "")).strip()
        rejected = cells["moderated"].strip().removesuffix(".0") == "-1"
        person = (author or f"statement-{comment}", f"statement-{comment}", told.groups.get(author, NOT_STATED), "", "")
        text = (cells["comment-body"], REJECTED if rejected else "", _instant(str(cells.get("timestamp", ""))))
        rows.append((_statement_id(source, comment), 1, source, *person, *text))
    named = zip(COLUMNS["answers"], zip(*sorted(rows), strict=True), strict=False)
    answers = pd.DataFrame({name: pd.Series(list(values), dtype=object) for name, values in named})
    return answers if rows else empty("answers"), _rows(frame[twice], "the number of this statement comes again")


def _instant(cell: str) -> datetime | None:
    """Return the instant of Polis's timestamp, in seconds or, in older exports, in thousandths."""
    if not cell.strip().isdecimal():
        return None
    told = int(cell)
    return datetime.fromtimestamp(told / 1000 if told > 10**11 else told, UTC)


def _compare(statements: pd.DataFrame, told: pd.DataFrame) -> list[str]:
    """Return what differs between the votes and the counts that came with the statements."""
    if not {"agrees", "disagrees"} <= set(statements.columns):
        return []
    counted = pd.crosstab(told["item"], told["vote"]).reindex(columns=[1, -1], fill_value=0)
    counted = counted.reindex(statements["comment-id"].str.strip(), fill_value=0)
    stated = statements[["agrees", "disagrees"]].apply(pd.to_numeric, errors="coerce").fillna(0).astype(int).to_numpy()
    straight = abs(stated - counted.to_numpy()).sum()
    turned = abs(stated - counted.to_numpy()[:, ::-1]).sum()
    if turned < straight:
        return [
            "The votes fit the counts of agreement better with their sign turned round: 1 should be agree and -1 "
            "disagree. Was this taken from Polis's database instead of its export?"
        ]
    differing = int((stated != counted.to_numpy()).any(axis=1).sum())
    if not differing:
        return []
    return [f"The counts of agreement with {differing} statements differ from the votes; the votes are taken."]
