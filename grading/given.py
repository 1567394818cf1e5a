"""Read the files that an instructor received, from a folder or a zip file.

Nothing is unpacked or changed. Zip files inside are read like folders, whose name is the file's.
"""

from __future__ import annotations

import io
import lzma
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from grading.errors import GradingError, Rejected
from grading.limited import Limited

MAX_ENTRIES = 1_000_000
# Of a zip file that a learner handed in, and of all zip files in it together.
MAX_ARCHIVE, MAX_MEMBERS, MAX_DEPTH = 50_000_000, 20_000, 3
MAX_UNPACKED = 4 * MAX_ARCHIVE
MAX_NAME, MAX_PARTS = 255, 40
# The errors of Python's readers of zip members; bzip2 raises OSError.
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError)
EMPTY_FOLDER = "empty folder"
IGNORED = {".ipynb_checkpoints", "__MACOSX", "__pycache__", ".git", ".venv", "node_modules"}


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


class Member(NamedTuple):
    """A file or an empty folder in a zip file, and its number there."""

    number: int
    path: str
    problem: str
    changed: datetime | None


class TooMuch(Exception):
    """The zip files in a zip file hold more than one learner hands in."""


class Left:
    """What the zip files in one zip file may still hold."""

    def __init__(self) -> None:
        self.members, self.size = MAX_MEMBERS, MAX_UNPACKED

    def take(self, members: int, size: int) -> None:
        """Take this away; raise `TooMuch` if it is not there."""
        self.members, self.size = self.members - members, self.size - size
        if self.members < 0:
            raise TooMuch(f"it holds more than {MAX_MEMBERS} files")
        if self.size < 0:
            raise TooMuch(f"the zip files in it have more than {MAX_UNPACKED / 1e6:g} MB")


def files_of(place: Path, limited: Limited) -> Iterator[Given]:
    """Yield every file below a folder or in an archive; one that is not regular has a `problem`.

    Archives inside, which learners handed in, are read by `limited`.
    """
    if place.is_dir():
        files = _in_folder(place)
    elif zipfile.is_zipfile(place):
        files = _in_archive(place)
    else:
        raise GradingError(
            f"{place} is neither a folder nor a zip file; give the folder that holds the "
            "submissions, or the archive that your learning platform exports"
        )
    for given in files:
        try:
            yield from list(_unpacked(given, limited, MAX_DEPTH, Left()))
        except TooMuch as error:
            yield given._replace(problem=f"not readable as a zip file: {error}")


def _in_folder(root: Path) -> Iterator[Given]:
    entries = 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in IGNORED)
        relative = Path(folder).relative_to(root).as_posix()
        if not files and not folders:
            yield Given(_readable(relative), lambda limit: b"", EMPTY_FOLDER, None)
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted([*files, *links]):
            if _is_of_the_system(name):
                continue
            if (entries := entries + 1) > MAX_ENTRIES:
                raise GradingError(f"{root} holds more than {MAX_ENTRIES} files")
            path = Path(folder) / name
            status = path.lstat()
            problem = "" if stat.S_ISREG(status.st_mode) else _kind(status.st_mode)
            changed = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
            yield Given(_readable(f"{relative}/{name}"), _reader(path), problem, changed)


def _reader(path: Path) -> Callable[[int], bytes]:
    def start(limit: int) -> bytes:
        # If a link has replaced the file meanwhile, it is not followed.
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(limit)

    return start


def _in_archive(path: Path) -> Iterator[Given]:
    try:
        members = _members(path, MAX_ENTRIES)
    except Rejected as error:
        raise GradingError(f"{path} cannot be read as a zip file: {error}") from error
    for member in members:
        read = partial(_content, path, member.number)
        yield Given(PurePosixPath(member.path), read, member.problem, member.changed)


