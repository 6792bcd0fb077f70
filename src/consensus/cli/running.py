"""The commands that start processes, and the simulation."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from consensus import steps
from consensus.cli.context import Context, Said
from consensus.cli.tables import as_columns
from consensus.errors import DataError, StageError
from consensus.processes import Supervisor, children, environment, install_signals
from consensus.protocol import read_protocol

__all__ = ["add_to"]

EXAMPLE = "lanternfield"


def add_to(subcommands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `demo`, `up` and `simulate`."""
    text = "take a partnership from its answers to its Top 10, with a scripted reviewer, by the real flows"
    parser = subcommands.add_parser("demo", help=text, description=text, parents=[common])
    parser.add_argument("--folder", type=Path, help=f"the partnership's folder (default: the example, {EXAMPLE})")
    parser.add_argument("--answers", type=Path, help="the answers (default: answers.csv in the folder)")
    parser.add_argument("--ballots", type=Path, help="the ballots (default: simulated from the example's truth)")
    parser.set_defaults(run=_demo)
    text = "start the Prefect server, the flows and the web app; Ctrl-C stops them"
    parser = subcommands.add_parser("up", help=text, description=text, parents=[common])
    parser.set_defaults(run=_up)
    text = "write a simulated partnership's answers and, apart from them, its truth"
    parser = subcommands.add_parser("simulate", help=text, description=text, parents=[common])
    parser.add_argument("--folder", type=Path, help=f"the partnership's folder (default: the example, {EXAMPLE})")
    parser.add_argument("--out", type=Path, help="where to write (default: the partnership's outputs)")
    parser.add_argument("--seed", type=int, help="another seed than the protocol's")
    parser.set_defaults(run=_simulate)


def _folder(context: Context, options: argparse.Namespace) -> Path:
    folder = Path(options.folder or context.settings.surveys / EXAMPLE)
    if not folder.is_dir():
        raise DataError(f"There is no partnership folder {str(folder)!r}; name one with --folder.")
    return folder.absolute()


def _up(context: Context, options: argparse.Namespace) -> Said:
    """Run until stopped; the last words are said when everything has ended."""
    install_signals()
    settings = context.settings
    print(f"Starting in {settings.home} (logs in its folder 'logs')", flush=True)
    try:
        with Supervisor(settings, say=_tell) as system:
            print(f"Start page  {settings.web_url}", flush=True)
            print(f"Prefect UI  {settings.prefect_url}", flush=True)
            print("Stop with Ctrl-C.", flush=True)
            system.wait()
    except KeyboardInterrupt:
        pass
    return Said(("Stopped.",), {"stopped": True})


def _tell(line: str) -> None:
    print(line, flush=True)


def _demo(context: Context, options: argparse.Namespace) -> Said:
    """Start the server and the flows, run the demonstration in them, stop them, and show what came of it."""
    install_signals()
    folder, settings = _folder(context, options), context.settings
    partnership = read_protocol(folder).id
    began = time.monotonic()
    command = [sys.executable, "-m", "flows.demonstration", "--folder", str(folder)]
    command += [f"--{name}={path.absolute()}" for name, path in _given(options) if path is not None]
    with Supervisor(settings, children(settings, web=False), say=_tell):
        print(f"The runs can be watched at {settings.prefect_url}", flush=True)
        ready = time.monotonic()
        done = subprocess.run(command, env=environment(settings), check=False)
        took = time.monotonic() - ready
    if done.returncode:
        raise StageError(
            f"The demonstration ended with status {done.returncode}; the lines above and the logs in "
            f"{settings.home / 'logs'} say why. Running it again goes on from where it stopped."
        )
    return _shown(context, partnership, folder, took, time.monotonic() - began)


def _given(options: argparse.Namespace) -> list[tuple[str, Path | None]]:
    return [("answers", options.answers), ("ballots", options.ballots)]


def _shown(context: Context, partnership: str, folder: Path, took: float, total: float) -> Said:
    top = steps.top_table(context.db, partnership)
    title = steps.protocol(context.db, partnership).partnership.title
    outputs = context.settings.outputs(partnership)
    lines = ["", f"The Top {len(top)} of {title}, each group's position in the interim round beside it", ""]
    lines += as_columns(top)
    if steps.has_simulation(folder):
        lines += ["", "How much of the simulation's truth was recovered by a scripted reviewer who never read it:"]
        lines += [f"  {sentence}" for sentence in steps.recovered(context.db, partnership, folder=folder).sentences()]
    lines += [
        "",
        f"Took {took:.0f} s from the moment the server was ready, {total:.0f} s in all.",
        f"Report       {outputs / 'report.html'}",
        f"Spreadsheet  {outputs / 'published.xlsx'}",
        "Look at the runs in the Prefect UI: make up",
        f"Behind the first priority: consensus trace 1 --partnership {partnership}",
    ]
    data = {"partnership": partnership, "top": top.to_dict("records"), "seconds": round(took), "outputs": str(outputs)}
    return Said(tuple(lines), data)


def _simulate(context: Context, options: argparse.Namespace) -> Said:
    folder = _folder(context, options)
    out = options.out or context.settings.outputs(read_protocol(folder).id) / "simulated"
    outcome = steps.simulate_partnership(folder, out, seed=options.seed)
    return Said.of(outcome, f"The answers are {outcome.ids['answers']}.", f"The truth is {outcome.ids['truth']}.")
