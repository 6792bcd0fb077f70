"""How firm each question's place is, as columns of the published spreadsheet."""

from __future__ import annotations

from typing import Any

import pandas as pd

from consensus.report.content import Published
from consensus.report.firm_view import question_view
from consensus.report.methods import RULE_NAMES
from consensus.report.orders import FIRM

__all__ = ["firm_columns"]

Values = list[Any]


def firm_columns(published: Published) -> dict[str, Values]:
    """Return heading -> a value a question, in their order: interval, chance, weightings, influence, other places.

    A column that is withheld is not there; None where a question was not ranked. Parts run from 0 to 1.
    """
    top, firm, short = published.protocol.publication.top, published.firmness, published.groups["short"]
    headings = {
        "low": "Rank interval: from",
        "high": "Rank interval: to",
        "p_top": f"P(Top {top})",
        "acceptability": f"Part of all weightings with it in the Top {top}",
    }
    columns = {heading: _numbers(firm[name]) for name, heading in headings.items()}
    columns |= {
        f"Lifted by {short[group]} (places)": _numbers(firm[group], 2) for group in firm.columns.drop(list(FIRM))
    }
    for column in published.places.columns.drop("interim"):
        kind, _, name = str(column).partition(":")
        heading = f"Rank by {RULE_NAMES[name]}" if kind == "rule" else f"Rank without {short[name]}"
        columns[heading] = _numbers(published.places[column].reindex(firm.index))
    columns["Who put it there"] = [question_view(published, str(question))["who"] or None for question in firm.index]
    return {heading: values for heading, values in columns.items() if any(value is not None for value in values)}


def _numbers(values: pd.Series, digits: int = 6) -> Values:
    rounded = [None if v != v else round(float(v), digits) for v in values.tolist()]
    return [int(v) if v is not None and v.is_integer() else v for v in rounded]
