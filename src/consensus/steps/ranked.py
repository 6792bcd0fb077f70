"""What a ranking tells: sentences, counts, and the tables that anybody may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlmodel import Session

from consensus import models
from consensus.interim import CheckedBallots, InterimRanking
from consensus.protocol import Protocol
from consensus.report import orders
from consensus.report.agreement import agreement_rows
from consensus.report.material import BALLOTS
from consensus.report.orders import Withheld
from consensus.report.rated import show_ratings, show_settled
from consensus.report.saying import who_put_it_there
from consensus.steps.ballots import on_ballot
from consensus.steps.outcome import Outcome, counts_by_group, shown, worded

__all__ = ["STAGE", "Ranked", "public_shortlist", "tell_ranking"]

STAGE = "interim-ranking"


@dataclass(frozen=True)
class Ranked:
    """A round just ranked: the result, the ballots checked and the tables stored; restricted."""

    protocol: Protocol
    row: models.Round
    result: InterimRanking
    checked: CheckedBallots
    tables: Mapping[str, pd.DataFrame]
    late: int
    silent: int

    @property
    def ballots(self) -> dict[str, int]:
        """Return how many ballots of each group were ranked."""
        return {str(group): int(n) for group, n in self.result.counts["ballots"].items()}


def tell_ranking(session: Session, ranked: Ranked, *, now: datetime) -> Outcome:
    """Return what was done, what comes next, and the public tables of an interim ranking."""
    protocol, result, checked, row = ranked.protocol, ranked.result, ranked.checked, ranked.row
    counts = {
        "ballots ranked": int(checked.ballots["ballot"].nunique()),
        "late": ranked.late,
        "in quarantine": int(checked.quarantine["ballot"].nunique()),
        "without a stakeholder group": int(checked.without_group["ballot"].nunique()),
        "on nothing in this round": ranked.silent,
        "questions ranked": len(result.ranking),
        "shortlisted": len(ranked.tables["shortlist"]),
    }
    told = {what: shown(n, protocol) for what, n in counts.items()}
    by_group = _by_group(session, ranked, now)
    return Outcome(
        stage=STAGE,
        done=f"{told['ballots ranked']} ballots ranked by '{protocol.ranking.rule}'; {told['late']} late, "
        f"{told['in quarantine']} in quarantine, {told['without a stakeholder group']} without a stakeholder group, "
        f"{told['on nothing in this round']} on nothing in this round; {counts['shortlisted']} questions on the "
        "shortlist. " + " ".join([*_warnings(ranked), *_weighting(ranked, by_group)]),
        next=f"Approve the shortlist: `consensus approve --partnership {row.partnership} --by NAME`.",
        counts=counts,
        tables={**_public_tables(ranked), "Ballots by stakeholder group": by_group},
        ids={
            "partnership": row.partnership,
            "round": row.round_id,
            "ranking": row.ranking_id,
            "ballots": result.digest,
        },
    )


def _warnings(ranked: Ranked) -> list[str]:
    """Return what everybody must be told of groups and rules, without a small group's count."""
    told = []
    for group in ranked.protocol.shares:
        name, ballots = ranked.protocol.group_name(group), ranked.ballots[group]
        if not ballots:
            told.append(f"{name}: no ballots, so the group has no say in this order.")
        elif ballots < ranked.protocol.ranking.min_ballots:
            told.append(f"{name}: fewer ballots than the declared minimum of {ranked.protocol.ranking.min_ballots}.")
    judged = ranked.tables["ratings"].attrs.get("not_judged") if "ratings" in ranked.tables else ""
    if judged:
        # The reason counts people, and stays with the stored ranking.
        told.append(f"Consensus could not be judged by '{ranked.protocol.ranking.consensus}' on these ballots.")
    return [*told, *(f"The rule '{rule}' could not rank these ballots: {why}" for rule, why in _skipped(ranked))]


def _weighting(ranked: Ranked, by_group: pd.DataFrame) -> list[str]:
    """Return that ballots are weighted, and the effective sample size of each group whose ballots are shown."""
    protocol, found = ranked.protocol, ranked.result.tally.effective
    if not found:
        return []
    public = by_group.set_index("stakeholder group")[BALLOTS].astype(str)
    names = {protocol.group_name(group): found[group] for group in protocol.weighting.parts if group in found}
    effective = [f"{name} {n:.1f} of {public[name]}" for name, n in names.items() if public[name].isdigit()]
    size = f" (effective sample sizes: {', '.join(effective)})" if effective else ""
    return [f"Within groups, ballots are weighted to the margins that the protocol declares{size}."]


def _skipped(ranked: Ranked) -> list[tuple[str, str]]:
    return list(ranked.result.skipped.items())


