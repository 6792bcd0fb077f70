"""What hangs together: submissions and the links between them, each of which a person made, or the same wording."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

__all__ = ["Links"]


class Links:
    """Links between submissions, of which any can be cut.

    Examples
    --------
    >>> links = Links()
    >>> links.tie("s1", "s2")
    >>> links.tie("s2", "s3")
    >>> links.path("s3", "s1"), links.behind("s1")
    (['s3', 's2', 's1'], [('s1', 's2', ['s2', 's3']), ('s2', 's3', ['s3'])])
    >>> links.cut("s1", "s2")
    >>> links.reached("s3")
    ['s3', 's2']
    """

    def __init__(self) -> None:
        self._near: defaultdict[str, set[str]] = defaultdict(set)

    def tie(self, one: str, other: str) -> None:
        """Link two."""
        self._near[one].add(other)
        self._near[other].add(one)

    def cut(self, one: str, other: str) -> None:
        """Take the link between two away."""
        self._near[one].discard(other)
        self._near[other].discard(one)

    def free(self, one: str) -> None:
        """Take all links of one away."""
        for near in list(self._near[one]):
            self.cut(one, near)

    def reached(self, one: str) -> list[str]:
        """Return all that hang together with one, itself first, then the nearest."""
        return [one, *(far for _, far in self._steps(one))]

    def behind(self, root: str) -> list[tuple[str, str, list[str]]]:
        """Return the links away from one: the near end, the far one, and all behind it."""
        steps = list(self._steps(root))
        parts = {each: [each] for each in (root, *(far for _, far in steps))}
        for near, far in reversed(steps):
            parts[near] += parts[far]
        return [(near, far, parts[far]) for near, far in steps]

    def path(self, one: str, other: str) -> list[str]:
        """Return those by which two hang together, from the one to the other."""
        before = {far: near for near, far in self._steps(one)}
        steps = [other]
        while steps[-1] != one:
            steps.append(before[steps[-1]])
        return steps[::-1]

    def parts(self, submissions: Sequence[str]) -> Iterator[str]:
        """Yield the first of each part of some submissions that hangs together."""
        seen: set[str] = set()
        for each in submissions:
            if each not in seen:
                yield each
                seen.update(self.reached(each))

    def _steps(self, root: str) -> Iterator[tuple[str, str]]:
        """Yield each link by which something is first reached from `root`: its near end and its far one."""
        order, seen = [root], {root}
        for each in order:
            for near in sorted(self._near[each] - seen):
                seen.add(near)
                order.append(near)
                yield each, near
