from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from grading import times


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01 22:59",
        "2026-03-01 22:59:00.123456 UTC",
        "2026-03-01T22:59:00Z",
        "2026-03-02 07:59:00 +0900",
        "2026-03-02 07:59:00+09:00",
        "2026-03-02 07:59 UTC+9",
        "2026-03-02 07:59:00 KST",
        "2026-03-02 07:59:00 Asia/Seoul",
        "2026-03-01 17:59:00 EST",
        "2026-03-02 04:29 +0530",
        "20260301225900",
        "20260301225900123",
        "Sunday, March 1, 2026 5:59:00 PM EST",
        "Monday, 2 March 2026 07:59:00 o'clock KST",
        "Mar 1, 2026 1059 PM UTC",
    ],
)
def test_one_time_in_many_forms(text):
    assert times.parse(text) == datetime(2026, 3, 1, 22, 59)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("yesterday", "not a time"),
        ("12", "not a time"),
        ("2026-03-01 22:59 CST", "not clear"),
        ("2026-03-01 22:59 BST", "not clear"),
        ("2026-03-01 22:59 Mars/Base", "no time zone"),
        ("2026-03-01 22:59 ../../etc/passwd", "no time zone"),
        ("2026-03-01 22:59 +2500", "not clear"),
        ("2026-13-01 22:59", "month"),
        ("2026-03-01 22:59 or so", "not clear"),
    ],
)
def test_what_is_not_clear_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        times.parse(text)


def test_the_zone_of_times_that_name_none():
    zone = ZoneInfo("Europe/London")
    assert times.parse("2026-07-01 12:00", zone) == datetime(2026, 7, 1, 11)
    assert times.parse("2026-07-01 12:00 BST", zone) == datetime(2026, 7, 1, 11)
    with pytest.raises(ValueError, match="not clear"):
        times.parse("2026-01-01 12:00 BST", zone)
    with pytest.raises(ValueError, match="no time zone"):
        times.parse("2026-07-01 12:00", None)