def _unpacked(given: Given, limited: Limited, depth: int, left: Left) -> Iterator[Given]:
    """Yield a file, or, if it is a zip file, the files in it."""
    if not given.path.name.lower().endswith(".zip") or given.problem:
        yield given
        return
    try:
        if depth == 0:
            raise Rejected("a zip file in zip files")
        data = given.read(MAX_ARCHIVE + 1)
        left.take(0, len(data))
        if len(data) > MAX_ARCHIVE:
            raise Rejected(f"a zip file of more than {MAX_ARCHIVE / 1e6:g} MB")
        members = limited(members_of, data)
        left.take(len(members), 0)
        if not members:
            raise Rejected("a zip file without a file")
    except (Rejected, OSError) as error:
        yield given._replace(problem=f"not readable as a zip file: {error}")
        return
    for member in members:
        read = partial(_content_inside, given.read, member.number, limited)
        path = given.path / member.path
        inside = Given(path, read, member.problem, member.changed)
        yield from _unpacked(inside, limited, depth - 1, left)


def members_of(data: bytes) -> list[Member]:
    """Return the files and empty folders in the bytes of a zip file."""
    return _members(io.BytesIO(data), MAX_MEMBERS)


def member_of(data: bytes, number: int, limit: int) -> bytes:
    """Return the first bytes of a file in the bytes of a zip file."""
    return _content(io.BytesIO(data), number, limit)


def _members(file: Path | io.BytesIO, most: int) -> list[Member]:
    """Return what is in an archive. Nothing is unpacked, so names with .. or / do no harm."""
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except DAMAGED as error:
        raise Rejected(str(error)) from None
    if len(infos) > most:
        raise Rejected(f"it holds more than {most} files")
    paths = [_readable(_name(info)) for info in infos]
    kept = [
        (number, info, path)
        for number, (info, path) in enumerate(zip(infos, paths, strict=True))
        if path.parts and not IGNORED.intersection(path.parts) and not _is_of_the_system(path.name)
    ]
    folders = {parent for _, _, path in kept for parent in path.parents}
    members = []
    for number, info, path in kept:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if _name(info).endswith("/"):
            if path not in folders:
                members.append(Member(number, str(path), EMPTY_FOLDER, None))
            continue
        problem = "" if kind in (0, stat.S_IFREG) else _kind(kind)
        if info.flag_bits & 1:
            problem = "an encrypted file"
        members.append(Member(number, str(path), problem, _changed(info)))
    return members


def _content(file: Path | io.BytesIO, number: int, limit: int) -> bytes:
    try:
        with zipfile.ZipFile(file) as archive, archive.open(archive.infolist()[number]) as member:
            return member.read(limit)
    except DAMAGED as error:
        raise Rejected(f"the archive is damaged here: {error}") from None


def _content_inside(
    read: Callable[[int], bytes], number: int, limited: Limited, limit: int
) -> bytes:
    return limited(member_of, read(MAX_ARCHIVE), number, limit)


def _name(info: zipfile.ZipInfo) -> str:
    """Return a member's name; Windows writes backslashes, and in Korea names in cp949."""
    name = info.filename
    if not info.flag_bits & 0x800:
        # Without this flag Python takes names for cp437, whatever they are in.
        name = _decoded(name.encode("cp437", "replace"), name)
    return name.replace("\\", "/")


def _decoded(name: bytes, otherwise: str) -> str:
    for encoding in ("utf-8", "cp949"):
        try:
            text = name.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or any("가" <= letter <= "힣" for letter in text):
            return text
    return otherwise


def _readable(path: str) -> PurePosixPath:
    """Return a path in letters that can be printed and stored, without steps upwards.

    It is cut where no file system has such names: patterns are searched in it.
    """
    if any("\udc80" <= letter <= "\udcff" for letter in path):
        raw = path.encode("utf-8", "surrogateescape")
        path = _decoded(raw, raw.decode("utf-8", "replace"))
    parts = unicodedata.normalize("NFC", path).split("/")
    parts = [part[:MAX_NAME] for part in parts if part not in ("", ".", "..")]
    if len(parts) > MAX_PARTS:
        parts = parts[: MAX_PARTS // 2] + parts[-MAX_PARTS // 2 :]
    return PurePosixPath(*parts)


def _is_of_the_system(name: str) -> bool:
    return name.startswith("._") or name in (".DS_Store", "Thumbs.db", "desktop.ini")


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
