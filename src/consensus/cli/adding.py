"""How a command is added to the parser: alike, wherever it stands."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from consensus.cli.context import Context, Said

__all__ = ["Adder", "Subcommands"]

Subcommands = argparse._SubParsersAction


@dataclass(frozen=True)
class Adder:
    """Adds commands that share the options of `common`, and families of commands.

    Parameters
    ----------
    subcommands
        The commands of `consensus` itself.
    common
        The parser of the options that every command has.
    """

    subcommands: Subcommands
    common: argparse.ArgumentParser

    def command(
        self, parent: Subcommands, name: str, run: Callable[[Context, argparse.Namespace], Said], text: str
    ) -> argparse.ArgumentParser:
        """Return the parser of a new command, which calls `run`."""
        parser: argparse.ArgumentParser = parent.add_parser(name, help=text, description=text, parents=[self.common])
        parser.set_defaults(run=run)
        return parser

    def family(self, name: str, text: str) -> Subcommands:
        """Return where the commands of a new family are added, such as those of `consensus review`."""
        parser = self.subcommands.add_parser(name, help=text, description=text)
        return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
