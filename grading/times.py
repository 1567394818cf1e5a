"""Times as people and platforms write them. What is not understood is refused, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import dateutil.parser

# Abbreviations that mean one offset in practice. CST, IST and BST mean several, and are refused.
OFFSETS = {
    "UTC": 0, "GMT": 0, "Z": 0, "KST": 9, "JST": 9, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2,
    "EET": 2, "EEST": 3, "EST": -5, "EDT": -4, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
ISO = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})(?:[ T]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?")
DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})?")
# "Tuesday, 21 April 2020 06:34:13 o'clock" and "Mar 1, 2026 1159 PM"
WORDS = re.compile(
    r"(?:\w+, +)?(\d{1,2} +\w+,?|\w+ +\d{1,2},?) +(\d{4}),? +(\d{1,2}):?(\d{2})(?::(\d{2}))?"
    r"(?: *([AP]M))?(?: +o'clock)?",
    re.IGNORECASE,
)
OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)


def parse(text: str, zone: tzinfo | None = UTC) -> datetime:
    """Return the time that a text says, in UTC and without a zone, to the second.

    Parameters
    ----------
    text : str
        Like ``2026-03-01 23:59``, ``2026-03-01T23:59:00+09:00``, ``… KST``, ``… Asia/Seoul``, or
        one of the platforms' forms.
    zone : tzinfo or None
        The zone of a time that names none. With None, such a time is refused.

    Raises
    ------
    ValueError
        If it is no time, or its zone is not known; the message says what to write instead.
    """
    text = " ".join(text.split())
    for form in (ISO, DIGITS, WORDS):
        if match := form.match(text):
            when = _plain(form, match)
            rest = text[match.end() :].strip()
            where = _zone(rest, when, zone) if rest else zone
            if where is None:
                raise ValueError(f"{text!r} names no time zone")
            return when.replace(tzinfo=where).astimezone(UTC).replace(tzinfo=None, microsecond=0)
    raise ValueError(f"{text!r} is not a time like '2026-03-01 23:59 +0900'")


def _plain(form: re.Pattern, match: re.Match) -> datetime:
    if form is ISO:
        date, clock = match.groups()
        year, month, day = map(int, date.split("-"))
        hour, minute, *rest = (clock or "0:0").split(":")
        second = int(float(rest[0])) if rest else 0
        return datetime(year, month, day, int(hour), int(minute), second)
    if form is DIGITS:
        year, month, day, hour, minute, second = map(int, match.groups()[:6])
        return datetime(year, month, day, hour, minute, second)
    date, of, hours, minutes, seconds, half = match.groups()
    return dateutil.parser.parse(f"{date} {of} {hours}:{minutes}:{seconds or '00'} {half or ''}")


def _zone(name: str, when: datetime, local: tzinfo | None) -> tzinfo:
    if match := OFFSET.fullmatch(name):
        sign, hours, minutes = match.groups()
        if len(hours) <= 2 and int(hours) <= 14 and int(minutes or 0) < 60:
            span = timedelta(hours=int(hours), minutes=int(minutes or 0))
            return timezone(-span if sign == "-" else span)
    if local is not None and name == local.tzname(when):
        return local
    if name.upper() in OFFSETS:
        return timezone(timedelta(hours=OFFSETS[name.upper()]))
    if "/" in name:
        return zone_named(name)
    raise ValueError(f"the time zone {name!r} is not clear; write the offset, like '+0900'")


def zone_named(name: str) -> tzinfo:
    """Return the time zone of a name like ``Asia/Seoul``."""
    try:
        return ZoneInfo(name)
    except Exception:  # it raises KeyError, ValueError or OSError, by the name
        raise ValueError(f"there is no time zone {name!r}; write it like 'Asia/Seoul'") from None
