"""How a partnership came to its priorities, in sentences that stand in the report and in the spreadsheet alike."""

from __future__ import annotations

from consensus.report.content import Published
from consensus.report.saying import listed

__all__ = ["RULES_IN_WORDS", "RULE_NAMES", "methods_rows", "methods_sentences", "suppression_sentence"]

RULES_IN_WORDS = {
    "jla_positions": "In each stakeholder group, the points of its ballots were added up and the questions put in "
    "order; each question then scored by its position in each group, and the groups' scores were added.",
    "jla_top10": "In each stakeholder group, the points of its ballots were added up and its first ten questions "
    "scored 10 down to 1; the groups' scores were added.",
    "mean_points": "In each stakeholder group, the mean points a ballot gave to each question were worked out; the "
    "groups' means were added.",
    "borda": "On each ballot a question scored how many others stood below it; the groups' means were added (Borda).",
    "copeland": "Questions were compared two at a time; each scored how many others it beats (Copeland).",
    "schulze": "Questions were compared two at a time, along the strongest chains of majorities (Schulze).",
    "ranked_pairs": "Questions were compared two at a time; majorities were locked in, the strongest first (ranked "
    "pairs).",
    "kemeny": "The order that contradicts the fewest comparisons on people's ballots was found and proved (Kemeny).",
    "plackett_luce": "How strongly people want each question was estimated from their choices, place by place "
    "(Plackett-Luce).",
    "bradley_terry": "How strongly people want each question was estimated from comparisons two at a time "
    "(Bradley-Terry).",
    "maximin": "Each question counted as its position in the group that favours it least.",
    "group_informed_consensus": "The parts of each group that agree with a question were multiplied (group-informed "
    "consensus).",
}
RULE_NAMES = {
    "jla_positions": "all positions",
    "jla_top10": "first ten only",
    "mean_points": "mean points",
    "borda": "Borda",
    "copeland": "Copeland",
    "schulze": "Schulze",
    "ranked_pairs": "ranked pairs",
    "kemeny": "Kemeny",
    "plackett_luce": "Plackett-Luce",
    "bradley_terry": "Bradley-Terry",
    "maximin": "least pleased group",
    "group_informed_consensus": "group-informed",
}
"""What a rule is called over a column."""
TIES_IN_WORDS = {
    "mean": "questions that tie in a group share the mean of their positions",
    "min": "questions that tie in a group share the best of their positions",
    "dense": "questions that tie in a group share one position, and no position is left out after it",
}
WITHHELD_FIRMNESS = (
    "What would tell of those groups' lists is withheld with them: rank intervals, P(Top 10), acceptability, each "
    "group's influence, the order without those groups, and orders by other rules that look at positions."
)
HEX_DIGITS = 64  # of a SHA-256
FORMS_IN_WORDS = {
    "ranked": "Each person chose up to {most} questions and put them in order: {depth} points for the first, one fewer "
    "for each after it.",
    "chosen": "Each person chose questions, {limit}; each question chosen got one point.",
    "rated": "Each person rated questions.",
    "points": "Each person shared out points among the questions.",
    "best_worst": "Each person picked the most and the least important of small sets of questions.",
    "pairwise": "Each person compared questions two at a time.",
}


def suppression_sentence(published: Published) -> str:
    """Return how small counts are kept from view, or an empty text where nothing is hidden."""
    k = published.protocol.publication.small_cells
    if not k:
        return ""
    return (
        f"So that nobody can be recognised, a count of fewer than {k} people is shown as <{k}; {k}+ means {k} or more, "
        "the number withheld because it would give a smaller one away."
    )


def methods_sentences(published: Published) -> list[str]:
    """Return how the interim ranking and the shortlist were made, by the partnership's own protocol."""
    protocol = published.protocol
    ballot, plan = protocol.ballot, protocol.ranking
    limit = f"up to {ballot.max_choices}" if ballot.max_choices else "as many as they liked"
    form = FORMS_IN_WORDS[ballot.form].format(most=ballot.max_choices or ballot.depth, depth=ballot.depth, limit=limit)
    rule = RULES_IN_WORDS.get(plan.rule, f"The groups' lists were combined by the rule '{plan.rule}'.")
    names = {group.id: group.short or group.name for group in protocol.groups}
    shares = protocol.shares
    if len(set(shares.values())) == 1:
        say = f"All {len(shares)} groups had the same say, however many of their people answered."
    else:
        say = f"The groups' shares of the say were {', '.join(f'{names[g]} {s}' for g, s in shares.items())}."
    sentences = [form, rule, f"{say} Where it mattered, {TIES_IN_WORDS[plan.ties]} (rule '{plan.rule}')."]
    if published.withheld.groups:
        which = listed([names.get(group, group) for group in published.withheld.groups])
        sentences.append(f"The positions of {which} count but are not shown: too few of them took part.")
    if published.withheld.voices:
        sentences.append(WITHHELD_FIRMNESS)
    return [*sentences, *published.described]


def methods_rows(published: Published) -> list[tuple[str, str]]:
    """Return heading and text of everything a reader needs to check what was done."""
    protocol = published.protocol
    local = published.published_at.astimezone(protocol.zone)
    rows = [
        ("Partnership", protocol.partnership.title),
        ("Published", f"{local:%Y-%m-%d %H:%M} ({protocol.partnership.time_zone})"),
        ("Led by", protocol.partnership.lead),
        ("Contact", protocol.partnership.contact),
        ("Partners", "; ".join(partner.name for partner in protocol.partners)),
        ("In scope", "; ".join(protocol.scope.inside)),
        ("Method", " ".join(methods_sentences(published))),
        ("Small counts", suppression_sentence(published)),
        ("Original submissions", _words_sentence(published)),
        ("Software", f"consensus-psp {published.version}"),
        ("Protocol (SHA-256)", protocol.hash),
    ]
    rows += [
        (f"{what.capitalize()} (SHA-256)" if len(digest) == HEX_DIGITS else what.capitalize(), digest)
        for what, digest in published.digests.items()
        if digest != protocol.hash
    ]
    return [(what, text) for what, text in rows if text]


def _words_sentence(published: Published) -> str:
    withheld = int(published.questions["withheld"].sum())
    said = "Submissions are as people wrote them, joined by ~ (a ~ in a text is doubled)."
    if withheld:
        said += f" {withheld} withheld pending review: they may name somebody."
    return said
