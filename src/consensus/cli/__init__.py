"""The `consensus` command: one subcommand a step; each says what it did and what comes next."""

from consensus.cli.main import main

__all__ = ["main"]
