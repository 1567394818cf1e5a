"""The comments: those of the course, and the download of the real collection."""

import csv
import http.server
import io
import logging
import re
import threading
import zipfile
from collections import Counter

import numpy as np
import pooch
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from xaikit.course import datasets
from xaikit.course.datasets import comments as module

GOOD, SPAM = "PSY is a good guy", "For Christmas Song visit my channel! ;)"
LEARNERS = {
    "counts": lambda: make_pipeline(CountVectorizer(), LogisticRegression()),
    "tf-idf": lambda: make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)),
    "tokens": lambda: make_pipeline(CountVectorizer(token_pattern=r"\S+"), LogisticRegression()),
}


@pytest.fixture(scope="module")
def comments():
    return datasets.youtube_comments()


# The course's own


def test_half_of_the_comments_are_spam(comments):
    assert len(comments.texts) == len(comments.labels) == 172
    assert Counter(comments.labels.tolist()) == {0: 86, 1: 86}
    assert comments.labels.dtype.kind == "i"


def test_comments_are_different_short_texts(comments):
    assert {type(text) for text in comments.texts} == {str}
    assert len({text.lower().strip(" .!?") for text in comments.texts}) == 172
    assert all(1 < len(text.split()) <= 20 and text == text.strip() for text in comments.texts)


def test_comments_lead_nowhere(comments):
    # No addresses and no accounts: nobody can follow, or be blamed for, an invented comment.
    for text in comments.texts:
        assert not re.search(r"https?:|www\.|@|#|\w\.(com|org|net|ly)\b|watch\?v", text)


def test_the_sources_two_comments_are_the_named_examples(comments):
    assert (comments.good_example, comments.spam_example) == (GOOD, SPAM)
    assert comments.texts[:2].tolist() == [GOOD, SPAM]
    assert comments.labels[:2].tolist() == [0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_the_examples_are_never_learnt(seed):
    comments = datasets.youtube_comments(seed)
    assert {0, 1} <= set(comments.test.tolist())
    assert sorted([*comments.train, *comments.test]) == list(range(172))
    assert len(comments.test) == 44
    assert Counter(comments.labels[comments.train].tolist()) == {0: 64, 1: 64}


def test_the_seed_decides_which_comments_are_tested(comments):
    again, other = datasets.youtube_comments(0), datasets.youtube_comments(1)
    assert np.array_equal(comments.test, again.test)
    assert not np.array_equal(comments.test, other.test)
    assert np.array_equal(comments.texts, other.texts)


def test_a_learner_who_changes_the_comments_changes_only_theirs(comments):
    theirs = datasets.youtube_comments()
    theirs.texts[0], theirs.labels[0], theirs.train[0] = "changed", 7, 0
    fresh = datasets.youtube_comments()
    assert (fresh.texts[0], fresh.labels[0]) == (GOOD, 0)
    assert np.array_equal(fresh.train, comments.train)


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_bag_of_words_tells_spam(learner, comments):
    model = LEARNERS[learner]().fit(comments.texts[comments.train], comments.labels[comments.train])
    right = model.score(comments.texts[comments.test], comments.labels[comments.test])
    assert right >= 0.9
    good, spam = model.predict_proba([GOOD, SPAM])[:, 1]
    assert good < 0.15 and spam > 0.9


def test_a_bag_of_words_tells_spam_whatever_the_split():
    scores = []
    for seed in range(10):
        data = datasets.youtube_comments(seed)
        model = LEARNERS["counts"]().fit(data.texts[data.train], data.labels[data.train])
        scores.append(model.score(data.texts[data.test], data.labels[data.test]))
    assert np.mean(scores) >= 0.92


# The real collection, here as files with its layout


HEAD = ["COMMENT_ID", "AUTHOR", "DATE", "CONTENT", "CLASS"]
TRAPS = [
    ('she said "wow", twice', 0),
    ("first line\nsecond line", 1),
    ("as Windows\r\nends lines", 0),
    ("null", 0),
    ("NA", 0),
    ("", 0),
    ("with a mark at the end\ufeff", 0),
    ("HTML &amp; <br />, 음악", 1),
    (GOOD + "\ufeff", 0),
    (SPAM, 1),
    ("  spaces around ", 1),
]


def written(rows, head=HEAD):
    """Return a csv file of comments with account names, which must not be returned."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    for i, (text, kind) in enumerate(rows):
        writer.writerow([f"id{i}", 'Ann "Secret", Lee', "2014-01-02T03:04:05.678000", text, kind])
    return file.getvalue()


def collection(tables):
    """Return a zip file with the collection's layout."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, table in tables.items():
            file.writestr(name, table.encode() if isinstance(table, str) else table)
            file.writestr(f"__MACOSX/._{name}", b"\x00\x05\x16\x07 no table")
    return packed.getvalue()


def tables(extra=()):
    """Return five tables of 1,956 rows; the traps are in the first."""
    first = [*TRAPS, *extra]
    counts = [350 - len(first), 350, 438, 448, 370]
    rows = [[(f"comment {i} of table {t}", i % 2) for i in range(n)] for t, n in enumerate(counts)]
    rows[0] = first + rows[0]
    return {f"Youtube0{t + 1}.csv": written(part) for t, part in enumerate(rows)}


WHOLE = collection(tables())


class Server(http.server.ThreadingHTTPServer):
    """Answers every request with `content`, or with the error `status`; counts requests."""

    content, status, requests = WHOLE, 200, 0

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/collection.zip"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests += 1
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content[: self.server.sent])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Handler) as server:
        server.sent = None
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def load(server, tmp_path):
    """Load the collection from the server into an empty folder."""
    return lambda **more: datasets.youtube_spam_collection(
        source=server.address, folder=tmp_path / "cache", **more
    )


