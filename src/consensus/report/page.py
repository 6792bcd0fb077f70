"""The report page: one self-contained HTML file, read on a phone or on paper, without a script or a foreign address."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from consensus.report.content import Published
from consensus.report.drawing import Drawing
from consensus.report.figures import FIGURES, count_ranked, report_drawings
from consensus.report.firm_view import firm_view, question_view
from consensus.report.methods import methods_rows, methods_sentences, suppression_sentence
from consensus.report.rated import rated_rows, settled_rows
from consensus.report.suppression import TOTAL, is_hidden

__all__ = ["DECISIONS_IN_WORDS", "render_report", "write_report"]

TEMPLATES = Path(__file__).parent / "templates"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

DECISIONS_IN_WORDS = {
    "out_of_scope": "A submission is out of scope",
    "in_scope": "A submission is in scope after all",
    "same_question": "Submissions ask the same: a summary question",
    "compared": "Two submissions were compared: the same question or not",
    "split": "A duplicate group was taken apart",
    "move": "A submission belongs to another summary question",
    "wording": "New wording for a summary question",
    "category": "A summary question belongs to a category",
    "answered": "Research has answered a summary question",
    "unanswered": "Research has not answered a summary question",
    "set_aside": "A submission is set aside",
    "redact": "A name or address in a submission is hidden",
    "shortlist_by_hand": "A summary question goes on the shortlist by hand",
    "approval": "The shortlist is signed off, or not",
    "plenary_move": "The whole workshop moves a question",
    "merge": "The workshop merges two questions",
    "dissent": "Somebody dissents from the final order",
    "amendment": "The protocol is amended",
    "round": "A round is opened, extended, paused or closed",
}


def write_report(path: Path | str, published: Published) -> Path:
    """Write `report.html` and return its path; a file of that name is replaced whole or not at all."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(render_report(published).encode("utf-8", "replace"))
    os.replace(partial, path)
    return path


def render_report(published: Published) -> str:
    """Return the report page; the same text for the same content."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = environment.get_template("report.html.j2")
    return page.render(_view(published), style=_Style(style), style_hash=f"sha256-{digest}")


def _printable(value: Any) -> Any:
    """Return text without the control characters that HTML forbids."""
    return _FORBIDDEN.sub(" ", value) if type(value) is str else value


class _Style(str):
    """Our own style sheet, which is not escaped."""

    def __html__(self) -> str:
        return str(self)


def _figures(published: Published) -> dict[str, Any]:
    phone, page = report_drawings(published, "phone"), report_drawings(published, "page")
    return {
        name: {"phone": _data(phone[name]), "page": _data(page[name]), "alt": page[name].alt} if name in page else None
        for name in FIGURES
    }


def _data(drawing: Drawing) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing.svg().encode()).decode()}"


def _view(published: Published) -> dict[str, Any]:
    """Return what the template shows, in plain values."""
    protocol = published.protocol
    local = published.published_at.astimezone(protocol.zone)
    return {
        "protocol": protocol,
        "language": protocol.partnership.languages[0] if protocol.partnership.languages else "en",
        "heading": f"Top {protocol.publication.top} priorities for research",
        "published_on": f"{local.day} {local:%B %Y}",
        "is_final": published.is_final,
        "top": [_entry(published, question) for question in published.top],
        "top_size": protocol.publication.top,
        "ranked": count_ranked(published),
        "suppression": suppression_sentence(published),
        "stages": published.stages,
        "figures": _figures(published),
        "shortlist": _shortlist(published),
        **firm_view(published),
        "ratings": rated_rows(published.ratings, published.questions["wording"]),
        "settled": settled_rows(published.settled, published.questions["wording"]),
        "consensus": published.protocol.ranking.consensus,
        "withheld_voices": bool(published.withheld.voices),
        "people": _people(published),
        "ways": [
            {"caption": caption, "head": head, "stages": list(table), "rows": _rows(table, {})}
            for table, caption, head in (
                (published.modes, "How people answered", "Way"),
                (published.partners, "Through whom people came", "Partner organisation"),
            )
            if len(table.columns) and len(table) > 2
        ],
        "withheld": int(published.questions["withheld"].sum()),
        **_record(published),
        "sentences": methods_sentences(published),
        "facts": [row for row in methods_rows(published) if row[0] not in ("Method", "Partnership", "Published")],
    }


def _record(published: Published) -> dict[str, Any]:
    """Return what was set aside and decided."""
    aside = published.set_aside["submissions"]
    order = list(DECISIONS_IN_WORDS)
    rows = sorted(published.decisions.itertuples(), key=lambda row: order.index(str(row.Index)))
    return {
        "set_aside": [("All" if reason == TOTAL else reason, n) for reason, n in aside.items()]
        if len(aside) > 1
        else [],
        "decisions": [
            {"what": DECISIONS_IN_WORDS[str(row.Index)], "stand": row.stand, "undone": row.undone} for row in rows
        ],
        "scripted": int(published.decisions["scripted"].sum()),
        "moves": [
            {"wording": published.questions.at[question, "wording"], "to": to}
            for question, to in published.moves[["question_id", "to"]].to_numpy()
        ],
    }


def _entry(published: Published, question: str) -> dict[str, Any]:
    row = published.questions.loc[question]
    final = published.is_final
    behind = published.people[TOTAL].get(question)
    positions = published.positions.loc[question].dropna()
    return {
        "place": f"{row['final_rank' if final else 'interim_rank']:g}",
        "tied": bool(row["final_tied" if final else "tied"]),
        "wording": row["wording"],
        "category": row["category"],
        "people": "" if behind is None else f"Asked by {_said(str(behind))} people.",
        "positions": [(published.groups.at[g, "short"], f"{p:g}") for g, p in positions.items()],
        **question_view(published, question),
    }


def _said(cell: str) -> str:
    """Return a public count within a sentence.

    >>> _said("<10"), _said("10+"), _said("31")
    ('fewer than 10', '10 or more', '31')
    """
    if not is_hidden(cell):
        return cell
    return f"fewer than {cell[1:]}" if cell.startswith("<") else f"{cell[:-1]} or more"


def _shortlist(published: Published) -> list[dict[str, Any]]:
    rows = published.questions[published.questions["shortlisted"]].reset_index()
    rows = rows.sort_values(["interim_rank", "question_id"])
    return [
        {
            "rank": "" if row["interim_rank"] != row["interim_rank"] else f"{row['interim_rank']:g}",
            "tied": bool(row["tied"]),
            "wording": row["wording"],
            "why": row["why"],
            "score": "" if row["score"] != row["score"] else f"{row['score']:.6g}",
            "gap": "" if row["gap"] != row["gap"] else f"{row['gap']:.6g}",
            "tied_at_cut": bool(row["tied_at_cut"]),
        }
        for row in rows.to_dict("records")
    ]


def _people(published: Published) -> dict[str, Any]:
    table = published.taking_part
    return {"stages": list(table.columns), "rows": _rows(table, published.groups["name"].to_dict())}


def _rows(table: pd.DataFrame, names: Mapping[Any, Any]) -> list[dict[str, Any]]:
    """Return a table of counts as the template shows it, each row by its name; the total is called All."""
    return [
        {
            "name": "All" if row == TOTAL else names.get(row, row),
            "cells": [str(cell) for cell in cells],
            "sum": row == TOTAL,
        }
        for row, cells in zip(table.index, table.to_numpy(), strict=True)
    ]
