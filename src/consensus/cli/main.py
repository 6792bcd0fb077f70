"""Reading the command line, calling one command, and saying what came of it.

Exit status: 0 done; 1 a bug, with its traceback; 2 a fault of a file or of data; 3 asked at the wrong moment.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import traceback
from collections.abc import Sequence

from consensus.cli import chain, checking, commands, inviting, rounds, running
from consensus.cli.context import Context
from consensus.errors import ConsensusError, DataError
from consensus.version import __version__

__all__ = ["build_parser", "main"]

_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters but for the tab and the end of a line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one `consensus` command and return its exit status."""
    options = build_parser().parse_args(arguments)
    context: Context | None = None
    try:
        _refuse_what_is_no_text(options)
        context = Context.of(options)
        result = options.run(context, options)
        print(
            json.dumps(result.to_dict(), indent=2, default=str) if options.json else shown(result.to_text()), flush=True
        )
    except ConsensusError as error:
        _say_error(error, options.json)
        return error.exit_status
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on; say nothing at the exit
    except Exception:
        traceback.print_exc()
        print("This is a bug in consensus, not in what you did; please report the lines above.", file=sys.stderr)
        return 1
    finally:
        if context is not None:
            context.close()
    return 0


def _refuse_what_is_no_text(options: argparse.Namespace) -> None:
    """Raise a `DataError` where something typed is in another encoding than ours; the name of a file may be."""
    for name, value in vars(options).items():
        words = [word for word in (value if isinstance(value, list) else [value]) if isinstance(word, str)]
        if any("\ud800" <= character <= "\udfff" for word in words for character in word):
            raise DataError(
                f"What was typed for '{name}' is not in UTF-8; set the terminal to UTF-8 and type it again."
            )


def _say_error(error: ConsensusError, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": str(error), "faults": list(error.faults)}, indent=2))
    print(shown(str(error)), file=sys.stderr)


def shown(text: str) -> str:
    """Return a text for a screen, on which no character of it moves the cursor, changes a colour or rings a bell.

    Examples
    --------
    >>> shown("red: \\x1b[31m")
    'red: \\\\x1b[31m'
    """
    return _OBEYED.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command, every subcommand with its own help."""
    parser = argparse.ArgumentParser(
        prog="consensus", description="Run a priority setting partnership, from the words people wrote to the Top 10."
    )
    parser.add_argument("--version", action="version", version=f"consensus {__version__}")
    parser.set_defaults(json=False, partnership=None)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print the result for a program to read")
    common.add_argument("--partnership", metavar="ID", help="which partnership, where there are several")
    common.add_argument("--by", metavar="NAME", help="who does or decides it (default: your user name)")
    common.add_argument("--now", metavar="INSTANT", help="the clock to go by, in ISO form with its zone (default: now)")
    subcommands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    commands.add_to(subcommands, common)
    checking.add_to(subcommands, common)
    rounds.add_to(subcommands, common)
    inviting.add_to(subcommands, common)
    chain.add_to(subcommands, common)
    running.add_to(subcommands, common)
    return parser
