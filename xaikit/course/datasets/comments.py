"""Comments under music videos, and whether they are spam."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from xaikit.course.datasets.sources import fetched
from xaikit.course.datasets.tabular import split_rows

GOOD_EXAMPLE = "PSY is a good guy"
SPAM_EXAMPLE = "For Christmas Song visit my channel! ;)"
UCI_ADDRESS = "https://archive.ics.uci.edu/static/public/380/youtube+spam+collection.zip"
UCI_NAME = "youtube_spam_collection.zip"
UCI_COLUMNS = ["COMMENT_ID", "AUTHOR", "DATE", "CONTENT", "CLASS"]
UCI_FILES, UCI_ROWS = 5, 1956
# An unclosed quote joins seven comments into one. Between two of them are the class of the first,
# and the id, account name and date of the second.
RUN_TOGETHER = re.compile(r",[01]\r?\n[^,\n]*,[^\n]*?,\d{4}-\d\d-\d\dT[\d:.]+,")


class Comments(NamedTuple):
    """Comments in the order of their source.

    `texts`, shape (n,), are Python's strings; `labels`, shape (n,), are 1 for spam and 0 for
    others. `train` and `test` are row numbers: `texts[train]`, `labels[train]` are the comments
    for training. The course's two examples, `good_example` and `spam_example`, are never among
    these: an explanation of a memorised answer would show nothing.
    """

    texts: np.ndarray
    labels: np.ndarray
    train: np.ndarray
    test: np.ndarray
    good_example: str = GOOD_EXAMPLE
    spam_example: str = SPAM_EXAMPLE


def youtube_comments(seed: int | None = 0) -> Comments:
    """172 short comments, half of them spam, as people write them under music videos.

    They were written for this course. The two examples of the lecture on LIME come first. A
    logistic regression on a bag of words classifies nine of ten test comments right.

    Parameters
    ----------
    seed : int or None
        Decides which comments are for testing. The two examples always are.
    """
    file = resources.files("xaikit.course.datasets") / "youtube_comments.csv"
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
    return _comments(((row["CONTENT"], int(row["CLASS"])) for row in rows), seed)


def youtube_spam_collection(
    seed: int | None = 0, source: str | Path = UCI_ADDRESS, folder: str | Path | None = None
) -> Comments:
    """1,956 real comments under five music videos of 2013 to 2015, 1,005 of them spam.

    The first call downloads them, later calls find them in the folder. The texts are unchanged:
    they hold HTML such as ``&amp;`` and ``<br />``, links and insults, a few end with the mark
    U+FEFF, and two are empty. Account names are not returned. An unclosed quote joins seven
    comments into one; the account names inside it are removed.

    Parameters
    ----------
    seed : int or None
        Decides which comments are for testing. The course's two examples always are.
    source : str or Path
        Where the collection's zip file is: an address (http or https), or a file of your own.
    folder : str or Path, optional
        Where a download is kept; None is pooch's cache folder for ``xaikit``.

    Raises
    ------
    ConnectionError
        If there is no network, or no such file at the address.
    ValueError
        If the file is not the collection: a download is deleted, and the next call tries again.
    FileNotFoundError
        If there is no such file of your own.
    ModuleNotFoundError
        If pooch, which downloads, is not installed.

    References
    ----------
    Alberto, Lochter & Almeida 2015, TubeSpam: Comment Spam Filtering on YouTube, IEEE
    International Conference on Machine Learning and Applications; UCI Machine Learning Repository,
    data set 380, YouTube Spam Collection.
    """
    is_download = str(source).startswith(("http://", "https://"))
    if is_download:
        otherwise = (
            "use the comments that are shipped, datasets.youtube_comments(), or download the zip "
            "file elsewhere and pass its path as source"
        )
        path = fetched(str(source), UCI_NAME, folder, otherwise)
    else:
        path = Path(source)
    try:
        return _comments(_collection(path), seed)
    except (ValueError, EOFError, RuntimeError, csv.Error, zipfile.BadZipFile, zlib.error) as error:
        advice = "Pass the zip file as UCI gives it"
        if is_download:
            path.unlink()
            advice = "The file was deleted; the next call downloads it again"
        raise ValueError(
            f"{path} is not the YouTube Spam Collection (from {source}): {error}. {advice}"
        ) from error


def _comments(rows: Iterable[tuple[str, int]], seed: int | None) -> Comments:
    """Split comments by class, with the two examples among the test comments."""
    texts, labels = zip(*rows, strict=True)
    # Python's own strings: NumPy would pad all comments to the longest one.
    comments, kinds = np.array(texts, dtype=object), np.array(labels)
    examples = np.array([text.strip(" \ufeff") in (GOOD_EXAMPLE, SPAM_EXAMPLE) for text in texts])
    others = np.flatnonzero(~examples)
    train, test = split_rows(kinds[others], seed)
    tested = np.append(np.flatnonzero(examples), others[test])
    return Comments(comments, kinds, others[train], tested)


def _collection(path: Path) -> list[tuple[str, int]]:
    """Read the comments and classes of the collection's zip file, or raise a ValueError."""
    with zipfile.ZipFile(path) as packed:
        # macOS adds a hidden file beside each file, which is not a table.
        names = sorted(
            name
            for name in packed.namelist()
            if name.endswith(".csv") and not name.startswith("__MACOSX/")
        )
        if len(names) != UCI_FILES:
            raise ValueError(f"it holds {len(names)} csv files, expected {UCI_FILES}")
        rows = [row for name in names for row in _table(name, packed.read(name))]
    if len(rows) != UCI_ROWS:
        raise ValueError(f"it holds {len(rows):,} comments, expected {UCI_ROWS:,}")
    return rows


def _table(name: str, content: bytes) -> list[tuple[str, int]]:
    """Read one csv file: comments and classes."""
    # Keep the line ends: a comment may contain line breaks.
    lines = io.StringIO(content.decode("utf-8-sig"), newline="")
    head, *rows = [row for row in csv.reader(lines) if row] or [[]]
    if head != UCI_COLUMNS:
        raise ValueError(f"{name} has the columns {head}, expected {UCI_COLUMNS}")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(UCI_COLUMNS) or row[-1] not in ("0", "1"):
            raise ValueError(
                f"row {number} of {name} has {len(row)} fields and ends in {row[-1]!r}, expected "
                f"{len(UCI_COLUMNS)} fields, the last 0 or 1"
            )
    return [(RUN_TOGETHER.sub("\n", content), int(kind)) for *_, content, kind in rows]
