"""Read the files that an instructor received, from a folder or a zip file.

Nothing is unpacked or changed.
"""

from __future__ import annotations

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from grading.course import GradingError
from grading.notebooks import Rejected

MAX_ENTRIES = 100_000
# The errors of Python's readers of zip members; bzip2 raises OSError.
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError)
EMPTY_FOLDER = "empty folder"
IGNORED = {".ipynb_checkpoints", "__MACOSX", "__pycache__", ".git"}


class Given(NamedTuple):
    """A file, or the name of an empty folder, in a folder or archive of submissions."""

    path: PurePosixPath
    read: Callable[[int], bytes]
    problem: str
    changed: datetime | None

    @property
    def is_folder(self) -> bool:
        """Whether this is the name of an empty folder."""
        return self.problem == EMPTY_FOLDER


def files_of(place: Path) -> Iterator[Given]:
    """Yield every file below a folder or in an archive; one that is not regular has a `problem`."""
    if place.is_dir():
        yield from _in_folder(place)
    elif zipfile.is_zipfile(place):
        yield from _in_archive(place)
    else:
        raise GradingError(
            f"{place} is neither a folder nor a zip file; give the folder that holds the "
            "submissions, or the archive that your learning platform exports"
        )


def _in_folder(root: Path) -> Iterator[Given]:
    entries = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in IGNORED)
        relative = PurePosixPath(Path(folder).relative_to(root).as_posix())
        if not files and not folders:
            yield Given(relative, lambda limit: b"", EMPTY_FOLDER, None)
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted([*files, *links]):
            if (entries := entries + 1) > MAX_ENTRIES:
                raise GradingError(f"{root} holds more than {MAX_ENTRIES} files")
            path = Path(folder) / name
            status = path.lstat()
            problem = "" if stat.S_ISREG(status.st_mode) else _kind(status.st_mode)
            changed = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
            yield Given(relative / name, _reader(path), problem, changed)


def _reader(path: Path) -> Callable[[int], bytes]:
    def start(limit: int) -> bytes:
        # If a link has replaced the file meanwhile, it is not followed.
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(limit)

    return start


def _in_archive(path: Path) -> Iterator[Given]:
    """Yield an archive's files. None is unpacked, so names with .. or / do no harm."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise GradingError(f"{path} cannot be read as a zip file: {error}") from error
    if len(infos) > MAX_ENTRIES:
        raise GradingError(f"{path} holds more than {MAX_ENTRIES} files")
    paths = [(info, PurePosixPath(info.filename).parts) for info in infos]
    paths = [(info, parts) for info, parts in paths if parts and not IGNORED.intersection(parts)]
    names = sorted(info.filename for info, _ in paths)
    following = dict(zip(names, [*names[1:], ""], strict=True))
    for info, parts in paths:
        if info.is_dir():
            # In the sorted names a folder's first file follows the folder.
            if not following[info.filename].startswith(info.filename):
                yield Given(PurePosixPath(*parts), lambda limit: b"", EMPTY_FOLDER, None)
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        problem = "" if kind in (0, stat.S_IFREG) else _kind(kind)
        if info.flag_bits & 1:
            problem = "an encrypted file"
        yield Given(PurePosixPath(*parts), _unpacker(path, info), problem, _changed(info))


def _unpacker(path: Path, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def start(limit: int) -> bytes:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(info) as file:
                return file.read(limit)
        except DAMAGED as error:
            raise Rejected(f"the archive is damaged here: {error}") from None

    return start


def _changed(info: zipfile.ZipInfo) -> datetime | None:
    """Return when a member was last changed, in UTC.

    A zip file holds the local time of its maker, without the time zone. Most also hold UTC, in an
    extra field. Without that field this machine's zone is assumed.
    """
    try:
        if (seconds := _extended_timestamp(info.extra)) is not None:
            return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
        return datetime(*info.date_time).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def _extended_timestamp(extra: bytes) -> int | None:
    """Return the seconds since 1970 of the field 0x5455: id, size, flags, time of change, …."""
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == 0x5455 and len(field) >= 5 and field[0] & 1:
            return struct.unpack("<i", field[1:5])[0]
    return None


def _kind(mode: int) -> str:
    return "a symbolic link" if stat.S_ISLNK(mode) else "not a regular file"
