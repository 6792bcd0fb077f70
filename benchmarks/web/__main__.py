"""How many people can take part at once: `make bench-web`, or `python -m benchmarks.web --help`.

The people and the web app share this machine. Each scenario has a database of its own, SQLite or PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sqlmodel import select

from benchmarks.web.serving import DOOR, Served, prepared, processor_time
from benchmarks.web.table import HEAD, keep, quantiles, row
from benchmarks.web.visitors import Journey, Tally, Visitor, take_part
from consensus import models, receipts
from consensus.settings import Settings
from consensus.store import Store
from tests import postgres

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
Act = Callable[[Served, Tally], Coroutine[None, None, None]]


async def steady(served: Served, tally: Tally, seconds: float, each_second: float, *, patience: float = 0.0) -> None:
    """Let so many people begin each second, whatever has become of those before them."""
    began, going = time.perf_counter(), set()
    for n in range(round(seconds * each_second)):
        await asyncio.sleep(max(0.0, began + n / each_second - time.perf_counter()))
        visitor = Visitor(served.host, served.port, tally, patience)
        task = asyncio.create_task(take_part(visitor, Journey(DOOR)))
        going.add(task)
        task.add_done_callback(going.discard)
    await asyncio.gather(*going)


async def crowd(served: Served, tally: Tally, seconds: float, people: int) -> None:
    """Keep so many people at it, each reading and thinking for five to fifteen seconds before every form."""
    draw, until = random.Random(7), time.perf_counter() + seconds

    async def think() -> None:
        await asyncio.sleep(draw.uniform(5, 15))

    async def person() -> None:
        await asyncio.sleep(draw.uniform(0, 15))
        while time.perf_counter() < until:
            await take_part(Visitor(served.host, served.port, tally), Journey(DOOR, think=think))

    await asyncio.gather(*(person() for _ in range(people)))


async def power_cut(served: Served, tally: Tally, seconds: float, people: int) -> None:
    """Let so many arrive, and kill the web app with everything it started when half the time is over.

    It is started again at once, and whoever got no answer asks again, as people do.
    """

    async def cut() -> None:
        await asyncio.sleep(seconds / 2)
        served.kill()
        await asyncio.to_thread(served.start)

    await asyncio.gather(cut(), steady(served, tally, seconds, people / seconds, patience=60))


def missing(settings: Settings, codes: list[str]) -> int:
    """Return how many of the receipts that people hold are for nothing that the store has."""
    db = Store.open(settings.database_url)
    with db.reading() as session:
        kept = {receipts.receipt_code(row) for row in session.exec(select(models.Response.commitment))}
        ballots = len(session.exec(select(models.Ballot.ballot_id)).all())
    db.close()
    assert ballots == len(kept), "every response has its ballot"
    return len(set(codes) - kept) + len(codes) - len(set(codes))


def run(name: str, label: str, act: Act, database: str, server: postgres.Server | None) -> tuple[str, bool]:
    """Run a scenario; return its row, and whether everybody's ballot is where it should be and nobody met an error."""
    with tempfile.TemporaryDirectory() as home:
        served = Served(prepared(Path(home), server.database(name) if server else ""))
        tally = Tally()
        try:
            before, wall = _cpu(served, server), time.perf_counter()
            asyncio.run(act(served, tally))
            wall, after = time.perf_counter() - wall, _cpu(served, server)
        finally:
            served.kill()
        lost = missing(served.settings, tally.receipts)
    came = len(tally.receipts)
    cells = [label, database, f"{came:,}", f"{came / wall:.1f}", *quantiles(tally.sendings), *quantiles(tally.requests)]
    cells += [str(len(tally.errors)), str(lost)]
    spent = [1000 * (late - early) / max(1, came) for early, late in zip(before, after, strict=True)]
    cells += [f"{each:.1f}" if name != "power-cut" else "" for each in spent]
    for kind in sorted(set(tally.errors))[:5]:
        print(f"  {tally.errors.count(kind)} x {kind}", file=sys.stderr)
    return row(cells), lost == 0 and not tally.errors


def _cpu(served: Served, server: postgres.Server | None) -> tuple[float, float, float]:
    """Return the seconds of processor time that the web app, the database's server and the people have taken."""
    return served.cpu_seconds(), processor_time(server.process.pid) if server else 0.0, time.process_time()


def main() -> int:
    """Run what was asked for and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument("--scenario", choices=("steady", "crowd", "power-cut", "all"), default="all")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--scale", type=float, default=1.0, help="1: five minutes, ten minutes, sixty seconds")
    parser.add_argument("--rate", type=float, default=50.0, help="people who begin each second in `steady`")
    parser.add_argument("--keep", action="store_true", help="write the table in the docs, as whole scenarios do")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}\n\n{HEAD}", flush=True)
    good = True
    databases = tuple(NAMES) if options.database == "both" else (options.database,)
    if "postgresql" in databases and postgres.binaries() is None:
        print("PostgreSQL is not installed (`make database` installs it where it can), so nothing is measured on it.")
        databases, good = tuple(each for each in databases if each != "postgresql"), options.database == "both"
    for database in databases:
        with _server() if database == "postgresql" else nullcontext() as server:
            for name, (label, act) in _scenarios(options.scale, options.rate).items():
                if options.scenario in (name, "all"):
                    told, well = run(name, label, act, NAMES[database], server)
                    print(told, flush=True)
                    good = good and well
                    if options.keep or options.scale >= 1:
                        keep(told)
    return 0 if good else 1


def _scenarios(scale: float, rate: float) -> dict[str, tuple[str, Act]]:
    """Return the scenarios: how each is called in the table, and what happens in it."""
    return {
        "steady": (f"{rate:g} a second for {5 * scale:.3g} min", lambda s, t: steady(s, t, 300 * scale, rate)),
        "crowd": (f"500 at once for {10 * scale:.3g} min", lambda s, t: crowd(s, t, 600 * scale, 500)),
        "power-cut": (
            f"{2000 * scale:,.0f} arrivals in {60 * scale:.3g} s, `kill -9` in the middle",
            lambda s, t: power_cut(s, t, 60 * scale, round(2000 * scale)),
        ),
    }


@contextmanager
def _server() -> Iterator[postgres.Server]:
    server = postgres.Server(settings=())  # durable, as it is by default
    try:
        yield server
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
