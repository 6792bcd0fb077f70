"""Answers to submissions: one uncertainty a row, with the place in the answer that it was cut from.

Rules, not a model, cut an answer: it is cut behind each question but the last, so that what leads up to a question
stays with it and what follows the last one stays with that. A list with a mark before each line is cut at its lines. An
answer that asks nothing stays whole, for a story can hold an unmet need. Nothing is dropped: the cuts hold every
character of the answer that is not white space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from consensus.digest import short_id
from consensus.vocabulary import COLUMNS, check_columns, empty

__all__ = ["EMPTY", "answer_id", "cut", "flag_identifiers", "split_answers", "submission_id"]

EMPTY = "empty answer"
"""The status of the one submission of an answer without a visible character: it is set aside with this reason."""

_END = re.compile(
    r"(?P<wide>[。！？]+[」』”’）]*)"  # these marks end a sentence without a space behind them
    r"|(?<![.!?…؟])(?P<marks>[.!?…؟]++)(?P<close>[\"'”’»)\]]*+)(?=\s|$|(?<=\?)[A-Z])"
    r"|(?P<line>[\r\n]\s*)"
)
_LIST_MARK = re.compile(r"^[ \t]*(?:[-*•–·]|\(?\d{1,2}[.)]|\(?[a-hA-H][.)])[ \t]+(?=\S)", re.MULTILINE)
_ABBREVIATIONS = frozenset(
    ["dr", "mr", "mrs", "ms", "prof", "st", "vs", "etc", "e.g", "i.e", "eg", "ie", "approx", "cf", "fig"]
)
_LEANS = re.compile(r"\W*(?:if (?:so|not|yes|no)\b|or\b|why not\b|how so\b|how come\b)", re.IGNORECASE)
_POINTS_BACK = re.compile(r"\W*(?:this|that|these|those|it|thank(?:s| you))\b", re.IGNORECASE)
_AND_LEANS = re.compile(r"\W*and\b", re.IGNORECASE)
# English questions whose mark was left out. What follows the first word tells a question from a relative clause, an
# order or a sigh: "What works for", but not "What a relief"; "Which diets help", but not "Which is awful".
_ASKS = re.compile(
    r"(?:(?:also|and|but|so|then|finally|first(?:ly)?|second(?:ly)?|third(?:ly)?),?\s+)?"
    r"(?:(?:does|did|is|are|can|could|should|would|will|do(?!\s+(?:more|some))|"
    r"(?:when|where)\s+(?:does|do|is|are|will|can|should))"
    r"\s+(?!(?:not|be|it|this|that|very|so|always|never|often|please)\b)\w"
    r"|(?:what|how|why|who|which(?!\s+(?:is|was|are|were|has|had|means|makes|made)))"
    r"\s+(?!(?:a|an|i|we|he|she|they|you|my|our|his|her|their|if)\b)\w"
    r"|(?:please\s+(?:find out|look into|study)|we need to (?:know|understand)"
    r"|i(?:'d| would| want| wish)[^.?!]{1,20}\bto know)\s+(?:if|whether|why|how|what|which|who|when|where|more)\b)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\s\u3040-\u30ff\u3400-\u9fff]+")  # a Han character is one
_LEAST_WORDS_UNMARKED = 4
_MOST_WORDS_LEANING = 2
_MOST_WORDS_AND = 4
_LONGEST_LIST_NUMBER = 8


def answer_id(source: str, response_id: str, box: str) -> str:
    """Return the id of one person's answer in one box, the same at every import.

    Examples
    --------
    >>> answer_id("polis", "17", "statement")
    'a94950b845ce9'
    """
    return short_id("a", source, response_id, box)


def submission_id(answer: str, start: int, end: int, text: str) -> str:
    """Return the id of the cut of an answer from `start` to `end` that reads `text`.

    Examples
    --------
    >>> submission_id("a94950b845ce9", 0, 5, "Hello") == submission_id("a94950b845ce9", 0, 5, "Hello")
    True
    """
    return short_id("s", answer, str(start), str(end), text)


def split_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """Return the submissions frame: one row an uncertainty, cut from the last version of each answer.

    `text` is exactly the answer's characters from `start` to `end`. An answer without a visible character gives one
    submission of no characters with the status `EMPTY`. A status that an answer came with goes to its submissions.

    Parameters
    ----------
    answers
        The answers frame, in any order.

    Returns
    -------
    DataFrame
        The submissions frame, S rows, by answer and by place in it; every answer has at least one.

    Raises
    ------
    DataError
        A column is missing.

    Examples
    --------
    >>> answers = pd.DataFrame({"answer_id": ["a1"], "version": [1], "source": ["table"], "response_id": ["7"],
    ...     "box": ["q1"], "group": ["carer"], "partner": [""], "language": ["en"], "status": [""],
    ...     "text": ["My son has OCD. Does diet help him? And what about sleep for those who care?"],
    ...     "received_at": [pd.Timestamp("2026-02-03", tz="UTC")]})
    >>> split_answers(answers)[["start", "end", "text"]].values.tolist()
    [[0, 35, 'My son has OCD. Does diet help him?'], [36, 76, 'And what about sleep for those who care?']]
    """
    check_columns(answers, "answers")
    last = answers.sort_values(["answer_id", "version"]).drop_duplicates("answer_id", keep="last")
    rows = []
    columns = ["answer_id", "response_id", "group", "text", "status"]
    for answer, response, group, text, status in last[columns].itertuples(index=False, name=None):
        cuts = cut(text)
        for start, end in cuts or [(0, 0)]:
            part = text[start:end]
            why = status or ("" if cuts else EMPTY)
            rows.append((submission_id(answer, start, end, part), answer, response, group, start, end, part, why))
    return pd.DataFrame(rows, columns=list(COLUMNS["submissions"])) if rows else empty("submissions")


def cut(text: str) -> list[tuple[int, int]]:
    """Return where an answer's uncertainties start and end, in characters, in order; none for white space alone.

    Examples
    --------
    >>> cut("Why does lithium stop working? If so, when? How can we tell early?")
    [(0, 43), (44, 66)]
    >>> cut("1. Side effects of clozapine\\n2. Help after discharge")
    [(0, 28), (29, 52)]
    """
    marked = [match.start() for match in _LIST_MARK.finditer(text)]
    blocks = [0, *(marked[1:] if len(marked) > 1 else []), len(text)]
    bounds = [0]
    for start, end in pairwise(blocks):
        bounds += [*_behind_questions(text, start, end), end]
    parts = ((start, end, text[start:end]) for start, end in pairwise(bounds))
    return [
        (start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip()))
        for start, end, part in parts
        if part.strip()
    ]


def _behind_questions(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where a block is cut: behind each question that another one follows which does not lean on it."""
    asked = None
    for first, last, has_mark in _sentences(text, start, end):
        sentence = _LIST_MARK.sub("", text[first:last].strip(), count=1)
        words = len(_WORD.findall(sentence))
        if not has_mark and not (words >= _LEAST_WORDS_UNMARKED and _ASKS.match(sentence)):
            if asked == first and _POINTS_BACK.match(sentence):
                asked = last  # "This would change practice." belongs to what was asked before it
            continue
        leans = words <= _MOST_WORDS_LEANING or bool(_LEANS.match(sentence))
        leans = leans or (words <= _MOST_WORDS_AND and bool(_AND_LEANS.match(sentence)))
        if asked is not None and not leans:
            yield asked
        if asked is not None or words > _MOST_WORDS_LEANING:  # a "Why me?" leads up to what is asked next
            asked = last


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the sentences between two places, one behind the other, and whether each ends in a question mark."""
    first = start
    for match in _END.finditer(text, start, end):
        if _ends(text, match, first, end):
            yield first, match.end(), bool(set(match.group()) & set("?？؟"))
            first = match.end()
    if first < end:
        yield first, end, False


def _ends(text: str, match: re.Match[str], first: int, end: int) -> bool:
    """Tell whether a mark or a line break ends a sentence that started at `first`."""
    if match["wide"]:
        return True
    behind = match.end()
    while behind < end and text[behind] in " \t":
        behind += 1
    following = text[behind : behind + 1]
    if match["line"] is not None:
        blank = max(match["line"].count("\n"), match["line"].count("\r")) > 1
        return blank or not following.islower() or bool(_ASKS.match(text, behind))
    if following.islower() and (match["close"] or match["marks"][0] == "…" or ".." in match["marks"]):
        return False
    token = text[max(first, match.start() - 40) : match.start()].split()
    word = token[-1].lower().lstrip("(\"'“‘") if token else ""
    if "?" in match["marks"]:
        return not (following and behind == match.end() and "/" in word)  # a mark inside an address
    if match["marks"] == ".":
        is_initial = len(word) == 1 and word.isalpha() and word != "i"
        is_list_number = (
            match.start() - first <= _LONGEST_LIST_NUMBER and text[first : match.start()].strip().isdecimal()
        )
        return word not in _ABBREVIATIONS and not is_initial and not is_list_number
    return True


_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_IDENTIFIERS: dict[str, re.Pattern[str]] = {
    "email": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    "url": re.compile(r"(?:https?://|www\.)[^\s<>\"]{1,500}(?<![.,;:!?)'])", re.IGNORECASE),
    "nhs_number": re.compile(r"(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)"),
    "date_of_birth": re.compile(
        r"(?<!\d)(?:\d{1,2}(?P<by>[./-])\d{1,2}(?P=by)(?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d"
        r"|(?:0?[1-9]|[12]\d|3[01]) (?:0?[1-9]|1[0-2]) (?:19|20)\d\d"
        rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH},? (?:19|20)\d\d"
        rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d)(?!\d)",
        re.IGNORECASE,
    ),
    "postcode": re.compile(r"(?<![A-Z0-9])[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}(?![A-Z0-9])", re.IGNORECASE),
    "phone": re.compile(r"(?<![\w.])(?:\+|00|\(?0)\d(?:[ ().-]{0,2}\d){7,13}(?!\d)"),
}


def flag_identifiers(submissions: pd.DataFrame) -> pd.DataFrame:
    """Return where submissions may name somebody: suggestions for a person to redact or to leave.

    Looks for e-mail and web addresses, telephone numbers, NHS numbers with a right check digit, British postcodes and
    full dates, which may be dates of birth. Names of people cannot be promised. Where two kinds overlap, the one named
    first here counts.

    Returns
    -------
    DataFrame
        The identifiers frame: one row a find, `start` and `end` in characters of the submission.

    Examples
    --------
    >>> words = "Ring me on 020 7946 0958, NHS 943 476 5919"
    >>> flag_identifiers(pd.DataFrame({"submission_id": ["s1"], "text": [words]})).values.tolist()
    [['s1', 11, 24, 'phone'], ['s1', 30, 42, 'nhs_number']]
    """
    rows = [
        (submission, start, end, kind)
        for submission, text in submissions[["submission_id", "text"]].itertuples(index=False, name=None)
        for start, end, kind in sorted(_finds(text))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["identifiers"])) if rows else empty("identifiers")


def _finds(text: str) -> list[tuple[int, int, str]]:
    found = []
    taken = bytearray(len(text))  # a mark a character, so that thousands of finds in one text stay quick
    for kind, pattern in _IDENTIFIERS.items():
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(taken[start:end]) or (kind == "nhs_number" and not _has_check_digit(match.group())):
                continue
            taken[start:end] = b"\x01" * (end - start)
            found.append((start, end, kind))
    return found


def _has_check_digit(number: str) -> bool:
    """Tell whether the tenth digit of an NHS number is the one that the nine before it ask for (modulus 11).

    Nine digits that ask for a 10 begin no number, and no digit is one.
    """
    digits = [int(character) for character in number if character.isdecimal()]
    check = 11 - sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return len(set(digits)) > 1 and digits[9] == check % 11
