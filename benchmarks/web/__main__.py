"""How many people can take part at once: `make bench-web`, or `python -m benchmarks.web --help`.

The people and the web app share this machine. Each scenario has a database of its own, SQLite or PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from sqlmodel import select

from benchmarks.web.serving import DOOR, Served, prepared
from benchmarks.web.visitors import Journey, Tally, Visitor, take_part
from consensus import models, receipts
from consensus.settings import Settings
from consensus.store import Store


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

    def cut() -> None:
        served.kill()
        served.start()

    timer = threading.Timer(seconds / 2, cut)
    timer.start()
    await steady(served, tally, seconds, people / seconds, patience=60)
    timer.join()


def missing(settings: Settings, codes: list[str]) -> int:
    """Return how many of the receipts that people hold are for nothing that the store has."""
    db = Store.open(settings.database_url)
    with db.reading() as session:
        kept = {receipts.receipt_code(row) for row in session.exec(select(models.Response.commitment))}
        ballots = len(session.exec(select(models.Ballot.ballot_id)).all())
    db.close()
    assert ballots == len(kept), "every response has its ballot"
    return len(set(codes) - kept) + len(codes) - len(set(codes))


def quantiles(seconds: list[float]) -> str:
    """Return the median, the 95th and 99th percentile and the longest in milliseconds, as cells of a table."""
    if not seconds:
        return "| | | | "
    return " | ".join(f"{1000 * each:,.0f}" for each in (*np.quantile(seconds, (0.5, 0.95, 0.99)), max(seconds)))


def run(name: str, label: str, act: Callable[[Served, Tally], object], database_url: str, database: str) -> bool:
    """Run a scenario and print its row; return whether everybody's ballot is where it should be."""
    with tempfile.TemporaryDirectory() as home:
        served = Served(prepared(Path(home), database_url))
        tally = Tally()
        cpu, wall = served.cpu_seconds(), time.perf_counter()
        asyncio.run(act(served, tally))  # type: ignore[arg-type]
        wall, cpu = time.perf_counter() - wall, served.cpu_seconds() - cpu
        served.kill()
        lost = missing(served.settings, tally.receipts)
    cells = [
        label,
        database,
        f"{len(tally.receipts):,}",
        f"{len(tally.receipts) / wall:.1f}",
        quantiles(tally.sendings),
    ]
    cells += [quantiles(tally.requests), str(len(tally.errors)), str(lost)]
    cells.append(f"{1000 * cpu / max(1, len(tally.receipts)):.0f}" if name != "power-cut" else "")
    print(f"| {' | '.join(cells)} |", flush=True)
    for kind in sorted(set(tally.errors))[:5]:
        print(f"  {tally.errors.count(kind)} x {kind}", file=sys.stderr)
    return lost == 0 and not tally.errors


HEAD = """\
| | database | ballots | a second | sending: median | p95 | p99 | longest | any request: median | p95 | p99 | longest \
| errors | lost | server CPU ms a ballot |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"""


def main() -> int:
    """Run what was asked for and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument("--scenario", choices=("steady", "crowd", "power-cut", "all"), default="all")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--scale", type=float, default=1.0, help="1: five minutes, ten minutes, sixty seconds")
    parser.add_argument("--rate", type=float, default=50.0, help="people who begin each second in `steady`")
    options = parser.parse_args()
    scale, rate = options.scale, options.rate
    minutes = f"{5 * scale:.3g}"
    scenarios: dict[str, tuple[str, Callable[[Served, Tally], object]]] = {
        "steady": (f"{rate:g} a second for {minutes} min", lambda s, t: steady(s, t, 300 * scale, rate)),
        "crowd": (f"500 at once for {10 * scale:.3g} min", lambda s, t: crowd(s, t, 600 * scale, 500)),
        "power-cut": (
            f"{2000 * scale:,.0f} arrivals in {60 * scale:.3g} s, `kill -9` in the middle",
            lambda s, t: power_cut(s, t, 60 * scale, round(2000 * scale)),
        ),
    }
    print(f"load of the machine before: {os.getloadavg()[0]:.1f}\n\n{HEAD}", flush=True)
    good = True
    for database in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        with _server() if database == "postgresql" else nullcontext() as server:
            for name, (label, act) in scenarios.items():
                if options.scenario in (name, "all"):
                    url = server.database(name) if server else ""
                    good &= run(name, label, act, url, {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[database])
    return 0 if good else 1


def _server() -> object:
    from contextlib import closing

    from tests import postgres

    server = postgres.Server(settings=())  # durable, as it is by default
    server.close = server.stop  # type: ignore[attr-defined]
    return closing(server)  # type: ignore[type-var]


if __name__ == "__main__":
    sys.exit(main())
