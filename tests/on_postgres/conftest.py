"""Every test of this folder runs over PostgreSQL: an address of a SQLite file leads to a database of a real server."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from consensus.store import Store
from tests import postgres
from tests.promises import test_nobody_joins_person_to_ballot as unlinking
from tests.promises import test_withdrawal_erases_my_words as withdrawal

TEMPLATE = "with_tables"


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """Return a running server with a database that has our tables, or skip and say so."""
    if postgres.binaries() is None:
        pytest.skip("PostgreSQL is not installed (`sh tests/install-postgres.sh` installs it where it can)")
    running = postgres.Server()
    Store.open(running.database(TEMPLATE)).close()
    yield running
    running.stop()


@pytest.fixture
def address_of(server: postgres.Server) -> Iterator[Callable[[str], str]]:
    """Yield a function from the address of a SQLite file to that of the database which stands for it."""
    made: dict[str, str] = {}

    def of(url: str) -> str:
        if url not in made:
            name = hashlib.sha256(url.encode()).hexdigest()[:20]
            made[url] = server.database(name, TEMPLATE)
        return made[url]

    yield of
    for url in made.values():
        server.drop(url)


@pytest.fixture
def as_files(server: postgres.Server, address_of: Callable[[str], str]) -> Callable[[Path], None]:
    """Return a function that puts what the server has on the disk of a home's database into that home, as one file."""

    def put(home: Path) -> None:
        path = home / "consensus.db"
        path.write_bytes(server.bytes_of(address_of(f"sqlite:///{path}")))

    return put


@pytest.fixture(autouse=True)
def _what_a_test_sees_on_the_disk(
    as_files: Callable[[Path], None], address_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the tests that look into the files look into the server's."""
    monkeypatch.setattr(unlinking, "PAGE", 8192)
    for module, name in ((withdrawal, "holding"), (unlinking, "holding"), (unlinking, "joined_in_bytes")):
        look = getattr(module, name)

        def look_there(home: Path, what: object, look: Callable[..., object] = look) -> object:
            as_files(home)
            try:
                return look(home, what)
            finally:
                (home / "consensus.db").unlink()

        monkeypatch.setattr(module, name, look_there)

    def rows(path: Path) -> dict[str, list[dict[str, object]]]:
        engine = create_engine(address_of(f"sqlite:///{path}").replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            names = inspect(connection).get_table_names()
            read = {name: connection.execute(text(f'SELECT * FROM "{name}"')).mappings() for name in names}
            return {name: [dict(row) for row in found] for name, found in read.items()}

    monkeypatch.setattr(unlinking, "rows", rows)


@pytest.fixture(autouse=True)
def _on_postgresql(address_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    open_at = Store.open

    def open_there(_cls: type[Store], url: str) -> Store:
        return open_at(address_of(url) if url.startswith("sqlite:///") else url)

    monkeypatch.setattr(Store, "open", classmethod(open_there))
