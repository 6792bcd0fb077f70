"""Somebody who takes part without a script: reads a page, fills in its form, presses a button."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pandas as pd
from fastapi.testclient import TestClient

from consensus import steps, store
from consensus.settings import Settings
from consensus.store import Store
from consensus.web.app import create_app

__all__ = [
    "DESK",
    "EXAMPLE",
    "OPENED",
    "Clock",
    "Visitor",
    "at_the_desk",
    "at_the_door",
    "open_interim",
    "put_questions",
    "reformed",
]

EXAMPLE = Path(__file__).resolve().parents[1] / "surveys" / "lanternfield"
OPENED = datetime(2026, 3, 2, 9, tzinfo=UTC)
DESK = "http://127.0.0.1"
"""Where the desk answers: to this machine alone."""


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = OPENED) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


class _Form(HTMLParser):
    """Reads the fields of a page's form as a browser would send them, and its buttons; not those of a search."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.buttons: list[tuple[str, str]] = []
        self.action = ""
        self._area: str | None = None
        self._select: str | None = None
        self._option: tuple[bool, str] | None = None
        self._searches = False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        had = dict(attributes)
        name, value = had.get("name"), had.get("value") or ""
        if tag == "form":
            self._searches = had.get("method") == "get"
            self.action = self.action if self._searches else had.get("action", "")
        if self._searches:
            return
        if tag == "button":
            self.buttons.append((name or "", value))
        elif tag == "input" and name:
            if had.get("type") not in ("checkbox", "radio") or "checked" in had:
                self.fields.append((name, value))
        elif tag == "textarea":
            self.fields.append((name or "", ""))
            self._area = name
        elif tag == "select":
            self._select, self._first = name, True
        elif tag == "option" and self._select:
            self._option = ("selected" in had, had.get("value"))
            if had.get("value") is not None:
                self._take_option(value)

    def handle_data(self, data):
        if self._area is not None:
            name, before = self.fields[-1]
            self.fields[-1] = (name, before + (data[1:] if not before and data.startswith("\n") else data))
        if self._option is not None and self._select:
            self._take_option(data.strip())

    def _take_option(self, value):
        if self._option[0] or self._first:
            self.fields = [field for field in self.fields if field[0] != self._select] + [(self._select, value)]
        self._first, self._option = False, None

    def handle_endtag(self, tag):
        if tag == "form":
            self._searches = False
        if tag == "textarea":
            self._area = None
        if tag == "select":
            self._select = None


class Visitor:
    """A browser without script; `page` is what it shows."""

    def __init__(self, client: httpx.Client, path: str = "") -> None:
        self.client = client
        if path:
            self.open(path)

    def open(self, path: str) -> Visitor:
        self.page = self.client.get(path)
        return self

    @property
    def path(self) -> str:
        return self.page.url.path

    @property
    def form(self) -> _Form:
        return _Form(self.page.text)

    def press(self, go: str = "", **said: str | list[str]) -> Visitor:
        """Send the page's form with some fields filled in (`a__q` is `a.q`) and a button pressed."""
        form = self.form
        assert form.action, f"there is no form on {self.path}"
        assert not go or ("go", go) in form.buttons, f"no button {go!r} among {form.buttons}"
        changed = {name.replace("__", "."): value for name, value in said.items()}
        fields: dict[str, list[str]] = {}
        for name, value in form.fields:
            if name not in changed:
                fields.setdefault(name, []).append(value)
        fields |= {name: value if isinstance(value, list) else [value] for name, value in changed.items()}
        if go:
            fields["go"] = [go]
        self.page = self.client.post(form.action, data=fields)
        return self


def at_the_door(home: Path, folder: Path = EXAMPLE, clock: Clock | None = None) -> tuple[TestClient, Store, Clock]:
    """Register a partnership, open its gathering round, and return the web app over it."""
    clock = clock or Clock()
    settings = Settings.from_environment({"CONSENSUS_HOME": str(home)})
    db = Store.open(settings.database_url)
    steps.register(db, folder, by="tester", now=clock())
    return TestClient(create_app(settings, clock)), db, clock


def at_the_desk(client: TestClient, **options: bool) -> TestClient:
    """Return a client of the same web app that sits at this machine, where the desk answers."""
    return TestClient(client.app, base_url=DESK, client=("127.0.0.1", 5000), **options)


def put_questions(db: Store, partnership: str, count: int, themes: tuple[str, ...]) -> list[str]:
    """Put summary questions into the store as if they had been reviewed, and return their ids."""
    asked = (
        "Does better sleep help",
        "Do cafés help",
        "What helps families",
        "Which therapy helps",
        "How does work help",
    )
    rows = [
        {
            "question_id": f"q{n:012x}",
            "wording": f"{asked[n % len(asked)]} people in situation {n + 1}?",
            "category": themes[n % len(themes)],
            "status": "open",
            "submissions": 1,
            "respondents": 1,
        }
        for n in range(count)
    ]
    with db.writing() as session:
        store.replace_frame(session, "questions", partnership, pd.DataFrame(rows))
    return [str(row["question_id"]) for row in rows]


def open_interim(db: Store, clock: Clock, count: int = 30) -> list[str]:
    """Open the example's interim round over made-up questions and return their ids."""
    clock.now = datetime(2026, 6, 16, 9, tzinfo=UTC)
    ids = put_questions(db, "lanternfield", count, ("biological", "social", "services"))
    steps.open_round(db, "lanternfield", "interim", by="tester", now=clock())
    return ids


def reformed(folder: Path, form: str, item: str) -> Path:
    """Write the example into a folder with another form of ballot, its item of another type, and return the folder."""
    folder.mkdir(parents=True)
    for path in EXAMPLE.glob("*.toml"):
        text = path.read_text(encoding="utf-8").replace('form = "ranked"', f'form = "{form}"')
        text = text.replace('type = "rank"', f'type = "{item}"')
        if item in ("rate", "best_worst"):
            text = text.replace("maximum = 10\n", "")
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder
