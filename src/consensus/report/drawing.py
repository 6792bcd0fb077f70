"""Drawings: figures laid out in points, wrapped by measured words, rendered to the same bytes every time.

A drawing has two widths: "phone" is read at 320 pixels, "page" from 720 on. Nothing here keeps state between drawings;
pyplot is never used.
"""

from __future__ import annotations

import io
import re
import threading
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

__all__ = ["GREY", "INK", "PALE", "Drawing", "Sheet", "Width", "plain", "text_width", "wrap"]

Width = Literal["phone", "page"]
POINTS: dict[Width, float] = {"phone": 225.0, "page": 645.0}  # 300 and 860 CSS pixels
FONT = "DejaVu Sans"
LONGEST_WORD = 60
INK, GREY, PALE = "#1A1A1A", "#5A5A5A", "#DDDDDD"

SHRUNK = {"D": 0.84, "s": 0.92, "d": 1.1, "p": 1.08}  # so that all markers look of one size

_measure = TextToPath()
_rendering = threading.Lock()  # rcParams are global to the process


@dataclass(frozen=True)
class Drawing:
    """A figure and the words that say the same.

    Attributes
    ----------
    alt
        What a person who does not see the drawing reads instead.
    """

    figure: Figure
    alt: str

    def png(self) -> bytes:
        """Return the drawing as PNG, two pixels a point; the same bytes every time."""
        return self._render("png", FigureCanvasAgg, {"Software": None})

    def svg(self) -> str:
        """Return the drawing as SVG whose words are text; the same every time."""
        text = self._render("svg", FigureCanvasSVG, {"Date": None, "Creator": None}).decode()
        return text.replace(f"'{FONT}'", f"'{FONT}', Verdana, sans-serif")

    def _render(self, kind: str, canvas: Any, metadata: dict[str, None]) -> bytes:
        stream = io.BytesIO()
        settings: dict[Any, Any] = {
            "svg.hashsalt": "consensus",
            "svg.fonttype": "none",
            "font.family": FONT,
            "path.simplify": False,
        }
        with _rendering, mpl.rc_context(settings), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a script that the font lacks: the browser has others
            getattr(canvas(self.figure), f"print_{kind}")(stream, metadata=metadata)
        return stream.getvalue()


class Sheet:
    """A white sheet measured in points, x to the right and y downwards, that grows as things are put on it."""

    def __init__(self, width: Width) -> None:
        self.width = POINTS[width]
        self.phone = width == "phone"
        self.size = 9.5 if self.phone else 10.0
        self.height = 0.0
        self.figure = Figure(dpi=144, facecolor="white")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()

    def write(self, x: float, y: float, text: str, **how: Any) -> None:
        """Put a line of text with its middle at the height y."""
        how = {"size": self.size, "color": INK, "va": "center_baseline", "family": FONT, **how}
        self.axes.text(x, y, plain(text), parse_math=False, **how)

    def paragraph(self, x: float, y: float, lines: list[str], **how: Any) -> float:
        """Put lines of text under one another from the top y; return where they end."""
        leading = 1.32 * how.get("size", self.size)
        for place, line in enumerate(lines):
            self.write(x, y + (place + 0.5) * leading, line, **how)
        return y + len(lines) * leading

    def line(self, x0: float, y0: float, x1: float, y1: float, **how: Any) -> None:
        """Draw a straight line."""
        self.axes.plot([x0, x1], [y0, y1], **_over({"color": PALE, "lw": 1, "solid_capstyle": "butt"}, how))

    def bar(self, x: float, y: float, width: float, height: float, **how: Any) -> None:
        """Draw a rectangle from its top left corner."""
        self.axes.add_patch(mpl.patches.Rectangle((x, y), width, height, **{"lw": 0, "zorder": 2.5, **how}))

    def mark(self, x: float, y: float, look: Any, size: float = 12.0) -> None:
        """Draw a stakeholder group's marker with its letter."""
        edge = {"markeredgecolor": "white", "markeredgewidth": 0.8}
        shape = {"marker": look.marker, "color": look.colour, "markersize": SHRUNK.get(look.marker, 1) * size}
        self.axes.plot([x], [y], zorder=3, **_over(shape, edge))
        self.write(x, y, look.letter, size=0.6 * size, color=look.ink, ha="center", weight="bold", zorder=4)

    def finish(self, height: float, alt: str) -> Drawing:
        """Return the drawing, `height` points high."""
        self.axes.set_xlim(0, self.width)
        self.axes.set_ylim(height, 0)
        self.figure.set_size_inches(self.width / 72, height / 72)
        return Drawing(self.figure, " ".join(plain(alt).split()))


def _over(usual: dict[str, Any], how: dict[str, Any]) -> dict[str, Any]:
    return {**usual, **how}


def plain(text: object) -> str:
    """Return text without what no drawing and no XML can hold: control characters and halves of pairs.

    >>> plain("sleep\\x00\\nwell")
    'sleep well'
    """
    kept = (" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in str(text))
    return re.sub(" +", " ", "".join(kept).replace("\ufffe", " ").replace("\uffff", " "))


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return how wide a line of text is, in points."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        font = FontProperties(family=FONT, size=size, weight=weight)
        return float(_measure.get_text_width_height_descent(text, font, ismath=False)[0])


def wrap(text: str, width: float, size: float, *, lines: int = 0, weight: str = "normal") -> list[str]:
    """Return text as lines no wider than `width` points, broken between words.

    A word is broken only where it alone is wider than a line. With `lines` above 0, what does not fit is left out
    after a word, and an ellipsis says so.

    Examples
    --------
    >>> wrap("What helps people sleep well?", 80, 10)
    ['What helps', 'people sleep', 'well?']
    >>> wrap("What helps people sleep well?", 80, 10, lines=2)
    ['What helps', 'people sleep …']
    """
    done, line = [], ""
    for word in chain.from_iterable(_pieces(word, width, size, weight) for word in plain(text).split(" ") if word):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, size, weight) > width:
            done.append(line)
            line = word
        else:
            line = longer
        if lines and len(done) > lines:
            break
    done.append(line)
    if not lines or len(done) <= lines:
        return done
    last = done[lines - 1].split()
    while len(last) > 1 and text_width(" ".join([*last, "…"]), size, weight) > width:
        last.pop()
    return [*done[: lines - 1], " ".join([*last, "…"])]


def _pieces(word: str, width: float, size: float, weight: str) -> Iterator[str]:
    """Give a word whole, or in pieces where it alone is too wide."""
    while len(word) > LONGEST_WORD or text_width(word, size, weight) > width:
        end = min(len(word), LONGEST_WORD)
        while end > 1 and text_width(word[:end], size, weight) > width:
            end = end * 3 // 4
        yield word[:end]
        word = word[end:]
        if not word:
            return
    yield word
