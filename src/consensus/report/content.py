"""Everything that a partnership publishes, made once and shown twice: by the report page and by the spreadsheet.

`Published` is public: every count in it is suppressed, every word looked at. The page, the plots and the spreadsheet
read `Published` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from consensus.protocol import Protocol
from consensus.questions import Questions, in_force, merge_questions
from consensus.report import orders, tables
from consensus.report.described import describe_publicly
from consensus.report.groups import group_looks
from consensus.report.material import ANSWERED, BALLOTS, Material
from consensus.report.orders import Withheld
from consensus.report.rated import show_ratings, show_settled
from consensus.report.suppression import TOTAL, small_mark
from consensus.report.words import publish_words
from consensus.version import __version__

__all__ = ["ANSWERED", "BALLOTS", "Material", "Published", "publication"]


@dataclass(frozen=True)
class Published:
    """What anybody may see of a partnership.

    Attributes
    ----------
    groups
        Index group: name, short, letter, marker, colour, ink.
    questions
        Index `question_id` in the order of the final ranking, then of the interim ranking, then by id: wording,
        category, evidence, interim_rank, tied, score, final_rank (NaN where none), shortlisted, why, gap, tied_at_cut,
        merged_into, words (list of the published submissions), withheld (how many are not).
    top
        Ids of the Top 10 in order; more than ten where the last place is tied.
    positions
        Index `question_id`, a column a group: the group's position; NaN where it is not published.
    people
        Index `question_id`, a column a group and `total`: how many people stand behind it, text.
    taking_part
        Index group and `total`: people of each group at each stage, text.
    modes, partners
        See `tables.count_ways`: how people answered, and through whom; no column where nothing is shown.
    places
        See `orders.place_under_each`: of every question ranked.
    firmness
        Index `question_id`: see `orders.show_firmness`.
    agreement
        See `orders.show_agreement`.
    ratings
        See `rated.show_ratings`.
    settled
        See `rated.show_settled`.
    skipped
        Rule shown beside the order -> why it could not rank these ballots.
    described
        How firmness and agreement were worked out, in sentences.
    set_aside, decisions
        See `tables.count_set_aside`, `tables.count_decisions`.
    moves
        The plenary's moves: question_id, to.
    stages
        What each stage handled: a sentence part and a number, in order.
    """

    protocol: Protocol
    published_at: datetime
    version: str
    groups: pd.DataFrame
    questions: pd.DataFrame
    top: list[str]
    is_final: bool
    positions: pd.DataFrame
    people: pd.DataFrame
    taking_part: pd.DataFrame
    modes: pd.DataFrame
    partners: pd.DataFrame
    places: pd.DataFrame
    firmness: pd.DataFrame
    agreement: pd.DataFrame
    ratings: pd.DataFrame
    settled: pd.DataFrame
    skipped: Mapping[str, str]
    described: list[str]
    set_aside: pd.DataFrame
    decisions: pd.DataFrame
    moves: pd.DataFrame
    stages: list[tuple[str, str]]
    withheld: Withheld
    group_sizes: pd.Series
    rounds: pd.DataFrame
    digests: Mapping[str, str]

    @property
    def suppressed(self) -> dict[str, pd.DataFrame]:
        """Return the public tables of counts by name, to be kept and passed as `before` to the next publication."""
        kept = ("taking_part", "people", "set_aside", tables.MODES, tables.PARTNERS)
        return {name: getattr(self, name) for name in kept}


def publication(
    material: Material, before: Mapping[str, Sequence[pd.DataFrame]] | None = None, *, version: str = __version__
) -> Published:
    """Return what may be published of a partnership.

    Parameters
    ----------
    before
        Earlier values of `Published.suppressed`, by name: no difference between publications shows a small count.
    """
    built = Questions(material.questions, material.lineage, material.set_aside)
    lineage = merge_questions(built, material.decisions, material.submissions).lineage
    counts = _counts(material, lineage, before or {})
    protocol = material.protocol
    hidden = Withheld.of(protocol, material.ballots)
    questions = _questions(material, lineage, hidden)
    order = questions["final_rank"] if _is_final(material) else questions["interim_rank"]
    return Published(
        protocol=protocol,
        published_at=material.published_at,
        version=version,
        groups=group_looks(protocol),
        questions=questions,
        top=[str(question) for question in order[order <= protocol.publication.top].index],
        is_final=_is_final(material),
        positions=orders.show_positions(material.ranking, list(protocol.shares), hidden).reindex(questions.index),
        **counts,
        places=orders.place_under_each(
            material.ranking,
            material.sensitivity,
            material.leave_one_out,
            rule=protocol.ranking.rule,
            groups=protocol.shares,
            withheld=hidden,
        ),
        firmness=orders.show_firmness(material.firmness, protocol.shares, hidden).reindex(questions.index),
        agreement=orders.show_agreement(material.agreement, hidden),
        ratings=show_ratings(
            material.ratings,
            material.ranking,
            {group: protocol.group_name(group) for group in protocol.shares},
            hidden,
            protocol.publication.small_cells,
        ),
        settled=show_settled(material.stability, protocol.publication.small_cells),
        skipped=dict(material.skipped),
        described=describe_publicly(material, counts["taking_part"][BALLOTS], questions["wording"], hidden),
        decisions=tables.count_decisions(material.decisions),
        moves=_moves(material.decisions),
        stages=_stages(material, counts["taking_part"]),
        withheld=hidden,
        group_sizes=material.lineage["question_id"].value_counts().rename("submissions"),
        rounds=material.rounds,
        digests=dict(material.digests),
    )


def _counts(
    material: Material, lineage: pd.DataFrame, before: Mapping[str, Sequence[pd.DataFrame]]
) -> dict[str, pd.DataFrame]:
    """Return the tables of counts as they may be published."""
    protocol, k = material.protocol, material.protocol.publication.small_cells
    groups = [group.id for group in protocol.groups]
    answered = material.answers.drop_duplicates("response_id")["group"]
    present = {ANSWERED: answered, BALLOTS: pd.Series(material.ballots, dtype="int64")}
    behind = (material.submissions, lineage, groups, k)
    taking_part = tables.count_groups(protocol, present, before.get("taking_part", ()))
    totals = {stage: str(taking_part.loc[TOTAL, stage]) for stage in present}
    ways = {
        name: tables.count_ways(material.ways.get(name, {}), totals, k, before.get(name, ()))
        for name in (tables.MODES, tables.PARTNERS)
    }
    return {
        "people": tables.count_people_behind(*behind, before.get("people", ())),
        "taking_part": taking_part,
        **ways,
        "set_aside": tables.count_set_aside(material.set_aside, k, before.get("set_aside", ())),
    }


def _is_final(material: Material) -> bool:
    return material.final is not None and len(material.final) > 0


def _questions(material: Material, lineage: pd.DataFrame, hidden: Withheld) -> pd.DataFrame:
    """Return one row a summary question with its wording, its places, its reasons and its words."""
    known = material.questions.set_index("question_id")
    listed = pd.Index(known.index.union(material.ranking.index), name="question_id")
    names = {category.id: category.name for category in material.protocol.categories}
    table = pd.DataFrame(index=listed)
    table["wording"] = known["wording"].reindex(listed).fillna("")
    table["category"] = [names.get(c, c) if isinstance(c, str) else "" for c in known["category"].reindex(listed)]
    table["evidence"] = _evidence(known["status"].reindex(listed), material.decisions)
    now_at = dict(zip(lineage["submission_id"], lineage["question_id"], strict=True))
    at_first = material.lineage.drop_duplicates("question_id").set_index("question_id")["submission_id"]
    ended = {question: now_at[submission] for question, submission in at_first.items()}
    table["merged_into"] = [ended[q] if ended.get(q, q) != q else "" for q in listed]
    table = table.join(_places(material, listed, hidden)).join(_words(material, lineage))
    table["words"] = [words if isinstance(words, list) else [] for words in table["words"]]
    table["withheld"] = table["withheld"].fillna(0).astype("int64")
    order = table.reset_index().sort_values(["final_rank", "interim_rank", "question_id"], na_position="last")
    return order.set_index("question_id")


def _places(material: Material, listed: pd.Index, hidden: Withheld) -> pd.DataFrame:
    """Return where each question stands in the interim ranking, on the shortlist and in the final order."""
    ranking, chosen = material.ranking.reindex(listed), material.shortlist
    table = pd.DataFrame(index=listed)
    table["interim_rank"], table["score"] = ranking["rank"].astype(float), ranking["score"].astype(float)
    table["tied"] = _flag(material.ranking, "tied", listed)
    final = material.final if material.final is not None else pd.DataFrame({"rank": []})
    table["final_rank"] = final["rank"].reindex(listed).astype(float)
    table["final_tied"] = _flag(final, "tied", listed)
    table["shortlisted"] = listed.isin(chosen.index)
    names = {group.id: group.short or group.name for group in material.protocol.groups}
    table["why"] = orders.show_reasons(chosen["why"].reindex(listed).fillna(""), names, hidden)
    table["gap"] = pd.to_numeric(chosen["gap"].reindex(listed)).astype(float)
    table["tied_at_cut"] = _flag(chosen, "tied_at_cut", listed)
    return table


def _flag(frame: pd.DataFrame, column: str, index: pd.Index) -> pd.Series:
    if column not in frame:
        return pd.Series(False, index=index)
    return frame[column].reindex(index).eq(True)


def _evidence(status: pd.Series, decisions: pd.DataFrame) -> list[str]:
    """Return in words what the evidence check found for each question."""
    checks = in_force(decisions)
    checks = checks[checks["kind"].isin(("answered", "unanswered"))]
    found = {
        subject: f"answered by {value.get('review', '')}"
        if kind == "answered"
        else f"unanswered; searched {value.get('searched', '')}"
        for subject, kind, value in zip(checks["subject"], checks["kind"], checks["value"], strict=True)
    }
    plain = {"open": "not yet checked", "answered": "answered"}
    return [found.get(str(question), plain.get(str(state), str(state))) for question, state in status.items()]


def _words(material: Material, lineage: pd.DataFrame) -> pd.DataFrame:
    """Return the published submissions of each question, in the order of their ids, and how many are withheld."""
    published = publish_words(material.submissions, material.identifiers, material.decisions)
    linked = lineage.merge(published.reset_index(), on="submission_id").sort_values("submission_id")
    shown = linked[~linked["withheld"].astype(bool)].groupby("question_id")["text"].agg(list)
    return pd.DataFrame({"words": shown, "withheld": linked.groupby("question_id")["withheld"].sum()})


def _moves(decisions: pd.DataFrame) -> pd.DataFrame:
    standing = in_force(decisions)
    moves = standing[standing["kind"] == "plenary_move"]
    to = [int(value["to"]) for value in moves["value"]]
    return pd.DataFrame({"question_id": moves["subject"].to_numpy(), "to": to})


def _stages(material: Material, taking_part: pd.DataFrame) -> list[tuple[str, str]]:
    """Return what each stage handled, in the order of the stages: counts over all groups together."""
    k = material.protocol.publication.small_cells
    answered = int((material.questions["status"] == "answered").sum())
    return [
        ("People who answered", str(taking_part.at[TOTAL, ANSWERED])),
        ("Submissions: single questions cut from the answers", str(len(material.submissions))),
        ("Submissions set aside, each with a reason", _small(len(material.set_aside), k)),
        ("Summary questions that the other submissions became", str(len(material.questions))),
        ("Summary questions that research has answered already", str(answered)),
        ("Summary questions in the interim survey", str(len(material.ranking))),
        ("Ballots counted", str(taking_part.at[TOTAL, BALLOTS])),
        *((f"Ballots not counted: {reason}", _small(count, k)) for reason, count in material.not_counted.items()),
        ("Questions on the shortlist", str(len(material.shortlist))),
    ]


def _small(count: int, threshold: int) -> str:
    return small_mark(threshold) if 0 < count < threshold else str(count)
