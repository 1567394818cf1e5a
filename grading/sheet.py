"""Tables as platforms write them: in their own encoding, separator and quotes, safe to open."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import NamedTuple

from grading.errors import GradingError

MAX_BYTES = 50_000_000
# A cell that begins so is run by a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
WORKBOOKS = {b"PK": "an Excel workbook", b"\xd0\xcf": "an old Excel workbook"}


class Sheet(NamedTuple):
    """A table, and how its file is written.

    Attributes
    ----------
    rows : list of list of str
        The first one is the header.
    encoding : str
        ``"utf-8"``, ``"utf-8-sig"`` (with a mark in front) or ``"utf-16"`` (with its mark).
    quoted : bool
        Whether every cell stands in quotes.
    """

    rows: list[list[str]]
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    newline: str = "\n"
    quoted: bool = False


def read(path: Path) -> Sheet:
    """Read a table, separated by commas, semicolons or tabs.

    Raises
    ------
    GradingError
        If the file cannot be read, is a workbook, or is neither UTF-8 nor UTF-16.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise GradingError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise GradingError(f"{path} has more than {MAX_BYTES / 1e6:g} MB: no table of one class")
    for beginning, what in WORKBOOKS.items():
        if data.startswith(beginning):
            raise GradingError(f"{path} is {what}; give the file as the platform exported it, CSV")
    encoding = "utf-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif data.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise GradingError(
            f"{path} is neither UTF-8 nor UTF-16; give the file as the platform exported it, not "
            "one that a spreadsheet saved"
        ) from None
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    csv.field_size_limit(MAX_BYTES)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if not rows:
        raise GradingError(f"{path} is empty")
    newline = "\r\n" if "\r\n" in text else "\n"
    return Sheet(rows, encoding, delimiter, newline, first.count('"') >= 2 * len(rows[0]))


def to_bytes(sheet: Sheet) -> bytes:
    """Return the file of a table."""
    text = io.StringIO()
    # Python's writer takes a lone "\r" for no line end, though readers do.
    quoted = sheet.quoted or any("\r" in cell for row in sheet.rows for cell in row)
    writer = csv.writer(
        text,
        delimiter=sheet.delimiter,
        lineterminator=sheet.newline,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerows(sheet.rows)
    return text.getvalue().encode(sheet.encoding)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one step: a program that reads it sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(data)
    os.replace(temporary, path)


def harmless(text: str) -> str:
    """Return a text that a spreadsheet does not run as a formula; a mere "-" is none."""
    return f"'{text}" if text[:1] in FORMULA and text != "-" else text
