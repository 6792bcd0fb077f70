"""One screen of the review: an anchor, and candidates of which a person says which ask the same."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Screen"]


@dataclass(frozen=True)
class Screen:
    """What a person is shown, and decides on at once.

    Parameters
    ----------
    anchor
        The submissions shown as the question to compare with. All of one wording, read once; or more wordings.
    candidates
        For each candidate the submissions shown for it; those of one wording are read once. The answer holds for the
        groups they stand for.
    why
        What the machine saw that made it ask; it holds no participant's word.
    chances
        How likely each candidate asks the same, as the machine sees it.
    evidence
        What that was taken from, in thousandths, kept in the decision so that the queue learns the same from the log.
    again
        The pairs that were judged before and are shown once more, because the evidence speaks against what was said.
    settles
        The two submissions of a contest that this screen settles; empty for any other.
    """

    anchor: tuple[str, ...]
    candidates: list[tuple[str, ...]]
    why: str = ""
    chances: tuple[float, ...] = ()
    evidence: tuple[tuple[int, ...], ...] = ()
    again: tuple[tuple[str, str], ...] = ()
    settles: tuple[str, ...] = ()
