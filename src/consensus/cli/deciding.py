"""The commands by which people decide what asks the same: in a workbook, or screen by screen."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from consensus import steps
from consensus.cli.context import Context, Said
from consensus.errors import DataError
from consensus.steps import Outcome

__all__ = ["add_to"]

Add = Callable[[argparse._SubParsersAction, str, Callable[..., Said], str], argparse.ArgumentParser]


def add_to(review: argparse._SubParsersAction, command: Add) -> None:
    """Add `consensus review export`, `import`, `next`, `answer`, `split`, `move` and the others."""
    parser = command(review, "export", _review_export, "write the review workbook")
    parser.add_argument("file", type=Path, nargs="?", help="where to (default: the partnership's outputs)")
    parser.add_argument(
        "--order", choices=("groups", "scope"), default="groups", help="largest group or likeliest out of scope first"
    )
    command(review, "import", _review_import, "take the decisions of a reviewed workbook").add_argument(
        "file", type=Path
    )
    command(review, "next", _next, "show the screen to decide on next: participants' words")
    parser = command(review, "answer", _answer, "say which candidates of a screen ask the same; the rest do not")
    parser.add_argument("screen", help="its id, as `consensus review next` shows it")
    parser.add_argument("--same", default="", metavar="N,N", help="numbers of the candidates; none without")
    parser.add_argument(
        "--also", default=[], action="append", metavar="N,N",
        help="numbers of candidates that ask something else, but the same as one another; once for each such pile",
    )  # fmt: skip
    parser.add_argument("--why", default="")
    parser = command(review, "split", _split, "say that submissions of one group ask something else, together")
    parser.add_argument("submissions", nargs="+", metavar="SUBMISSION")
    parser.add_argument("--why", default="")
    parser = command(review, "move", _move, "put a submission, also one set aside, beside another that asks the same")
    parser.add_argument("submission")
    parser.add_argument("beside", metavar="OTHER")
    parser.add_argument("--why", default="")
    parser = command(review, "set-aside", _set_aside, "put submissions aside, with the reason")
    parser.add_argument("submissions", nargs="+", metavar="SUBMISSION")
    parser.add_argument("--why", required=True)
    parser = command(review, "reword", _reword, "write a summary question anew, or make one of a group")
    parser.add_argument("question", help="its id, as `consensus questions` shows it, or a submission of the group")
    parser.add_argument("wording")
    parser.add_argument("--why", default="")
    parser = command(review, "undo", _undo, "take back the last decision on what asks the same, whoever made it")
    parser.add_argument("--whole", action="store_true", help="and all that was recorded with it, as of a workbook")
    parser.add_argument("--why", default="")
    parser = command(review, "screen", _screen, "what may be out of scope, likeliest first: participants' words")
    parser.add_argument("--count", type=int, default=20, help="how many are shown (default: 20)")
    command(review, "progress", _progress, "how far the review is, and how much is together by estimate")


def _review_export(context: Context, options: argparse.Namespace) -> Said:
    path = options.file or context.settings.outputs(context.partnership) / "review.xlsx"
    outcome = steps.export_review(
        context.db, context.partnership, path, cache=_cache(context), order=options.order, now=context.now
    )
    return Said.of(outcome, f"The workbook is {outcome.ids['workbook']}.")


def _review_import(context: Context, options: argparse.Namespace) -> Said:
    return Said.of(steps.import_review(context.db, context.partnership, options.file, by=context.by, now=context.now))


def _cache(context: Context) -> Path:
    return context.settings.embeddings


def _next(context: Context, options: argparse.Namespace) -> Said:
    asked = steps.next_screen(context.db, context.partnership, cache=_cache(context))
    if asked.screen is None:
        return Said(("Nothing is worth asking any more.",), {"screen": None})
    screen, identity = asked.screen, steps.screen_id(asked.screen)
    lines = [
        f"Screen {identity}. {screen.why}",
        "",
        f"Which ask the same as {screen.anchor[0]}: {asked.texts[screen.anchor[0]]}",
    ]
    lines += [f"  {number}  {ids[0]}: {asked.texts[ids[0]]}" for number, ids in enumerate(screen.candidates)]
    lines += [""]
    if len(screen.candidates) > 1:
        lines += ["Any that ask something else, but the same as one another, are a pile: --also NUMBERS for each pile."]
    lines += [f"Next: consensus review answer {identity} --same NUMBERS --also NUMBERS"]
    shown = [{"number": n, "submissions": ids, "text": asked.texts[ids[0]]} for n, ids in enumerate(screen.candidates)]
    anchor = {"submissions": screen.anchor, "text": asked.texts[screen.anchor[0]]}
    return Said(tuple(lines), {"screen": identity, "why": screen.why, "anchor": anchor, "candidates": shown})


def _answer(context: Context, options: argparse.Namespace) -> Said:
    same, also = _numbers("--same", options.same), [_numbers("--also", pile) for pile in options.also]
    if not all(also):
        raise DataError("--also names no candidate; write the numbers of a pile as in 1,4.")
    return _decided(context, options, steps.answer_screen, options.screen, same, also=also)


def _numbers(option: str, told: str) -> list[int]:
    try:
        return [int(number) for number in told.replace(",", " ").split()]
    except ValueError:
        raise DataError(f"{option} {told!r} is no list of numbers; write it as in 0,3.") from None


def _split(context: Context, options: argparse.Namespace) -> Said:
    return _decided(context, options, steps.split_group, options.submissions)


def _move(context: Context, options: argparse.Namespace) -> Said:
    return _decided(context, options, steps.move_submission, options.submission, options.beside)


def _set_aside(context: Context, options: argparse.Namespace) -> Said:
    return _decided(context, options, steps.set_submissions_aside, options.submissions)


def _reword(context: Context, options: argparse.Namespace) -> Said:
    return _decided(context, options, steps.reword_question, options.question, options.wording)


def _undo(context: Context, options: argparse.Namespace) -> Said:
    return _decided(context, options, steps.undo_decision, whole=options.whole)


def _decided(
    context: Context, options: argparse.Namespace, step: Callable[..., Outcome], *what: object, **how: object
) -> Said:
    """Have a step record what somebody decided on which texts ask the same."""
    said = {"by": context.by, "now": context.now, "why": options.why, "cache": _cache(context), **how}
    return Said.of(step(context.db, context.partnership, *what, **said))


def _screen(context: Context, options: argparse.Namespace) -> Said:
    found = steps.screen_for_scope(context.db, context.partnership, cache=_cache(context)).head(max(options.count, 0))
    lines = [f"  {row.chance:.2f}  {row.submission_id}: {row.text}" for row in found.itertuples()]
    told = (
        "What may be out of scope, by what was decided so far; the chance stands first.",
        *lines,
        "Next: consensus review set-aside SUBMISSION --why REASON",
    )
    return Said(told, {"screening": found.to_dict("records")})


def _progress(context: Context, options: argparse.Namespace) -> Said:
    outcome = steps.review_progress(context.db, context.partnership, cache=_cache(context))
    (table,) = outcome.tables.values()
    return Said.of(outcome, *(f"  {what}: {much}" for what, much in table.itertuples(index=False, name=None)))
