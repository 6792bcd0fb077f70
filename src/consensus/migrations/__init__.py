"""How the tables of one version become those of the next: Alembic's environment, and one file a version.

A change of the tables in `consensus.models` needs a file in `versions`, numbered by the highest there is and one, whose
`upgrade` changes the database of the version before likewise; a test compares the two. `consensus.store` runs them.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["FIRST", "FOLDER", "head"]

FOLDER = Path(__file__).parent
FIRST = "0001"


def head() -> str:
    """Return the number of the newest version of the tables.

    Examples
    --------
    >>> head() > FIRST
    True
    """
    return max(path.stem[1:5] for path in (FOLDER / "versions").glob("v[0-9]*.py"))
