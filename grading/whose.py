"""Find out whose file each one is: by the platform that named it, or by folders and names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import PurePosixPath
from typing import NamedTuple

import yaml

from grading.errors import Rejected
from grading.given import Given
from grading.layouts import PLAIN_FOLDERS, Owner, Patterns, copy_number, stem
from grading.limited import Limited

METADATA, STAMP = "submission_metadata.yml", "timestamp.txt"
MAX_TEXT = 50_000_000
# What learners hand in instead of a notebook. Tables are the instructor's, and so may be a .txt.
ARCHIVES = {".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"}
WORK = ARCHIVES | {".html", ".htm", ".pdf", ".py", ".md", ".doc", ".docx", ".odt", ".rtf"}
WORK |= {".png", ".jpg", ".jpeg", ".heic"}
# Of Blackboard's receipt: the name and the date are its first lines.
MAX_RECEIPT, DATE = 2_000, "Date Submitted:"
RECEIPT = re.compile(r".*?_attempt_(\d{4}(?:-\d\d){5})")


class Found(NamedTuple):
    """A file that may be a person's notebook.

    Attributes
    ----------
    owner : Owner
        What its path says.
    right : bool
        Whether its name says that it is this assignment's.
    """

    given: Given
    owner: Owner
    right: bool

    @property
    def rank(self) -> tuple:
        """Of a person's files that with the greatest counts: the newest, and rightly named."""
        number = copy_number(stem(self.given.path.name)[0])
        no_solution = "solutions" not in self.given.path.parts
        return (no_solution, self.owner.attempt, self.right, number == 0, number)


class Person(NamedTuple):
    """Somebody who handed in files.

    Attributes
    ----------
    owner : Owner
        Who it is.
    found : list of Found
        Files that may be the notebook.
    others : list of str
        The names of other files.
    sure : bool
        Whether the names say that this assignment was handed in. If not, the content must.
    folders : set of str
        The folders around these files, where the platform or the instructor may have put sections.
    path : str
        One of these files.
    """

    owner: Owner
    found: list[Found]
    others: list[str]
    sure: bool
    folders: set[str]
    path: str


class Sorted(NamedTuple):
    """Everybody's files, time stamps by their folder, files of nobody, and what went wrong.

    `rest` are files that tell of nobody, and whether their names are those of other assignments.
    """

    people: list[Person]
    stamps: dict[PurePosixPath, Given]
    nobodys: list[Found]
    hints: list[str]
    rest: list[tuple[Given, bool]]
    folders: _ByFolders


def sort(assignment: str, others: list[str], files: list[Given], limited: Limited) -> Sorted:
    """Sort the files of an export by the persons who handed them in.

    Parameters
    ----------
    assignment, others : str, list of str
        The assignment's name, and the names of all others: their files are of no interest.
    files : list of Given
        What was handed in.
    limited : Limited
        Reads what platforms put beside the files.
    """
    export = _Export(assignment, others, files, limited)
    people: dict[str, Person] = {}
    stamps, nobodys, rest = {}, [], []
    for given in files:
        if given.path.name == STAMP:
            stamps[given.path.parent] = given
        told = export.tell(given)
        if told is None or not (told.owners or told.may_be):
            rest.append((given, export.is_foreign(given)))
        if told is None:
            continue
        if not told.owners and told.may_be and not given.is_folder:
            nobody = Owner("", f"file: {given.path}", "", ())
            nobodys.append(Found(given, nobody, told.right))
        for owner in told.owners:
            new = Person(owner, [], [], False, set(), str(given.path))
            person = people.setdefault(owner.key, new)
            folders = {*person.folders, *given.path.parts[:-1]}
            people[owner.key] = person._replace(sure=person.sure or told.sure, folders=folders)
            if told.may_be:
                person.found.append(Found(given, owner, told.right))
            elif not given.is_folder and given.path.name != STAMP:
                person.others.append(given.path.name)
    return Sorted(list(people.values()), stamps, nobodys, export.hints, rest, export.plain)


