"""From one stored ranking to another: what moved, what joined or left the shortlist, and why."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sqlmodel import Session

from consensus import provenance, store
from consensus.errors import DataError
from consensus.questions import in_force
from consensus.report.saying import between
from consensus.store import Store, StoredRanking

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Comparison:
    """Two stored rankings side by side; restricted, because reasons are told as people gave them.

    Parameters
    ----------
    before, after
        The rankings.
    moved
        Index `question`, columns `before`, `after`, `moved` (over 0 is up) and `wording`: what moved, came or went.
        Between interim rankings also `interval` and `p_top` of each, and `outside`: "yes" where the place after lies
        outside the rank interval before, so that chance alone explains it badly.
    shortlist
        Index `question`, columns `change` (`joined` or `left`), `why` it stands on the one that has it, and `wording`.
        Empty where either is not an interim ranking.
    reasons
        A sentence for each of their inputs in which they differ.
    """

    before: StoredRanking
    after: StoredRanking
    moved: pd.DataFrame
    shortlist: pd.DataFrame
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return what differs as plain values, as a program reads it."""
        return {
            "reasons": list(self.reasons),
            "moved": self.moved.reset_index().to_dict("records"),
            "shortlist": self.shortlist.reset_index().to_dict("records"),
        }


def compare(db: Store, before: str, after: str) -> Comparison:
    """Return what moved between two stored rankings of a partnership, by their ids, and why.

    Raises
    ------
    DataError
        There is no ranking of that id (the error lists those there are), or the two belong to two partnerships.
    """
    with db.reading() as session:
        one, other = store.load_ranking(session, before), store.load_ranking(session, after)
        if one.partnership != other.partnership:
            raise DataError(
                f"'{before}' is a ranking of '{one.partnership}' and '{after}' one of '{other.partnership}'; "
                "compare two of one partnership (`consensus status` lists them)."
            )
        wordings = store.load_frame(session, "questions", one.partnership).set_index("question_id")["wording"]
        return Comparison(
            before=one,
            after=other,
            moved=_worded(_beside_chance(provenance.compare(_order(one), _order(other)), one, other), wordings),
            shortlist=_worded(_shortlist_changes(one, other), wordings),
            reasons=_reasons(session, one, other),
        )


def _worded(rows: pd.DataFrame, wordings: pd.Series) -> pd.DataFrame:
    return rows.assign(wording=wordings.reindex(rows.index).fillna("").to_numpy(dtype=object))


def _beside_chance(moved: pd.DataFrame, before: StoredRanking, after: StoredRanking) -> pd.DataFrame:
    """Return what moved with the rank interval and P(Top 10) of each order, where both were worked out."""
    if "firmness" not in before.tables or "firmness" not in after.tables:
        return moved
    told = moved.copy()
    for when, ranking in (("before", before), ("after", after)):
        firm = ranking.tables["firmness"].reindex(moved.index)
        told[f"interval {when}"] = [between(low, high) for low, high in firm[["low", "high"]].to_numpy(dtype=float)]
        told[f"p_top {when}"] = firm["p_top"].astype(object).where(firm["p_top"].notna(), None)
    expected = before.tables["firmness"].reindex(moved.index)
    place = pd.to_numeric(moved["after"])
    told["outside"] = ["yes" if out else "" for out in (place < expected["low"]) | (place > expected["high"])]
    return told


def _drawn(ranking: StoredRanking) -> tuple[object, ...]:
    attrs = ranking.tables["firmness"].attrs if "firmness" in ranking.tables else {}
    options = attrs.get("options", {})
    return attrs.get("drawn"), options.get("replicates"), options.get("seed")


def _order(ranking: StoredRanking) -> pd.DataFrame:
    return ranking.tables["final" if ranking.kind == "final" else "ranking"]


def _shortlist_changes(before: StoredRanking, after: StoredRanking) -> pd.DataFrame:
    if {before.kind, after.kind} != {"interim"}:
        return pd.DataFrame(columns=["change", "why"]).rename_axis("question")
    one, other = before.tables["shortlist"], after.tables["shortlist"]
    joined, left = other[~other.index.isin(one.index)], one[~one.index.isin(other.index)]
    changes = pd.concat([joined.assign(change="joined"), left.assign(change="left")])
    return changes[["change", "why"]].rename_axis("question")


def _reasons(session: Session, before: StoredRanking, after: StoredRanking) -> tuple[str, ...]:
    """Return a sentence for each input in which two rankings of a partnership differ."""
    told = []
    if before.kind != after.kind:
        told.append(f"One is the {before.kind} order, the other the {after.kind} order.")
    else:
        told += _INPUTS[before.kind](before, after)
    if before.protocol_hash != after.protocol_hash:
        told.append(" ".join(["The protocol was amended between them.", *_amendments(session, before, after)]))
    if before.package_version != after.package_version:
        told.append(f"The package differs: {before.package_version} and {after.package_version}.")
    if set(_order(before).index) != set(_order(after).index):
        told.append("They do not rank the same questions.")
    return tuple(told) or ("They follow from the same ballots, protocol and package.",)


def _interim_inputs(before: StoredRanking, after: StoredRanking) -> list[str]:
    told = []
    if before.rule != after.rule:
        told.append(f"The rule differs: '{before.rule}' and '{after.rule}'.")
    if before.ballots_digest != after.ballots_digest:
        told.append("The ballots differ.")
    if set(before.tables["shortlist"].index) != set(after.tables["shortlist"].index):
        told.append("The shortlist differs.")
    if _drawn(before) != _drawn(after):
        told.append("The draws by which firmness is tried differ.")
    return told


def _final_inputs(before: StoredRanking, after: StoredRanking) -> list[str]:
    told = []
    one, other = before.facts.get("interim"), after.facts.get("interim")
    if one and other and one != other:
        told.append(f"They follow from two interim rankings: '{one}' and '{other}'.")
    if before.ballots_digest != after.ballots_digest:
        told.append("The small groups' rankings differ.")
    acts, later_acts = before.facts.get("acts"), after.facts.get("acts")
    if acts is not None and later_acts is not None and acts != later_acts:
        told.append("The plenary's moves and merges differ.")
    for fact, what in _KEPT_OF_FINAL.items():
        without = [f"'{each.ranking_id}'" for each in (before, after) if fact not in each.facts]
        if without:
            told.append(f"Whether {what} differ is not known: {' and '.join(without)} does not say.")
    return told


_KEPT_OF_FINAL = {"interim": "the interim rankings they follow from", "acts": "the plenary's moves and merges"}
"""What a final order is stored with beside its tables; one that an earlier version stored may lack some of it."""


_INPUTS = {"interim": _interim_inputs, "final": _final_inputs}


def _amendments(session: Session, before: StoredRanking, after: StoredRanking) -> list[str]:
    """Return the reasons of the amendments that were made between two rankings, the earlier one first."""
    first, last = sorted([before.at, after.at])
    made = in_force(store.load_decisions(session, before.partnership))
    made = made[(made["kind"] == "amendment") & (made["at"] >= first) & (made["at"] <= last)]
    return [f"Why: {why}" + ("" if why.endswith(".") else ".") for why in made["why"] if why]
