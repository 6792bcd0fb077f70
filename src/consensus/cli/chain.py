"""`consensus verify`: whether a published chain holds, and whether a receipt code stands in it."""

from __future__ import annotations

import argparse
from pathlib import Path

from consensus import steps, verify
from consensus.cli.context import Context, Said
from consensus.errors import DataError

__all__ = ["add_to"]


def add_to(subcommands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add `verify`."""
    text = "check the hash chains of the closed rounds, and look for receipt codes in them"
    parser = subcommands.add_parser("verify", help=text, description=text, parents=[common])
    parser.add_argument("code", nargs="*", help="a receipt code to look for")
    parser.add_argument("--file", type=Path, help="a published chain.json; without it, the store's is checked as well")
    parser.add_argument("--root", action="append", default=[], help="a root as it was published elsewhere")
    parser.set_defaults(run=_verify)


def _verify(context: Context, options: argparse.Namespace) -> Said:
    told: list[str] = []
    path = options.file
    if path is None:
        told.append(steps.verify_store(context.db, context.partnership).done)
        path = steps.publish_chain(
            context.db, context.partnership, folder=context.settings.outputs(context.partnership)
        )
        if path is None:
            return Said(tuple(told), {"rounds": [], "holds": []})
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    lines, faults = verify.examine_file(content, options.code, options.root)
    if faults:
        raise DataError.of(path.name, faults)
    told += [*lines, f"Everything holds. Anybody can check {path.name} with verify.py alone."]
    return Said(tuple(told), {"file": str(path), "holds": lines})
