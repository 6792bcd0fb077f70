"""What a command works with: settings, the store, the clock, who is asking, and which partnership."""

from __future__ import annotations

import argparse
import getpass
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from consensus import steps
from consensus.errors import DataError, StageError
from consensus.settings import Settings
from consensus.steps import Outcome
from consensus.store import Store

__all__ = ["Context", "Said"]


@dataclass(frozen=True)
class Said:
    """What a command says: lines for a person, a mapping for a program."""

    lines: tuple[str, ...]
    data: Mapping[str, object]

    @classmethod
    def of(cls, outcome: Outcome, *more: str) -> Said:
        """Return what to say of a step's outcome, with lines of the command's own after what was done."""
        lines = [outcome.done.strip(), *more, *([f"Next: {outcome.next}"] if outcome.next else [])]
        return cls(tuple(lines), {**outcome.to_dict(), "notes": list(more)})

    def to_text(self) -> str:
        """Return the lines as one text."""
        return "\n".join(self.lines)

    def to_dict(self) -> dict[str, object]:
        """Return the data for `--json`."""
        return dict(self.data)


@dataclass
class Context:
    """Everything a command needs and did not spell out."""

    settings: Settings
    partnership_option: str | None = None
    by_option: str | None = None
    now_option: str | None = None
    _store: Store | None = field(default=None, repr=False)

    @classmethod
    def of(cls, options: argparse.Namespace) -> Context:
        """Return the context of parsed options and the environment."""
        return cls(
            Settings.from_environment(),
            options.partnership,
            getattr(options, "by", None),
            getattr(options, "now", None),
        )

    @property
    def cache(self) -> Path:
        """Return the folder of what texts were turned into."""
        return self.settings.embeddings

    @property
    def db(self) -> Store:
        """Return the store, opened when first asked for."""
        if self._store is None:
            self._store = Store.open(self.settings.database_url)
        return self._store

    @property
    def by(self) -> str:
        """Return who acts: `--by`, else the user's name on this machine."""
        return getpass.getuser() if self.by_option is None else self.by_option

    @property
    def now(self) -> datetime:
        """Return the clock to go by, in UTC."""
        if self.now_option is None:
            return datetime.now(UTC)
        instant = read_instant(self.now_option, "--now")
        if instant.tzinfo is None:
            raise DataError(f"--now {self.now_option!r} has no time zone; write one, as in 2026-03-01T17:00+00:00.")
        return instant.astimezone(UTC)

    @property
    def partnership(self) -> str:
        """Return the partnership that is meant: `--partnership`, else the only one there is."""
        if self.partnership_option:
            return self.partnership_option
        known = [name for name, _ in steps.list_partnerships(self.db)]
        if len(known) == 1:
            return known[0]
        if not known:
            raise StageError("No partnership is registered yet; register a folder first: `consensus init FOLDER`.")
        raise StageError(f"There are several partnerships; say which: --partnership {' or '.join(known)}.")

    def local_instant(self, text: str, option: str) -> datetime:
        """Return a time that somebody typed, in UTC: as in `2026-03-01T17:00`, or days from now, as in `14 days`.

        It is read in the partnership's time zone where it names none; days end at the hour and minute that it is there.
        """
        zone = steps.protocol(self.db, self.partnership).zone
        days = re.fullmatch(r"([0-9]{1,3}) days?", text.strip())
        if days:
            here = self.now.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
            instant = here + timedelta(days=int(days[1]))
        else:
            instant = read_instant(text, option, or_days=True)
        if instant.tzinfo is None:
            there = instant.replace(tzinfo=zone)
            if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != instant:
                raise DataError(f"{option} {text!r} does not exist in {zone} (clocks go forward); choose another time.")
            instant = there
        return instant.astimezone(UTC)

    def close(self) -> None:
        """Give back what was opened."""
        if self._store is not None:
            self._store.close()


def read_instant(text: str, option: str, *, or_days: bool = False) -> datetime:
    """Return the time that `text` says, or raise a `DataError` that shows how to write one."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        days = ", or '14 days' for so many from now" if or_days else ""
        raise DataError(f"{option} {text!r} is not a time; write it as in 2026-03-01T17:00{days}.") from None
    if not 1900 < instant.year < 3000:
        raise DataError(f"{option} {text!r} is no time of ours; choose another year.")
    return instant
