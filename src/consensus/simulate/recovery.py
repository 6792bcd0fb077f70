"""The truth against the result: how much of what people had in mind is found again at the end of the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from consensus.duplicates import Quality, b_cubed, pairwise
from consensus.protocol import Protocol
from consensus.simulate.answers import OUT_OF_SCOPE
from consensus.simulate.specification import Specification
from consensus.simulate.truth import first_with_ties, latent_of_questions, latent_of_submissions, latent_scores

__all__ = ["Recovery", "recovered"]


@dataclass(frozen=True)
class Recovery:
    """How much of a simulation's truth was recovered.

    `groups` and `pairs` compare where submissions ended with what they truly ask, over all that are in scope, one that
    was set aside standing alone; `proposed_groups` and `proposed_pairs` say the same of the machine's proposals alone.
    `latent_questions` counts those that somebody asked, `found` those that some summary question is mostly about.
    `latent_top` are the first of what people really want, with ties at the cut, and `top` how many of the published
    priorities are about one of them; each counted once.
    """

    groups: Quality
    pairs: Quality
    proposed_groups: Quality | None
    proposed_pairs: Quality | None
    latent_questions: int
    found: int
    in_scope_set_aside: int
    out_of_scope_in_questions: int
    latent_top: tuple[str, ...]
    top: int
    published: int

    def sentences(self) -> tuple[str, ...]:
        """Return what was recovered, in plain words."""
        alone = ""
        if self.proposed_groups and self.proposed_pairs:
            f1 = f"B-cubed F1 {self.proposed_groups.f1:.2f}, pairs F1 {self.proposed_pairs.f1:.2f}"
            alone = f" (the machine's proposals alone: {f1})"
        return (
            f"Groups of submissions: B-cubed precision {self.groups.precision:.2f}, recall {self.groups.recall:.2f}, "
            f"F1 {self.groups.f1:.2f}; pairs F1 {self.pairs.f1:.2f}{alone}.",
            f"{self.found} of {self.latent_questions} latent questions have a summary question of their own; "
            f"{self.in_scope_set_aside} submissions in scope were set aside, {self.out_of_scope_in_questions} out of "
            "scope went into a question.",
            f"{self.top} of the {self.published} published priorities are among the first {len(self.latent_top)} of "
            "what people really want.",
        )

    def table(self) -> pd.DataFrame:
        """Return the same figures as a table: columns measure, value."""
        rows = [
            ("B-cubed precision", self.groups.precision),
            ("B-cubed recall", self.groups.recall),
            ("B-cubed F1", self.groups.f1),
            ("pairs F1", self.pairs.f1),
            ("latent questions with a summary question", self.found / max(self.latent_questions, 1)),
            ("published priorities among the latent ones", self.top / max(self.published, 1)),
        ]
        return pd.DataFrame([(name, round(float(value), 3)) for name, value in rows], columns=["measure", "value"])


def recovered(
    truth: pd.DataFrame,
    lineage: pd.DataFrame,
    submissions: pd.DataFrame,
    final_order: Sequence[str],
    specification: Specification,
    protocol: Protocol,
    proposals: pd.DataFrame | None = None,
) -> Recovery:
    """Return how much of the truth was recovered.

    Parameters
    ----------
    truth
        As `simulate_answers` gives it.
    lineage, submissions, proposals
        The frames of those names.
    final_order
        Summary questions, the first priority first.
    """
    latent = latent_of_submissions(submissions, truth)
    ended = lineage.set_index("submission_id")["question_id"].reindex(latent.index)
    in_scope = latent != OUT_OF_SCOPE
    place = ended.where(ended.notna(), pd.Series(latent.index, index=latent.index))[in_scope]
    about = latent_of_questions(lineage, latent)
    latent_top = tuple(first_with_ties(latent_scores(specification, protocol), protocol.publication.top))
    published = list(final_order)[: protocol.publication.top]
    asked = set(latent[in_scope])
    proposed = None if proposals is None else proposals.set_index("submission_id")["group"].reindex(place.index)
    return Recovery(
        groups=b_cubed(list(place), list(latent[in_scope])),
        pairs=pairwise(list(place), list(latent[in_scope])),
        proposed_groups=None if proposed is None else b_cubed(list(proposed), list(latent[in_scope])),
        proposed_pairs=None if proposed is None else pairwise(list(proposed), list(latent[in_scope])),
        latent_questions=len(asked),
        found=len(asked & set(about.values())),
        in_scope_set_aside=int((in_scope & ended.isna()).sum()),
        out_of_scope_in_questions=int((~in_scope & ended.notna()).sum()),
        latent_top=latent_top,
        top=len({about.get(question) for question in published} & set(latent_top)),
        published=len(published),
    )
