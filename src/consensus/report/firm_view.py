"""How firm the order is, and how far people agree, in the plain values that the page's template shows."""

from __future__ import annotations

from typing import Any

from consensus.report.agreement import agreement_rows, agreement_sentences
from consensus.report.content import Published
from consensus.report.methods import RULE_NAMES, RULES_IN_WORDS
from consensus.report.orders import FIRM, still_in_top
from consensus.report.saying import between, chance, who_put_it_there

__all__ = ["firm_view", "question_view"]


def question_view(published: Published, question: str) -> dict[str, Any]:
    """Return of one question how firm its place is and who put it there; empty texts where withheld."""
    firm: Any = published.firmness.loc[question]
    rank: Any = published.questions.at[question, "interim_rank"]
    positions: Any = published.positions.loc[question]
    return {
        "interim": "" if rank != rank else f"{rank:g}",
        "interval": between(firm["low"], firm["high"]),
        "chance": chance(firm["p_top"]),
        "who": who_put_it_there(firm.drop(list(FIRM)), positions, _names(published)),
    }


def _names(published: Published) -> dict[str, str]:
    return {group: str(published.groups.at[group, "short"]) for group in published.protocol.shares}


def firm_view(published: Published) -> dict[str, Any]:
    """Return the table "still in the Top 10 under", and agreement in sentences and rows."""
    top = published.protocol.publication.top
    names = _names(published)
    table = still_in_top(published.places, top)
    return {
        "replicates": published.protocol.firmness.replicates,
        "sensitivity": _sensitivity(published),
        "steady": int((table <= top).all(axis=1).sum()),
        "skipped": [RULE_NAMES[rule] for rule in published.skipped],
        "agreement": agreement_rows(published.agreement, names, top),
        "agreed": agreement_sentences(
            published.agreement, published.positions, published.questions["wording"], names, top
        ),
    }


def _sensitivity(published: Published) -> dict[str, Any]:
    top = published.protocol.publication.top
    table = still_in_top(published.places, top)
    kinds = [str(column).partition(":")[::2] for column in table.columns]
    short = published.groups["short"]
    names = [RULE_NAMES[name] if kind == "rule" else short.get(name, name) for kind, name in kinds]
    said = [
        f"without {name}" if kind == "without" else name or "interim survey"
        for name, (kind, _) in zip(names, kinds, strict=True)
    ]
    accepted: Any = published.firmness["acceptability"]
    rows = [
        {
            "wording": published.questions.at[question, "wording"],
            "cells": [{"name": n, "rank": int(r), "out": r > top} for n, r in zip(said, ranks, strict=True)],
            "inside": int((ranks <= top).sum()),
            "weightings": chance(accepted[question]),
            **question_view(published, str(question)),
        }
        for question, ranks in zip(table.index, table.to_numpy(), strict=True)
    ]
    heads = {"rule": "rules", "without": "groups"}
    explained = [(RULE_NAMES[rule], RULES_IN_WORDS[rule]) for kind, rule in kinds if kind == "rule"]
    listed = {title: [n for n, (k, _) in zip(names, kinds, strict=True) if k == kind] for kind, title in heads.items()}
    return {**listed, "explained": explained, "rows": rows, "drawn": any(row["interval"] for row in rows)}
