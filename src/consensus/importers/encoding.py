"""Bytes to text: by the byte order mark, else strict UTF-8, else cell by cell with Windows-1252 where UTF-8 fails."""

from __future__ import annotations

import codecs

__all__ = ["decode_cells", "decode_whole"]

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# Windows-1252 leaves five bytes undefined; like browsers, we read them as the control characters of their number.
_WINDOWS_1252 = "".join(
    chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([byte]).decode("cp1252") for byte in range(256)
)


def decode_whole(raw: bytes) -> tuple[str, str]:
    """Return a file's text and its encoding.

    When no mark says so and it is not UTF-8, each byte stands for one character: `decode_cells` finishes the work, once
    the delimiters and quotation marks, which are the same in both, have cut the text into cells.

    Examples
    --------
    >>> decode_whole("naïve".encode("utf-16")), decode_whole("naïve".encode())
    (('naïve', 'utf-16'), ('naïve', 'utf-8'))
    >>> decode_whole(b"na\\xefve")[1]
    'cp1252'
    """
    for mark, encoding in _MARKS.items():
        if raw.startswith(mark):
            try:
                return raw.decode(encoding), encoding
            except UnicodeDecodeError:
                raw = raw.removeprefix(mark)
                break
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "cp1252"


def decode_cells(rows: dict[int, list[str]]) -> tuple[dict[int, list[str]], list[tuple[int, int]]]:
    """Return cells of one character a byte as text, and the row and column of those that were not UTF-8.

    Examples
    --------
    >>> decode_cells({2: ["caf\\xc3\\xa9", "\\x93quoted\\x94"]})
    ({2: ['café', '“quoted”']}, [(2, 2)])
    """
    decoded: dict[int, list[str]] = {}
    changed = []
    for number, row in rows.items():
        decoded[number] = []
        for column, cell in enumerate(row, start=1):
            raw = cell.encode("latin-1")
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                text = codecs.charmap_decode(raw, "strict", _WINDOWS_1252)[0]
                changed.append((number, column))
            decoded[number].append(text)
    return decoded, changed