def test_the_collection_is_read_as_it_is(load):
    found = load()
    assert len(found.texts) == 1956 and {type(text) for text in found.texts} == {str}
    assert list(zip(found.texts, found.labels, strict=True))[: len(TRAPS)] == TRAPS
    assert found.texts[350] == "comment 0 of table 1" and found.texts[-1].endswith("of table 4")


def test_no_account_is_named(load):
    assert not any("Secret" in str(field) for part in load() for field in np.atleast_1d(part))


def test_comments_that_a_quote_runs_together_lose_their_accounts(server, load):
    # As in the real file: an unclosed quote joins the next rows.
    run = (
        "warning! ,0\n"
        "z12ab-c_d,Secret Sam,2013-09-26T22:28:17.047000,nice &lt;3,0\r\n"
        'z13,"Secret, Sue",2013-09-26T22:28:17,bye'
    )
    server.content = collection(tables([(run, 1)]))
    found = load()
    assert found.texts[len(TRAPS)] == "warning! \nnice &lt;3\nbye"
    assert found.labels[len(TRAPS)] == 1


def test_lines_with_numbers_are_kept_in_a_comment(server, load):
    text = "top three,1\nsecond, the song of 2013,0\nthird, none"
    server.content = collection(tables([(text, 0)]))
    assert load().texts[len(TRAPS)] == text


def test_the_collections_examples_are_never_learnt(load):
    for seed in range(3):
        found = load(seed=seed)
        tested = set(found.texts[found.test])
        assert {GOOD + "\ufeff", SPAM} <= tested
        assert sorted([*found.train, *found.test]) == list(range(1956))
        assert len(found.test) == pytest.approx(1956 / 4, abs=2)
        assert (found.good_example, found.spam_example) == (GOOD, SPAM)


def test_the_collection_is_downloaded_once(server, load):
    first, second = load(), load()
    assert server.requests == 1
    assert np.array_equal(first.texts, second.texts)


def test_a_download_writes_nothing_into_the_notebook(load, monkeypatch):
    logger, messages = pooch.get_logger(), []
    monkeypatch.setattr(logger, "handlers", [logging.NullHandler()])
    monkeypatch.setattr(logger.handlers[0], "handle", messages.append)
    load()
    assert messages == []
    logger.info("others hear it again")
    assert len(messages) == 1


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.zip"
    path.write_bytes(WHOLE)
    for source in (path, str(path)):
        assert len(datasets.youtube_spam_collection(source=source).texts) == 1956
    path.write_bytes(b"no zip")
    with pytest.raises(ValueError, match="Pass the zip file as UCI gives it"):
        datasets.youtube_spam_collection(source=path)
    assert path.exists()
    with pytest.raises(FileNotFoundError):
        datasets.youtube_spam_collection(source=tmp_path / "none.zip")