def without_notebook(handed_in: Sorted) -> list[Person]:
    """Return who handed in files, but no notebook of the assignment, where others handed in theirs.

    That is a folder beside learners' own folders, or an archive that is not read, beside their
    files or folders. In a folder with files of other assignments this one is only missing.
    """
    plain = [one.owner.place for one in handed_in.people if not one.owner.platform]
    homes = {PurePosixPath(place) for place in plain if place}
    places = {home.parent for home in homes}
    flat = handed_in.folders.flat
    holds_homes = {folder for home in homes for folder in home.parents}
    found: dict[PurePosixPath, list[str]] = defaultdict(list)
    others = set()
    for given, foreign in handed_in.rest:
        around = [*([given.path] if given.is_folder else []), *given.path.parents]
        if homes.intersection(around):
            continue
        own = [one for one in around if one.parent in places and one.name]
        own += [one for one in around if one.parent in flat and one.suffix.lower() == ".zip"]
        if given.path.suffix.lower() in ARCHIVES and given.path.parent in places | flat:
            own.append(given.path)
        if own := [one for one in own if one not in holds_homes]:
            home = min(own, key=lambda one: len(one.parts))
            found[home] += [] if given.is_folder or given.path.name == STAMP else [given.path.name]
            others |= {home} if foreign else set()
    known = {person.owner.key: person for person in handed_in.people}
    new: dict[str, Person] = {}
    for home, names in found.items():
        owner = handed_in.folders.of_folder(home)
        if owner is None or home in others:
            continue
        person = Person(owner, [], [], True, {*home.parts[:-1]}, str(home))
        person = known.get(owner.key) or new.setdefault(owner.key, person)
        person.others.extend(names)
    return list(new.values())


class _Told(NamedTuple):
    """What a path tells: the owners, and whether it may be, and is named as, the notebook."""

    owners: list[Owner]
    may_be: bool
    right: bool
    sure: bool


class _Export:
    """All that the files of an export tell about each of them."""

    def __init__(
        self, assignment: str, others: list[str], files: list[Given], limited: Limited
    ) -> None:
        self.hints: list[str] = []
        self.patterns = Patterns(assignment, [given.path for given in files])
        self.foreign = [Patterns(name, ()).name for name in others if name != assignment]
        self.receipts = _receipts(files, self.patterns)
        self.submitters = _submitters(files, self.patterns, limited, self.hints)
        self.hints += [
            f"{'/'.join(folder)} is taken for one learner's, as what lies beside it; if it is the "
            "export of a platform, put it where no learner's files are"
            for folder in sorted(self.patterns.own)
        ]
        self.plain = _ByFolders(self.patterns, files)
        owners = [
            self.patterns.owner(given.path) or self.plain.owner(given, True)[0]
            for given in files
            if self.patterns.label(stem(given.path.name)[0]) is not None
        ]
        # Where this assignment was handed in: exports of platforms, and learners' own folders.
        self.exports = {owner.place for owner in owners if owner and owner.platform}
        self.homes = {owner.place for owner in owners if owner and not owner.platform} - {""}

    def tell(self, given: Given) -> _Told | None:
        """Return what a file's path tells; None if the file is of no interest."""
        name, is_notebook = stem(given.path.name)
        # A zip file that could not be read may be the notebook, too.
        may_be = is_notebook or (given.path.suffix.lower() == ".zip" and bool(given.problem))
        right = self.patterns.label(name if is_notebook else given.path.stem) is not None
        owner = self.patterns.owner(given.path)
        if is_notebook and not right and any(other.search(name) for other in self.foreign):
            if owner is None or owner.place not in self.exports:
                return None
            may_be = False  # in an export of this assignment it is the wrong file
        if owner is None:
            return self._tell_by_folders(given, name, may_be, right)
        right = right or self.patterns.label(stem(owner.file)[0]) is not None
        owners = [owner]
        if owner.platform == "gradescope":
            owners = self.submitters.get(_submission(given.path, owner), owners)
        owners = [_with_receipt(one, given.path, self.receipts) for one in owners]
        return _Told(owners, may_be, right, True)

    def is_foreign(self, given: Given) -> bool:
        """Return whether a file, or a folder around it, is called like another assignment."""
        return any(other.search(part) for part in given.path.parts for other in self.foreign)

    def _tell_by_folders(self, given: Given, name: str, may_be: bool, right: bool) -> _Told | None:
        owner, sure = self.plain.owner(given, may_be)
        behind = self.patterns.label_behind(name)
        if owner is None:
            return _Told([], may_be, right or behind is not None, sure)
        in_a_home = any(str(folder) in self.homes for folder in given.path.parents)
        if not sure and in_a_home and owner.place not in self.homes:
            return None  # another file of somebody who handed in the assignment's
        return _Told([owner], may_be, right or owner.label == behind, sure)


