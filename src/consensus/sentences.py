"""Sentences for a methods section, written from what was run: a result's own record of method, options and data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from consensus.errors import DataError

__all__ = ["describe"]

Attrs = Mapping[str, Any]

RULES = {
    "jla_positions": "each group's questions were put in order by their points, and scored by their position in each "
    "group (James Lind Alliance Guidebook)",
    "jla_top10": "each group's first ten questions scored 10 down to 1",
    "mean_points": "the mean points a ballot of each group gave to each question were added",
    "borda": "a question scored how many others a ballot of each group put below it (averaged Borda)",
    "maximin": "a question counted as its position in the group that favours it least",
    "copeland": "a question scored how many others it beats two by two (Copeland)",
    "schulze": "questions were compared two by two along strongest paths (Schulze)",
    "ranked_pairs": "majorities between two questions were locked in from the strongest down (ranked pairs)",
    "kemeny": "the order with the fewest disagreements with the ballots was found (Kemeny)",
    "plackett_luce": "each question's worth was estimated from the ballots' choices, place by place (Plackett-Luce)",
    "bradley_terry": "each question's worth was estimated from comparisons two by two (Bradley-Terry)",
    "group_informed_consensus": "the parts of each group that agree with a question were multiplied",
}
FORMS = {
    "ranked": "ranked lists",
    "chosen": "choices",
    "rated": "ratings",
    "points": "points shared out",
    "best_worst": "best and worst of shown sets",
    "pairwise": "comparisons two by two",
}
SHORTLISTS = {
    "combined": "the first {size} of the combined order",
    "union": "each group's first {per_group}",
    "union_and_subgroup": "each group's first {per_group}, and the first of a named subgroup",
    "fill": "each group's first {per_group}, filled up to {size} from the combined order",
    "by_hand": "those that people named",
    "sequential_pav": "up to {size}, each adding most to a proportional satisfaction of the groups (sequential PAV)",
    "sequential_phragmen": "up to {size}, in the order in which their supporters, each group having the same income "
    "times its share, could pay for them (sequential Phragmen)",
    "equal_shares": "up to {size}, bought with equal money for each group times its share (method of equal shares, "
    "completed by sequential Phragmen)",
}
TIES = {
    "mean": "the mean of their positions",
    "min": "the best of their positions",
    "dense": "one position, none being left out after it",
}
DRAWN = {
    "exact": "drawn again with replacement from each group's own",
    "gaussian": "drawn again from each group's own, by the normal distribution of its totals",
}


def describe(result: Any) -> str:
    """Return sentences for a methods section, from what was run.

    Parameters
    ----------
    result
        What `tally`, `rank`, `shortlist`, `stress`, `agree`, `rake`, `summarise_ratings`, `compare_rounds`,
        `rating_feedback`, `rand_ucla` or `chnri` returned, or an object with such a frame as its `ranking`.

    Raises
    ------
    DataError
        A result that does not carry its method, such as a frame read from a file or put together from others.

    Examples
    --------
    >>> import pandas as pd
    >>> from consensus.rules import rank
    >>> from consensus.tally import tally
    >>> ballots = pd.DataFrame({"ballot": ["b1", "b1", "b2"], "group": ["carer", "carer", "nurse"],
    ...                         "question": ["q1", "q2", "q2"], "value": [1, 2, 1]})
    >>> print(describe(rank(tally(ballots))))
    The questions were ranked by the rule 'jla_positions': each group's questions were put in order by their points, and
    scored by their position in each group (James Lind Alliance Guidebook). Every group had the same say. Questions
    level in a group's list shared the mean of their positions. Computed with consensus-psp ... (data SHA-256 ...).
    """
    attrs = getattr(getattr(result, "ranking", result), "attrs", {})
    method = attrs.get("method", "")
    if method not in METHODS:
        raise DataError("This result does not carry its method; describe what tally, rank, stress or agree returned.")
    weighted = _weighted(attrs["weighting"]) if "weighting" in attrs else []
    return " ".join([*METHODS[method](attrs), *weighted, *attrs.get("warnings", []), _computed(attrs)])


def _computed(attrs: Attrs) -> str:
    data = f" (data SHA-256 {attrs['digest'][:12]})" if "digest" in attrs else ""
    return f"Computed with consensus-psp {attrs['version']}{data}."


def _listed(parts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {part}" for name, part in parts.items())


def _say(shares: Mapping[str, int]) -> str:
    if len(set(shares.values())) == 1:
        return "Every group had the same say."
    return f"The groups' shares of the say were {_listed(shares)}."


def _rank(attrs: Attrs) -> list[str]:
    rule = attrs["rule"]
    how = f": {RULES[rule]}" if rule in RULES else ""
    own = f" ({', '.join(f'{name} = {value}' for name, value in attrs['options'].items())})" if attrs["options"] else ""
    return [
        f"The questions were ranked by the rule '{rule}'{how}{own}.",
        _say(attrs["shares"]),
        f"Questions level in a group's list shared {TIES[attrs['ties']]}.",
        *attrs["notes"],
    ]


def _tally(attrs: Attrs) -> list[str]:
    options = attrs["options"]
    scored = f", of which the first {options['depth']} places score" if options["depth"] is not None else ""
    return [
        f"Ballots on {attrs['questions']} questions ({_listed(attrs['ballots'])}) were tallied in whole numbers as "
        f"{FORMS[options['form']]}{scored}."
    ]


def _shortlist(attrs: Attrs) -> list[str]:
    options, (listed, whole) = attrs["options"], attrs["questions"]
    how = SHORTLISTS[options["rule"]].format(**options)
    sentences = [f"{listed} of {whole} questions were shortlisted by the rule '{options['rule']}': {how}."]
    if options["by_hand"]:
        sentences.append(f"People put {len(options['by_hand'])} of them in by hand, each with a reason.")
    if attrs["tied_at_cut"]:
        sentences.append(f"{attrs['tied_at_cut']} questions were level across a cut, and such ties were taken whole.")
    return sentences


def _stress(attrs: Attrs) -> list[str]:
    options = attrs["options"]
    level, top = f"{100 * options['level']:.0f} %", options["top"]
    weighed = "worked out exactly" if attrs["acceptability"] == "exact" else _sampled(attrs["acceptability"])
    sentences = [
        f"How firm the order by the rule '{options['rule']}' is was tried on {options['replicates']} sets of ballots, "
        f"{DRAWN[attrs['drawn']]} (ballots: {_listed(attrs['ballots'])}; seed {options['seed']}): the rank interval "
        f"holds the middle {level} of a question's ranks, and P(Top {top}) is how often it was among the first {top}.",
        _say(options["shares"]),
        f"Acceptability is the part of all weightings of the groups that keeps a question in the Top {top}, {weighed}.",
        "A group's influence is how many places it lifts a question, averaged over every order in which the groups "
        "could join (Shapley value)" + ("." if attrs["influence"] == "exact" else f", {_sampled(attrs['influence'])}."),
    ]
    return [*sentences, *_change(attrs["smallest_change"], top), *_skipped(attrs["skipped"])]


def _sampled(how: str) -> str:
    return f"estimated from {how.removeprefix('sampled ')} drawn at random"


def _change(change: Mapping[str, Any] | None, top: int) -> list[str]:
    if change is None:
        return []
    if change["moved"] == 0:
        return [f"Two questions are level at the edge of the Top {top}, so that any change of shares alters it."]
    shares = {group: f"{100 * part:.1f} %" for group, part in change["shares"].items()}
    return [
        f"The smallest change of the groups' shares that alters the Top {top} moves {100 * change['moved']:.1f} % of "
        f"the say (to {_listed(shares)}): there '{change['enters']}' draws level with '{change['leaves']}'."
    ]


def _skipped(skipped: Mapping[str, str]) -> list[str]:
    return [f"The rule '{rule}' could not rank these ballots." for rule in skipped]


def _agree(attrs: Attrs) -> list[str]:
    options = attrs["options"]
    sentences = [
        f"Agreement within groups (ballots: {_listed(attrs['ballots'])}) was measured by Kendall's W corrected for "
        "ties with Friedman's test, the mean Spearman correlation between people, and Krippendorff's alpha (ordinal "
        "and interval).",
        f"Groups' lists were compared by Kendall's tau-b, the overlap of their Top {options['top']}, rank-biased "
        f"overlap (p = {options['rbo_p']:g}), the Jensen-Shannon distance of their shares of points, and the largest "
        "gap between two groups' positions of a question.",
    ]
    if attrs["form"] == "ranked":
        sentences.append("Questions that a ballot left out shared the mean of the places left.")
    if options["replicates"]:
        sentences.append(
            f"Intervals hold the middle {100 * options['level']:.0f} % of {options['replicates']} sets of ballots "
            f"drawn again with replacement within groups, centred on the value (seed {options['seed']})."
        )
    return [*sentences, *attrs["notes"]]


def _rake(attrs: Attrs) -> list[str]:
    return _weighted({**attrs["options"], "people": attrs["people"], "effective": attrs["effective"]})


def _weighted(weighting: Attrs) -> list[str]:
    size = [f"{group} {n:.1f} of {weighting['people'][group]}" for group, n in weighting["effective"].items()]
    unstated = weighting.get("unstated", {})
    told = [_raked(weighting)]
    if unstated:
        told.append(f"Who did not state what the weighting needs counts as one person ({_listed(unstated)}).")
    told += weighting.get("notes", [])
    return [*told, f"Effective sample sizes: {', '.join(size)}."] if size else told


def _raked(weighting: Attrs) -> str:
    if not weighting.get("margins"):
        return "Within groups, each ballot counted its respondent weight."
    named = "; ".join(f"{group}: {' and '.join(wanted)}" for group, wanted in weighting["margins"].items())
    most = weighting["most"]
    limit = f", no weight above {most:g} times the mean" if most is not None else ""
    return f"Within groups, people were weighted to declared margins by raking ({named}){limit}."


def _summarise(attrs: Attrs) -> list[str]:
    options = attrs["options"]
    if options["preset"] is None:
        return [f"Ratings are told by median and quartiles (ballots: {_listed(attrs['ballots'])}).", *attrs["notes"]]
    return [
        f"Consensus was judged by the definition '{options['preset']}' ({attrs['source']}), round "
        f"{options['round_number']}, from ballots: {_listed(attrs['ballots'])}.",
        f"Disagreement is the RAND/UCLA index, percentiles by the definition '{options['definition']}'.",
        *attrs["notes"],
    ]


def _compare(attrs: Attrs) -> list[str]:
    gone = ", ".join(f"{group} {out} of {n}" for group, (out, n) in attrs["dropped"].items())
    return [
        "Two rounds were compared by the people who rated a question in both: change of the median, part of ratings "
        "changed (stable: under 15 %), quadratic weighted kappa, McNemar's test on ratings of 7 to 9, coefficient of "
        "quartile variation, Wilcoxon's signed-rank test.",
        f"Dropped out after the first round: {gone}.",
    ]


def _chnri(attrs: Attrs) -> list[str]:
    return [
        f"{attrs['experts']} experts scored the questions by the CHNRI method (weights of the criteria: "
        f"{_listed(attrs['options']['weights'])}); a blank counts as not informed."
    ]


def _feedback(attrs: Attrs) -> list[str]:
    options = attrs["options"]
    return [
        f"Each participant was shown the own rating beside every group's distribution (ballots: "
        f"{_listed(attrs['ballots'])}); figures of fewer than {options['least']} ratings were withheld. "
        f"Quartiles are by the definition '{options['definition']}'."
    ]


def _rand_ucla(attrs: Attrs) -> list[str]:
    return [
        f"Disagreement of {attrs['ratings']} ratings was judged by the RAND/UCLA index (interpercentile range adjusted "
        f"for symmetry), percentiles by the definition '{attrs['options']['definition']}'."
    ]


METHODS: dict[str, Callable[[Attrs], list[str]]] = {
    "tally": _tally,
    "rank": _rank,
    "shortlist": _shortlist,
    "stress": _stress,
    "agree": _agree,
    "rake": _rake,
    "summarise_ratings": _summarise,
    "compare_rounds": _compare,
    "chnri": _chnri,
    "rating_feedback": _feedback,
    "rand_ucla": _rand_ucla,
}