def test_the_folder_is_poochs_cache_unless_one_is_given(server, tmp_path, monkeypatch):
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / project)
    datasets.youtube_spam_collection(source=server.address)
    assert [path.name for path in (tmp_path / "xaikit").iterdir()] == [module.UCI_NAME]


def changed(**changes):
    """Return the whole collection with these tables changed; None removes one."""
    new = {**tables(), **{f"Youtube0{name[1:]}.csv": table for name, table in changes.items()}}
    return collection({name: table for name, table in new.items() if table is not None})


ONE_ROW = 'id,name,2014-01-01T00:00:00,"text",1\n'
DAMAGES = {
    "a web page": (b"<!DOCTYPE html>", "not a zip file"),
    "empty": (b"", "not a zip file"),
    "cut short": (WHOLE[: len(WHOLE) // 2], "not a zip file"),
    "one byte": (WHOLE.replace(b"comment 7 of", b"comment 8 of"), "Bad CRC-32"),
    "four tables": (changed(t5=None), "it holds 4 csv files, expected 5"),
    "columns": (
        changed(t2=written([("a", 0)] * 350, ["ID", *HEAD[1:]])),
        r"Youtube02.csv has the columns \['ID', .*expected \['COMMENT_ID'",
    ),
    "no table": (changed(t2=""), r"Youtube02.csv has the columns \[\], expected"),
    "classes": (
        changed(t2=written([("a", 0), ("a", 2)])),
        "row 2 of Youtube02.csv has 5 fields and ends in '2', expected 5",
    ),
    "fields": (
        changed(t2=written([("a", 0)]) + "id,text,1\n"),
        "row 2 of Youtube02.csv has 3 fields and ends in '1'",
    ),
    "one row less": (changed(t2=written([("a", 0)] * 349)), "1,955 comments, expected 1,956"),
    "one row more": (changed(t2=written([("a", 0)] * 350) + ONE_ROW), "1,957 comments"),
    "not UTF-8": (changed(t2=written([("é", 0)]).encode("latin-1")), "can't decode byte 0xe9"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_download_is_refused_and_not_kept(server, load, tmp_path, damage):
    server.content, message = DAMAGES[damage]
    with pytest.raises(ValueError, match=message) as error:
        load()
    assert "is not the YouTube Spam Collection" in str(error.value)
    assert server.address in str(error.value)
    assert list((tmp_path / "cache").iterdir()) == []
    server.content = WHOLE
    assert len(load().texts) == 1956
    assert server.requests == 2


def test_a_mark_at_the_beginning_of_a_table_is_no_part_of_it(server, load):
    server.content = changed(t2=("\ufeff" + tables()["Youtube02.csv"]).encode())
    assert len(load().texts) == 1956


@pytest.mark.parametrize("fault", ["status", "broken off"])
def test_what_to_do_without_a_network(server, load, tmp_path, fault):
    if fault == "status":
        server.status = 404
    else:
        server.sent = len(WHOLE) // 2
    with pytest.raises(ConnectionError, match="cannot be downloaded") as error:
        load()
    assert server.address in str(error.value)
    assert "datasets.youtube_comments()" in str(error.value)
    assert "pass its path as source" in str(error.value)
    assert list((tmp_path / "cache").iterdir()) == []
    server.status, server.sent = 200, None
    assert len(load().texts) == 1956


def test_no_server_at_all(tmp_path):
    with pytest.raises(ConnectionError, match=r"datasets\.youtube_comments\(\)"):
        datasets.youtube_spam_collection(source="http://127.0.0.1:9/x.zip", folder=tmp_path)


def test_the_address_is_ucis():
    assert module.UCI_ADDRESS.startswith("https://archive.ics.uci.edu/static/public/380/")
    assert module.UCI_ADDRESS.endswith(".zip")
