"""The lectures' claims with a seed that the table does not have, and the table itself."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import claims, tables
from benchmarks.claims import CLAIMS, Claim
from benchmarks.claims.shared import lead

ANOTHER = 10  # beyond the table's seeds
LECTURES = sorted((Path(__file__).parents[2] / "lectures").glob("*.ipynb"))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.lecture} {claim.sentence}")
def test_a_claim_holds_for_another_seed(claim):
    assert claim.measure(ANOTHER) > 0


def test_the_stored_table_has_every_claim_and_none_that_fails():
    rows = tables.rows_of("claims")
    stored = [next(iter(row.values())) for row in rows]
    assert stored == [claim.words for claim in CLAIMS]
    assert all(float(row["95%"].split(" to ")[0]) > 0 for row in rows)


def test_a_claim_that_hangs_on_the_seed_is_missed(monkeypatch):
    flips = Claim("99", "one is ahead of the other", lambda seed: (-1) ** seed)
    holds = Claim("99", "one is ahead", lambda seed: 1 + 0.1 * seed)
    monkeypatch.setattr(claims, "CLAIMS", [flips, holds])
    table = claims.table()
    assert [row[-1] for row in table.rows] == ["5 of 10", "10 of 10"]
    assert table.missed == ["99: one is ahead of the other: -0.754 to 0.754"]


def test_the_interval_is_students():
    low, high = claims.interval(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    # Mean 3, standard error √(2.5 / 5), and t = 2.776 with four degrees of freedom.
    assert (low, high) == pytest.approx((3 - 1.963, 3 + 1.963), abs=1e-3)


def test_claims_stand_in_the_order_of_the_lectures():
    numbers = [path.name.split("_")[0] for path in LECTURES]
    assert list(dict.fromkeys(claim.lecture for claim in CLAIMS)) == numbers


def test_a_lead_is_the_distance_of_the_nearest_two():
    numbers = {"first": 5.0, "second": 4.0, "third": 1.0, "last": -2.0}
    assert lead(numbers, ("first", "second"), ("third", "last")) == 3
    assert lead(numbers, "first", "third") == 4
    assert lead(numbers, "first") == 1
    assert lead(numbers, lower="last") == 3
