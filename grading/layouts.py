r"""How learning platforms name what they export: one table of patterns.

Each pattern is searched in the path of a file, from the beginning of a folder's or file's name to
the end of the path; the one that begins first counts, so a learner cannot speak for another from
inside a folder of their own. Nor do names count in a folder that stands among learners' own folders
and files: that is a learner's, too. In a pattern `{A}` is the assignment's name, with any of blank,
``_`` and ``-`` between its words, and `{W}` one of these words. The named groups are

- ids of the learner: ``name`` (or ``last`` and ``first``), ``login``, ``student_number``, or a
  number of the platform's own, like ``user`` or ``participant``;
- ``attempt``: the greatest counts; ``when``: the time, in the zone of the platform;
- ``late``: the platform says so; ``file``: the learner's own name of the file.

Sources, as they were in November 2026 (where a platform is not open source, programs that read what
it exports):

- Moodle: ``mod/assign/locallib.php``, ``download_submissions``
  (``fullname_id_assignsubmission_file_`` as a folder, or as a prefix of the file's name).
  ``Participant`` stands for names in blind marking.
- Canvas: ``lib/content_zipper.rb``, ``get_filename`` and ``add_upload_submission`` (the name for
  sorting, letters alone; ``LATE``; user id; attachment id; display name; ``anon_…`` in anonymous
  grading), and ``Attachment.make_unique_filename`` (``-1``, ``-2``).
- Blackboard: ``title_login_attempt_time_file``; a receipt of the same name with ``Name: Anna Kim
  (akim)`` and ``Date Submitted: Tuesday, 21 April 2020 06:34:13 o'clock BST``
  (kwurst/bb-file-cleanup, timdrysdale/gradex-cli).
- Gradescope: ``submission_metadata.yml`` beside ``submission_1/``, with ``:submitters:`` of
  ``:name:``, ``:sid:`` and ``:email:``, and ``:created_at:``.
- Brightspace: ``user-folder - name - date``, as a folder or a prefix; a student number may
  follow.
- Sakai: ``Last, First(login)/Submission attachment(s)/``, or one name with ``_``;
  ``timestamp.txt`` of 14 or 17 digits, taken for UTC.
- ILIAS: ``ilExSubmission::getDirectoryNameFromUserData`` (``lastname_firstname_login_id``); a
  file's name begins with a time of 14 digits.
- GitHub Classroom: ``gh classroom clone student-repos`` makes ``slug-submissions/slug-login/``.
- Teams: the library *Student Work* of a class, ``Submitted files/name/assignment/Version 2/``;
  the word for *Version* is in the language of the class.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from grading import times

# Suffixes of browsers, file managers and platforms: "name (1)", "name-1", "name copy 2", …
COPY = re.compile(
    r"(?: ?\((\d{1,3})\)|-(\d{1,2})|(?:_|-| - | )[cC]opy(?:[ -]?(\d{1,3}))?|-[cC]opy(\d{1,3}))$"
)
COPY_OF = re.compile(r"^(?:Copy of |Kopie von |Copie de |Copia de |사본 - )|(?:의 사본)$")
# Browsers and mail programs add endings to what they do not know.
NOTEBOOK = re.compile(r"\.ipynb(?P<copy> ?\(\d{1,3}\))?(?:\.(?:json|txt))?$", re.IGNORECASE)
BETWEEN = r"[ _-]+"
# In blind marking this stands for everybody's name.
BLIND = {"participant", "teilnehmerin", "teilnehmer", "participante", "참가자", "참여자"}
# Folders that say nothing about a learner.
PLAIN_FOLDERS = re.compile(
    r"exercises|solutions|submitted|submission attachment\(s\)|version \d+", re.IGNORECASE
)


class Layout(NamedTuple):
    """A platform's way to name files: a pattern with `{A}` and `{W}`, and an example.

    One that is `loose` may match other names, so it counts only where half of a folder is named so.
    """

    platform: str
    pattern: str
    example: str
    loose: bool = False


LAYOUTS = (
    Layout(
        "moodle",
        r"(?P<name>[^/]*?)_(?P<participant>\d+)_assignsubmission_[a-z]+_?/?(?P<file>.*)",
        "Anna Kim_101_assignsubmission_file_/A.ipynb",
    ),
    Layout(
        "blackboard",
        # The first attempt in it is the platform's: what follows is the learner's own name.
        r"[^/]+?_(?P<login>[^/_]+)_attempt_(?P<attempt>\d{4}(?:-\d\d){5})(?:\.txt|_(?P<file>.+))",
        "Assignment 3_akim_attempt_2026-03-01-22-10-30_A.ipynb",
    ),
    Layout(
        "canvas",
        r"(?:(?!LATE_|anon_)(?P<name>\w+?)_)?(?P<late>LATE_)?(?:anon_(?P<anonymous>[^/_]+)|(?P<user>\d+))"
        r"_(?!{A})(?P<attempt>\d+)_(?P<file>[^/].*)",
        "kimanna_LATE_111_201_A-1.ipynb",
        loose=True,
    ),
    Layout(
        "brightspace",
        r"(?P<user>\d+)-\d+ - (?:(?P<student_number>[A-Za-z]?\d{4,}) - )?(?P<name>[^/]+?) - "
        r"(?P<when>[^/]*?\d{4},? \d{3,4}(?: ?[AP]M)?)(?:/| - )(?P<file>.+)",
        "101-77 - Anna Kim - Mar 1, 2026 1159 PM/A.ipynb",
    ),
    Layout(
        "sakai",
        r"(?P<last>[^/,(]+), ?(?P<first>[^/(]+)\((?P<login>[^/)]+)\)(?:[/_](?P<file>.+))?",
        "Kim, Anna(akim)/Submission attachment(s)/A.ipynb",
    ),
    Layout(
        "ilias",
        r"(?:Submissions|Abgaben)/(?:[^/]+/)??(?P<name>[^/]+?)_(?P<login>[^/_]+)_(?P<user>\d+)"
        r"(?:/(?:(?P<when>\d{14})_)?(?P<file>.+))?",
        "Submissions/Kim_Anna_akim_101/20260301221010_A.ipynb",
    ),
    Layout(
        "ilias",
        r"(?P<name>[^/]+?)_(?P<login>[^/_]+)_(?P<user>\d+)/(?P<when>\d{14})_(?P<file>.+)",
        "Kim_Anna_akim_101/20260301221010_A.ipynb",
    ),
    Layout(
        "gradescope",
        r"submission_(?P<submission>\d+)(?:/(?P<file>.+))?",
        "assignment_9_export/submission_12/A.ipynb",
    ),
    Layout(
        "teams",
        r"Submitted files/(?P<name>[^/]+)/(?:[^/]+/(?:[^/\d]+ (?P<attempt>\d+)/)?)?(?P<file>.+)",
        "Submitted files/Anna Kim/Assignment 3/Version 2/A.ipynb",
    ),
    Layout(
        "teams",
        r"(?P<name>[^/]+)/(?:{A}/)?Version (?P<attempt>\d+)/(?P<file>.+)",
        "Anna Kim/Version 2/A.ipynb",
    ),
    Layout(
        "github",
        r"(?P<slug>[^/]+)-submissions/(?P=slug)-(?P<login>[A-Za-z\d-]+)/(?P<file>.+)",
        "homework-submissions/homework-akim/exercises/A/A.ipynb",
    ),
    Layout(
        "github",
        r"(?:(?:{W}|assignment|exercise|homework|hw|lab)-)+(?P<login>[A-Za-z\d][A-Za-z\d-]*)"
        r"/(?P<file>.+)",
        "03-shapley-akim/exercises/A/A.ipynb",
        loose=True,
    ),
)
# Groups of a pattern that are no id of the learner.
NO_ID = {"file", "attempt", "late", "when", "slug", "last", "first"}


class Owner(NamedTuple):
    """Whose file it is, as its path says.

    Attributes
    ----------
    platform : str
        The layout's, or empty for folders and names that no platform made.
    key : str
        The same for all files of one person, and for those only.
    label : str
        The best name for this learner, if there is no roster.
    ids : tuple of (kind, id)
        All that is said about the learner.
    attempt : tuple
        Of two, the greater is the newer.
    late : bool
        Whether the platform marked it.
    when : str
        The time that stands in the name, or empty.
    file : str
        The learner's own name of the file, with the folders around it.
    place : str
        The folder of the export, or the learner's own folder if no platform made it.
    """

    platform: str
    key: str
    label: str
    ids: tuple[tuple[str, str], ...]
    attempt: tuple = ()
    late: bool = False
    when: str = ""
    file: str = ""
    place: str = ""


class Patterns:
    """The table's patterns, for one assignment and the files of one export."""

    def __init__(self, assignment: str, paths: Iterable[PurePosixPath]) -> None:
        words = [re.escape(word) for word in re.split(r"[\W_]+", assignment) if word]
        name = BETWEEN.join(words)
        self.name = re.compile(name, re.IGNORECASE)
        self._behind = re.compile(rf"(?P<label>.+?){BETWEEN}{name}", re.IGNORECASE)
        self._before = re.compile(rf"{name}{BETWEEN}(?P<label>.+)", re.IGNORECASE)
        self._layouts = []
        for layout in LAYOUTS:
            # Not `format`: patterns have braces of their own.
            pattern = layout.pattern.replace("{A}", f"(?:{name})")
            pattern = pattern.replace("{W}", f"(?:{'|'.join(words)})")
            self._layouts.append((layout, re.compile(rf"(?:^|(?<=/)){pattern}$")))
        self._found = {path: self._match(path) for path in paths}
        self._usual = self._usual_layouts()
        # Learners' own folders, in which platforms' names are the learners' words.
        self.own: set[tuple[str, ...]] = set()
        self._find_own((), list(self._found))

    def _match(self, path: PurePosixPath) -> list[tuple[int, Layout, re.Match]]:
        found = [(layout, pattern.search(str(path))) for layout, pattern in self._layouts]
        matches = [(match.start(), layout, match) for layout, match in found if match]
        # Of those that begin at one place the first in the table counts.
        return sorted(matches, key=lambda entry: entry[0])

    def _usual_layouts(self) -> set[tuple[str, Layout]]:
        """Return the folders where half of the folders and notebooks are named so."""
        entries: dict[str, set[str]] = {}
        named: dict[tuple[str, Layout], set[str]] = {}
        for path, matches in self._found.items():
            for i, part in enumerate(path.parts):
                if i < len(path.parts) - 1 or stem(part)[1]:
                    entries.setdefault("".join(f"{p}/" for p in path.parts[:i]), set()).add(part)
            for start, layout, _ in matches:
                folder, entry = str(path)[:start], str(path)[start:].partition("/")[0]
                named.setdefault((folder, layout), set()).add(entry)
        return {
            (folder, layout)
            for (folder, layout), those in named.items()
            if 2 * len(those & entries.get(folder, those)) >= len(entries.get(folder, those))
            # With the assignment's bare name in it, it is one learner's folder.
            and not any(self.name.fullmatch(stem(name)[0]) for name in entries.get(folder, ()))
        }

    def _counting(self, path: PurePosixPath) -> tuple[str, Layout, re.Match] | None:
        """Return the match that counts, and the folder in which it begins."""
        for start, layout, match in self._found[path]:
            folder = str(path)[:start]
            parts = path.parts[: folder.count("/")]
            if any(parts[:depth] in self.own for depth in range(1, len(parts) + 1)):
                return None
            if not layout.loose or (folder, layout) in self._usual:
                return folder, layout, match
        return None

    def _find_own(self, folder: tuple[str, ...], paths: list[PurePosixPath]) -> None:
        """Note the folders of learners, from a folder downwards.

        Below a folder there are learners' files and folders, or folders with a platform's export:
        one of these among those of learners is a learner's, too.
        """
        below: dict[tuple[str, ...], list[PurePosixPath]] = {}
        named_here, exports = False, set()
        for path in paths:
            found = self._counting(path)
            if found and found[0].count("/") == len(folder):
                named_here = True
            elif found or stem(path.name)[1]:
                inside = path.parts[: len(folder) + 1]
                below.setdefault(inside, []).append(path)
                exports |= {inside} if found else set()
        plain = {one for one in below if not PLAIN_FOLDERS.fullmatch(one[-1])} - exports
        if named_here or plain:
            self.own |= exports
            return
        for inside in exports:
            self._find_own(inside, below[inside])

    def owner(self, path: PurePosixPath) -> Owner | None:
        """Return whose file it is, if a platform named it."""
        found = self._counting(path)
        return _owner(found[0], found[1].platform, found[2]) if found else None

    def label(self, stem: str) -> str | None:
        """Return the learner in ``LEARNER_ASSIGNMENT``; empty if it is the assignment alone."""
        for name in (COPY_OF.sub("", stem), without_copy(stem)):
            if self.name.fullmatch(name):
                return ""
            if match := self._behind.fullmatch(name):
                return match["label"]
        return None

    def label_behind(self, stem: str) -> str | None:
        """Return the learner in ``ASSIGNMENT_LEARNER``."""
        match = self._before.fullmatch(without_copy(stem))
        return match["label"] if match else None


