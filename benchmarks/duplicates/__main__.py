"""`python -m benchmarks.duplicates [PART ...]`: measure on the shared data, and keep each part's table in the docs.

The data are not part of the project; without the folder `shared` beside it there is nothing to measure.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from pathlib import Path

PARTS = ("speed", "machine", "screening", "deciding", "errors", "intervals", "whole", "start", "prior", "banking")
ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
DOCUMENT, SECTION = ROOT / "docs" / "measured.md", "## Duplicates"


class Tee(io.StringIO):
    """What is printed, shown and kept."""

    def write(self, text: str) -> int:
        """Show and keep some text."""
        sys.__stdout__.write(text)
        sys.__stdout__.flush()
        return super().write(text)


def main(parts: list[str]) -> None:
    """Run the parts named, or all that there are."""
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise SystemExit(f"No such part: {', '.join(unknown)}. There are {', '.join(PARTS)}.")
    if not SHARED.is_dir():
        raise SystemExit("The folder 'shared' with real data is not beside the project; there is nothing to measure.")
    for part in parts or PARTS:
        printed = Tee()
        with contextlib.redirect_stdout(printed):
            importlib.import_module(f"benchmarks.duplicates.{part}").main(SHARED)
        keep(part, printed.getvalue())


def keep(part: str, printed: str) -> None:
    """Write what a part printed in its place of the document's section, the rest as it was."""
    begin, end = f"<!-- {part} begins -->", f"<!-- {part} ends -->"
    text = DOCUMENT.read_text(encoding="utf-8")
    if SECTION not in text:
        text = f"{text.rstrip()}\n\n{SECTION}\n"
    if begin not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n"
    before, rest = text.split(begin, 1)
    after = rest.split(end, 1)[1]
    DOCUMENT.write_text(f"{before}{begin}\n{printed.strip()}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