def _public_tables(ranked: Ranked) -> dict[str, pd.DataFrame]:
    """Return the orders that anybody may see: what would tell of a group too small to be shown is withheld."""
    protocol = ranked.protocol
    wordings = on_ballot(ranked.row).set_index("question_id")["wording"]
    hidden = Withheld.of(protocol, ranked.ballots)
    firm = orders.show_firmness(ranked.tables["firmness"], protocol.shares, hidden)
    names = {group: protocol.group_name(group) for group in protocol.shares}
    rated = show_ratings(
        ranked.tables.get("ratings", pd.DataFrame()),
        ranked.result.ranking,
        names,
        hidden,
        protocol.publication.small_cells,
    )
    settled = show_settled(ranked.tables.get("stability", pd.DataFrame()), protocol.publication.small_cells)
    return {
        "Interim ranking": _numbers_first(worded(_interim(ranked, firm, hidden), wordings)),
        "Shortlist": worded(public_shortlist(protocol, ranked.tables), wordings),
        f"Still in the Top {protocol.publication.top}": _numbers_first(
            worded(_still_in_top(ranked, firm, hidden), wordings)
        ),
        "Agreement": _agreement(ranked, hidden),
        **({"Ratings": worded(rated, wordings)} if len(rated) else {}),
        **({"Stability between rounds": worded(settled, wordings)} if len(settled) else {}),
    }


def _numbers_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with rank, interval and chance before the wording, after which a screen shows no more columns."""
    first = [
        name for name in table if name in ("rank", "interim", "low", "high") or str(name).startswith(("P(", "in the"))
    ]
    return table[[*first, *table.columns.drop(first)]]


def _still_in_top(ranked: Ranked, firm: pd.DataFrame, hidden: Withheld) -> pd.DataFrame:
    """Return the place of each question under other rules and without each group, and in how many it is in the top."""
    protocol, result = ranked.protocol, ranked.result
    top, beside = protocol.publication.top, dict(result.sensitivity)
    beside.pop(protocol.ranking.rule)
    places = orders.place_under_each(
        result.ranking,
        beside,
        result.leave_one_out,
        rule=protocol.ranking.rule,
        groups=protocol.shares,
        withheld=hidden,
    )
    table = orders.still_in_top(places, top)
    inside = [f"{n} of {table.shape[1]}" for n in (table <= top).sum(axis=1)]
    heads = {f"without:{group}": f"without {protocol.group_name(group)}" for group in protocol.shares}
    heads |= {f"rule:{rule}": f"by {rule}" for rule in beside}
    named = table.rename(columns=heads).assign(**{f"in the Top {top}": inside})
    return named.join(firm[["low", "high", "p_top"]].rename(columns={"p_top": f"P(Top {top})"}))


def _agreement(ranked: Ranked, hidden: Withheld) -> pd.DataFrame:
    """Return how far people agree within each group shown, and whose first questions are most and least like theirs."""
    names = {group: ranked.protocol.group_name(group) for group in ranked.protocol.shares}
    shown = orders.show_agreement(ranked.tables["agreement"], hidden)
    heads = {
        "name": "stakeholder group",
        "word": "agreement",
        "within": "from 0 to 1",
        "most": "most like",
        "least": "least like",
    }
    rows = agreement_rows(shown, names, ranked.protocol.publication.top)
    return pd.DataFrame(rows, columns=list(heads)).rename(columns=heads)


def public_shortlist(protocol: Protocol, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a stored ranking's shortlist with ranks, and reasons that tell of no group too small to be shown."""
    hidden = Withheld.of(protocol, {str(group): int(n) for group, n in tables["counts"]["ballots"].items()})
    names = {group: protocol.group_name(group) for group in protocol.shares}
    table = tables["shortlist"].join(tables["ranking"]["rank"])
    return table.assign(why=orders.show_reasons(table["why"], names, hidden))


def _interim(ranked: Ranked, firm: pd.DataFrame, hidden: Withheld) -> pd.DataFrame:
    """Return rank, score, interval and chance of each question, each group's position, and who put it there."""
    protocol, ranking = ranked.protocol, ranked.result.ranking
    names = {group: protocol.group_name(group) for group in protocol.shares}
    positions = orders.show_positions(ranking, list(names), hidden)
    firm = firm.reindex(ranking.index)
    lifts = firm.drop(columns=list(orders.FIRM))
    table = ranking[["rank", "tied", "score"]].join(firm[list(orders.FIRM)])
    table["who put it there"] = [who_put_it_there(lifts.loc[q], positions.loc[q], names) for q in ranking.index]
    table = table.rename(columns={"p_top": f"P(Top {protocol.publication.top})"})
    return table.join(positions.rename(columns=names))


def _by_group(session: Session, ranked: Ranked, now: datetime) -> pd.DataFrame:
    targets = {group.id: group.target_ballots for group in ranked.protocol.groups}
    people = pd.Series(ranked.ballots, dtype="int64")
    return counts_by_group(session, ranked.protocol, BALLOTS, people, targets=targets, now=now)