class _ByFolders:
    """Whose file it is, if no platform named it: LEARNER/ASSIGNMENT, LEARNER_ASSIGNMENT, …"""

    def __init__(self, patterns: Patterns, files: list[Given]) -> None:
        self.patterns = patterns
        self.behind: dict[PurePosixPath, set[str]] = defaultdict(set)
        # Folders of a class, not of a learner.
        self.flat: set[PurePosixPath] = set()
        for given in files:
            name, is_notebook = stem(given.path.name)
            if is_notebook and patterns.label(name):
                self.flat.add(given.path.parent)
            if is_notebook and (label := patterns.label_behind(name)):
                self.behind[given.path.parent].add(label)
        self.flat |= self._only_copies(files)
        self.zips = self._zips_of_one(files)
        self.only_zips = self._only_zips(files)
        self.repositories = self._repositories(files)
        self.shared = self._shared(files)
        self.homes, self.in_doubt = self._beside_own_folders(files)

    def owner(self, given: Given, may_be: bool) -> tuple[Owner | None, bool]:
        """Return the person, and whether names say that the file is this assignment's."""
        folders = given.path.parts if given.is_folder else given.path.parts[:-1]
        name, is_notebook = stem(given.path.name)
        name = name if is_notebook else given.path.stem
        is_work = given.path.suffix.lower() in WORK and not given.is_folder
        label = self.patterns.label(name) if may_be or is_work else None
        for depth in range(1, len(folders) + 1):
            # In a learner's own folder names mean nothing, whatever a platform would say by them.
            if folders[:depth] in self.patterns.own:
                return self._innermost(folders[:depth]), label is not None
        for depth in range(1, len(folders) + 1) if label is not None else ():
            # What is in the zip file of one learner is named as they like.
            if folders[:depth] in self.zips and (person := self._innermost(folders[:depth])):
                return person, True
        around = {folders[:depth] for depth in range(1, len(folders) + 1)}
        if label is not None and (home := min(around & self.homes, key=len, default=None)):
            return self._innermost(home), True
        if label:
            return None if around & self.in_doubt else self._person(folders, label), True
        if label == "":
            # Beside files with learners' names it is nobody's.
            return None if given.path.parent in self.flat else self._innermost(folders), True
        own = self._own_folder(folders)
        if own is not None and own not in self.shared:
            return self._person(own[:-2], own[-2], "/".join(own[:-1])), True
        behind = self.patterns.label_behind(name) if may_be or is_work else None
        if behind and len(self.behind[given.path.parent]) > 1:
            return self._person(folders, behind), True
        if not may_be or given.is_folder:
            return None, False
        return self._innermost(folders), False

    def of_folder(self, path: PurePosixPath) -> Owner | None:
        """Return the person whose folder this is, or whose archive that is not read."""
        name = path
        while name.suffix.lower() in {*ARCHIVES, ".zip"}:
            name = name.with_suffix("")
        if self._says_nothing(name.name):
            return None
        label = self.patterns.label(name.name) or name.name
        return self._person(path.parts[:-1], label, str(path))

    def _person(self, prefix: tuple[str, ...], label: str, place: str = "") -> Owner:
        above = [part for part in prefix if not self._says_nothing(part)]
        key = "/".join((*above, label))
        return Owner("", f"path: {key}", label, (("path", key), ("label", label)), place=place)

    def _innermost(self, folders: tuple[str, ...]) -> Owner | None:
        """Return the person whose folder is the innermost that says something."""
        for depth in range(len(folders), 0, -1):
            part = folders[depth - 1]
            if self._says_nothing(part) or folders[:depth] in self.repositories:
                continue
            if folders[:depth] in self.only_zips - self.patterns.own:
                continue
            part = part[:-4] if part.lower().endswith(".zip") else part
            label = self.patterns.label(part) or part
            return self._person(folders[: depth - 1], label, "/".join(folders[:depth]))
        return None

    def _says_nothing(self, folder: str) -> bool:
        name = folder[:-4] if folder.lower().endswith(".zip") else folder
        return self.patterns.label(name) == "" or bool(PLAIN_FOLDERS.fullmatch(name))

    def _own_folder(self, folders: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the innermost folder LEARNER/ASSIGNMENT (nbgrader's form) around a file."""
        for depth in range(len(folders), 1, -1):
            if self.patterns.name.fullmatch(folders[depth - 1]):
                return None if self._says_nothing(folders[depth - 2]) else folders[:depth]
        return None

    def _shared(self, files: list[Given]) -> set[tuple[str, ...]]:
        """Return the folders ANY/ASSIGNMENT of a class: they hold notebooks of several learners."""
        labels = defaultdict(set)
        for given in files:
            name, is_notebook = stem(given.path.name)
            folders = given.path.parts[:-1]
            label = self.patterns.label(name) if is_notebook else None
            if label == "":
                owner = self._innermost(folders)
                label = owner.label if owner else None
            for depth in range(2, len(folders) + 1) if label else ():
                if self.patterns.name.fullmatch(folders[depth - 1]) and folders[depth - 2] != label:
                    labels[folders[:depth]].add(label)
        return set(labels)

    def _beside_own_folders(
        self, files: list[Given]
    ) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
        """Return folders of one learner whose files have another's name, and those in doubt.

        The folder beside theirs in which others handed in the notebook is its learner's, whatever
        the one file in it is called. With files of several names it may be that of a section.
        """
        names: dict[tuple[str, ...], set[str]] = defaultdict(set)
        homes: set[tuple[str, ...]] = set()
        for given in files:
            name, is_notebook = stem(given.path.name)
            label = self.patterns.label(name) if is_notebook else None
            folders = given.path.parts[:-1]
            if label is None or not (owner := self._innermost(folders)):
                continue
            if label in ("", owner.label):
                homes.add(PurePosixPath(owner.place).parts)
            for depth in range(1, len(folders) + 1) if label else ():
                names[folders[:depth]].add(label)
        strange: set[tuple[str, ...]] = set()
        several: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
        for folder, labels in names.items():
            owner = self._innermost(folder)
            if owner is None or owner.place != "/".join(folder) or not labels - {owner.label}:
                continue
            if len(labels) > 1:
                several[folder[:-1]].add(folder)
            else:
                strange.add(folder)
        own = Counter(home[:-1] for home in homes - strange)
        # One that holds learners' own folders is a class's.
        strange -= {home[:depth] for home in homes for depth in range(1, len(home))}
        doubtful = {
            folder for parent, them in several.items() if own[parent] > len(them) for folder in them
        }
        return {folder for folder in strange if own[folder[:-1]]}, doubtful

    def _zips_of_one(self, files: list[Given]) -> set[tuple[str, ...]]:
        """Return the zip files that hold one notebook of the assignment, as folders."""
        held: Counter[tuple[str, ...]] = Counter()
        for given in files:
            name, is_notebook = stem(given.path.name)
            for depth in range(1, len(given.path.parts)):
                folder = given.path.parts[:depth]
                if is_notebook and folder[-1].lower().endswith(".zip"):
                    held[folder] += self.patterns.label(name) is not None
        return {folder for folder, number in held.items() if number == 1}

    def _only_zips(self, files: list[Given]) -> set[tuple[str, ...]]:
        """Return the zip files that are the only one in a folder: that is the learner's, then."""
        held: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for given in files:
            for depth, part in enumerate(given.path.parts[:-1]):
                if depth and part.lower().endswith(".zip"):
                    held[given.path.parts[:depth]].add(part)
        one = {(*folder, *zips) for folder, zips in held.items() if len(zips) == 1}
        return {zipped for zipped in one if self.patterns.label(zipped[-1][:-4]) is None}

    def _only_copies(self, files: list[Given]) -> set[PurePosixPath]:
        """Return the one folder of an export that holds nothing but files of one name, numbered."""
        paths = [given.path for given in files if stem(given.path.name)[1]]
        right = [path for path in paths if self.patterns.label(stem(path.name)[0]) == ""]
        places = {path.parent for path in paths}
        return places if len(places) == 1 and len(right) > 1 else set()

    def _repositories(self, files: list[Given]) -> set[tuple[str, ...]]:
        """Return the folders of the whole course, which have one name at every learner's."""
        roots = {
            given.path.parts[:depth]
            for given in files
            for depth in range(2, len(given.path.parts) - 1)
            if given.path.parts[depth] == "exercises"
        }
        same = len({root[-1] for root in roots}) == 1 and len({root[:-1] for root in roots}) > 1
        return roots if same else set()


def _submission(path: PurePosixPath, owner: Owner) -> str:
    """Return the path of Gradescope's folder of a submission."""
    return str(path).removesuffix(owner.file).rstrip("/")


def _submitters(
    files: list[Given], patterns: Patterns, limited: Limited, hints: list[str]
) -> dict[str, list[Owner]]:
    """Return who handed in each folder of Gradescope's, by its path."""
    found: dict[str, list[Owner]] = {}
    owners = (patterns.owner(given.path) for given in files)
    exports = {PurePosixPath(one.place) for one in owners if one and one.platform == "gradescope"}
    for given in files:
        if given.path.name != METADATA or given.problem:
            continue
        # One elsewhere than beside Gradescope's folders is a learner's.
        if given.path.parent not in exports or patterns.owner(given.path):
            continue
        try:
            submissions = limited(gradescope, given.read(MAX_TEXT))
        except (Rejected, OSError) as error:
            hints.append(f"{given.path} cannot be read, so it names nobody: {error}")
            continue
        for folder, (people, when) in submissions.items():
            path = str(given.path.parent / folder)
            found[path] = [
                Owner(
                    "gradescope",
                    f"gradescope: {ids.get('email') or ids.get('sid') or ids.get('name')}",
                    ids.get("name") or ids.get("sid") or ids["email"],
                    tuple({**ids, "submission": folder.removeprefix("submission_")}.items()),
                    when=when,
                )
                for ids in people
            ]
    return {path: owners for path, owners in found.items() if owners}


class _AnyTag(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads what Ruby wrote; its types become plain tables and texts, and nothing is made."""


def _plain(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_AnyTag.add_multi_constructor("!", _plain)


def gradescope(data: bytes) -> dict[str, tuple[list[dict[str, str]], str]]:
    """Return submitters' ids and the time of each folder in the bytes of Gradescope's metadata."""
    content = yaml.load(data, Loader=_AnyTag)
    found = {}
    for folder, said in content.items() if isinstance(content, dict) else ():
        if not isinstance(said, dict):
            continue
        people = []
        for person in said.get(":submitters") or ():
            ids = {kind: str(person.get(f":{kind}") or "") for kind in ("name", "sid", "email")}
            people.append({kind: value for kind, value in ids.items() if value})
        when = said.get(":created_at")
        when = when.get("utc", "") if isinstance(when, dict) else when
        found[str(folder)] = ([ids for ids in people if ids], str(when or ""))
    return found


def _receipts(files: list[Given], patterns: Patterns) -> dict[str, tuple[dict[str, str], str]]:
    """Return the name and login of Blackboard's receipts, and the time, by their path.

    A receipt stands for no file of a learner: one among a learner's files is the learner's own.
    """
    found = {}
    for given in files:
        owner = patterns.owner(given.path)
        if owner is None or owner.platform != "blackboard" or owner.file or given.problem:
            continue
        try:
            text = given.read(MAX_RECEIPT).decode("utf-8-sig", "replace")
        except (Rejected, OSError):
            continue
        if ids := _named(text.partition("\n")[0]):
            dates = (line for line in text.splitlines() if line.startswith(DATE))
            when = next(dates, "").removeprefix(DATE).strip()
            found[str(given.path).removesuffix(".txt")] = (ids, when)
    return found


def _named(line: str) -> dict[str, str]:
    """Return the name and login in "Name: Anna Kim (akim)", or nothing.

    Without a pattern: the line may be a learner's, made so that a search in it takes hours.
    """
    before, _, login = line.partition(":")[2].rstrip().rpartition("(")
    ids = {"name": before.strip(), "login": login.removesuffix(")").strip()}
    return ids if login.endswith(")") and ")" not in login[:-1] and all(ids.values()) else {}


def attempt_of(name: str) -> tuple:
    """Return the attempt of one of Blackboard's receipts, as `Owner.attempt`; else the oldest."""
    match = RECEIPT.match(name)
    return (match[1].zfill(20), "") if match else ()


def _with_receipt(
    owner: Owner, path: PurePosixPath, receipts: dict[str, tuple[dict[str, str], str]]
) -> Owner:
    if owner.platform != "blackboard":
        return owner
    files = str(path).removesuffix(f"_{owner.file}" if owner.file else ".txt")
    ids, when = receipts.get(files, ({}, ""))
    if not ids:
        return owner
    return owner._replace(
        key=f"blackboard: {ids['login']}",
        label=ids["login"],
        ids=tuple({**dict(owner.ids), **ids}.items()),
        when=when or owner.when,
    )
