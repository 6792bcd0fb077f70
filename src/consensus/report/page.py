"""The report page: one self-contained HTML file, read on a phone or on paper, without a script or a foreign address."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from consensus.report import plots
from consensus.report.content import ANSWERED, BALLOTS, Published
from consensus.report.drawing import Drawing
from consensus.report.methods import methods_rows, methods_sentences, suppression_sentence
from consensus.report.suppression import TOTAL, is_hidden

__all__ = ["DECISIONS_IN_WORDS", "render_report", "report_drawings", "write_report"]

TEMPLATES = Path(__file__).parent / "templates"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

DECISIONS_IN_WORDS = {
    "out_of_scope": "A submission is out of scope",
    "in_scope": "A submission is in scope after all",
    "same_question": "Submissions ask the same: a summary question",
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
RULE_NAMES = {
    "jla_positions": "all positions",
    "jla_top10": "first ten only",
    "mean_points": "mean points",
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


def report_drawings(published: Published, width: Any = "page") -> dict[str, Drawing]:
    """Return the drawings of the report by name; those that would be empty are left out."""
    drawn: dict[str, Drawing] = {}
    protocol = published.protocol
    top = published.questions.loc[published.top]
    rank = "final_rank" if published.is_final else "interim_rank"
    rows = top.assign(place=[f"{place:g}" for place in top[rank]])
    if not published.positions.dropna(axis=1, how="all").empty:
        drawn["positions"] = plots.plot_positions(
            rows, published.positions, published.groups, of=_ranked(published), width=width
        )
    scored = published.questions.dropna(subset=["score"]).reset_index()
    scored = scored.sort_values(["interim_rank", "question_id"]).set_index("question_id")
    if len(scored):
        drawn["scores"] = plots.plot_scores(scored, width=width)
    targets = pd.DataFrame({g.id: [g.target_answers, g.target_ballots] for g in protocol.groups}).T
    targets.columns = pd.Index([ANSWERED, BALLOTS])
    drawn["people"] = plots.plot_taking_part(published.taking_part, targets, published.groups, width=width)
    if len(published.group_sizes):
        drawn["sizes"] = plots.plot_group_sizes(published.group_sizes, width=width)
    if len(published.rounds):
        drawn["rounds"] = plots.plot_rounds(
            published.rounds, zone=protocol.zone, now=published.published_at, width=width
        )
    return drawn


def _figures(published: Published) -> dict[str, Any]:
    phone, page = report_drawings(published, "phone"), report_drawings(published, "page")
    names = ("positions", "scores", "people", "sizes", "rounds")
    return {
        name: {"phone": _data(phone[name]), "page": _data(page[name]), "alt": page[name].alt} if name in page else None
        for name in names
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
        "ranked": _ranked(published),
        "suppression": suppression_sentence(published),
        "stages": published.stages,
        "figures": _figures(published),
        "shortlist": _shortlist(published),
        "sensitivity": _sensitivity(published),
        "steady": _steady(published),
        "people": _people(published),
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


def _ranked(published: Published) -> int:
    return int(published.questions["interim_rank"].notna().sum())


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


def _sensitivity(published: Published) -> dict[str, Any]:
    table, top = published.sensitivity, published.protocol.publication.top
    kinds = [str(column).partition(":")[::2] for column in table.columns]
    short = published.groups["short"]
    names = [RULE_NAMES.get(n, n.replace("_", " ")) if kind == "rule" else short.get(n, n) for kind, n in kinds]
    said = [
        f"without {name}" if kind == "without" else name or "interim survey"
        for name, (kind, _) in zip(names, kinds, strict=True)
    ]
    rows = [
        {
            "wording": published.questions.at[question, "wording"],
            "cells": [{"name": n, "rank": int(r), "out": r > top} for n, r in zip(said, ranks, strict=True)],
            "inside": int((ranks <= top).sum()),
        }
        for question, ranks in zip(table.index, table.to_numpy(), strict=True)
    ]
    heads = {"rule": "rules", "without": "groups"}
    listed = {title: [n for n, (k, _) in zip(names, kinds, strict=True) if k == kind] for kind, title in heads.items()}
    return {**listed, "rows": rows}


def _steady(published: Published) -> int:
    return int((published.sensitivity <= published.protocol.publication.top).all(axis=1).sum())


def _people(published: Published) -> dict[str, Any]:
    table = published.taking_part
    rows = [
        {
            "name": "All" if group == TOTAL else published.groups.at[group, "name"],
            "cells": [str(cell) for cell in cells],
            "sum": group == TOTAL,
        }
        for group, cells in zip(table.index, table.to_numpy(), strict=True)
    ]
    return {"stages": list(table.columns), "rows": rows}