def _owner(folder: str, platform: str, match: re.Match) -> Owner:
    said = {kind: value for kind, value in match.groupdict().items() if value}
    ids = {kind: value.strip() for kind, value in said.items() if kind not in NO_ID}
    if "last" in said:
        ids["name"] = f"{said['first'].strip()} {said['last'].strip()}"
    if platform == "ilias":
        ids["name"] = ids["name"].replace("_", " ")
    number = next((v for k, v in ids.items() if k not in ("name", "login")), None)
    if ids.get("name", "").casefold() in BLIND:
        ids["name"] = f"{ids['name']} {number}"
    label = ids.get("login") or ids.get("name") or f"{platform} {number}"
    if platform == "gradescope":
        label = f"submission {number}"
    # A number or a login is one person's, a name may be that of several.
    key = ids.get("login") or number or f"{folder}{label}"
    file = said.get("file", "")
    return Owner(
        platform,
        f"{platform}: {key}",
        label,
        tuple(ids.items()),
        (said.get("attempt", "").zfill(20), _sortable(said.get("when", ""))),
        "late" in said,
        said.get("when") or (said["attempt"].replace("-", "") if platform == "blackboard" else ""),
        file,
        folder,
    )


def _sortable(when: str) -> str:
    try:
        return times.parse(when).isoformat()
    except ValueError:
        return ""


def stem(name: str) -> tuple[str, bool]:
    """Return a file's name without its ending, and whether it is that of a notebook."""
    name = name.rpartition("/")[2]
    if match := NOTEBOOK.search(name):
        return name[: match.start()] + (match["copy"] or ""), True
    return name, False


def without_copy(stem: str) -> str:
    """Return a name without "(1)", "copy" and the like."""
    return COPY_OF.sub("", COPY.sub("", stem))


def copy_number(stem: str) -> int:
    """Return 3 for "name (3)" and "name-3", 1 for "name copy", and 0 for a name without."""
    match = COPY.search(stem)
    if match is None:
        return int(bool(COPY_OF.search(stem)))
    return int(next((number for number in match.groups() if number), "1"))
