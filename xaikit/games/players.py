"""The players of a game of features: columns, or groups of columns that join together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np

from xaikit.core import arrays
from xaikit.core.arrays import Array, namespace


@dataclass(frozen=True, eq=False)
class Players:
    """Groups of columns, and after them the columns that are in no group.

    Attributes
    ----------
    names : list of str
    grouped : int
        How many of the players are groups.
    of_column : (d,) ints
        The player of each column.
    """

    names: Sequence[str]
    grouped: int
    of_column: np.ndarray

    def columns(self, masks: np.ndarray) -> np.ndarray:
        """Turn masks of players (B, M) into masks of columns (B, d)."""
        return masks[:, self.of_column] if self.grouped else masks

    def data(self, flat: Array) -> Array:
        """Return the players' values, (n, M): those of their column, or 1 (present) for a group."""
        if not self.grouped:
            return flat
        ones = namespace(flat).zeros_like(flat[:, :1]) + 1
        alone = np.flatnonzero(self.of_column >= self.grouped)
        own = [flat[:, i : i + 1] for i in alone]
        return namespace(flat).concat([*[ones] * self.grouped, *own], axis=1)


def players_of(
    groups: Mapping[str, Sequence] | None, columns: int, names: Sequence[str] | None = None
) -> Players:
    """Return the players of a table with `columns` columns, of which each group is one.

    Raises
    ------
    TypeError
        For groups that are no dict, or hold anything but columns.
    ValueError
        For a column that x does not have, that two groups share, or whose name a group has.
    """
    groups = {} if groups is None else groups
    if not isinstance(groups, Mapping):
        raise TypeError(
            f"groups is {type(groups).__name__}, expected a dict: a player's name -> its columns"
        )
    of_column = np.full(columns, -1)
    for player, (name, members) in enumerate(groups.items()):
        chosen = column_places(members, columns, names, f"group {name!r}")
        if (of_column[chosen] >= 0).any() or len(set(chosen.tolist())) < len(chosen):
            raise ValueError(f"group {name!r} holds a column that another group has already")
        of_column[chosen] = player
    column_names = list(names) if names is not None else [f"x{i}" for i in range(columns)]
    alone = np.flatnonzero(of_column < 0)
    if taken := sorted({column_names[i] for i in alone} & set(groups)):
        raise ValueError(f"group {taken[0]!r} has the name of a column that is not in a group")
    of_column[alone] = len(groups) + np.arange(len(alone))
    return Players([*groups, *(column_names[i] for i in alone)], len(groups), of_column)


def column_places(members: Any, columns: int, names: Sequence[str] | None, what: str) -> np.ndarray:
    """Return the places of columns that are given by number or, in a frame, by name.

    Raises
    ------
    TypeError, ValueError
        For anything else, or a column that x does not have; `what` begins the message.
    """
    known = list(names or [])
    members = arrays.to_numpy(members) if arrays.is_array(members) else members
    if isinstance(members, str) or not np.iterable(members) or not len(list(members)):
        raise TypeError(f"{what} is {members!r}, expected a list of columns")
    places = [known.index(one) if one in known else one for one in members]
    for place in places:
        if not isinstance(place, str | int | np.integer) or isinstance(place, bool):
            raise TypeError(f"{what} holds {place!r}, expected numbers or names of columns")
        if isinstance(place, str) or not 0 <= place < columns:
            raise ValueError(
                f"{what} names the column {place!r}, which x does not have: its columns are "
                f"{', '.join(known) or f'0 to {columns - 1}'}"
            )
    return np.array(places, dtype=int)


def category_places(
    categorical: Sequence, columns: int, names: Sequence[str] | None
) -> list[np.ndarray]:
    """Return the columns of each category: a name or a number is one, several are a block."""
    lists = [[e] if isinstance(e, str | int | np.integer) else e for e in categorical]
    return [column_places(members, columns, names, "categorical") for members in lists]


def blocks_of(categorical: Sequence, columns: int, names: Sequence[str] | None) -> dict[str, Any]:
    """Return the groups of categories that are written in several columns (one-hot blocks)."""
    blocks: dict[str, Any] = {}
    for places in category_places(categorical, columns, names):
        own = [names[i] if names is not None else f"x{i}" for i in places]
        name = _common_start(own)
        if len(own) > 1:
            blocks[" + ".join(own) if name in ("", *blocks) else name] = places
    return blocks


def _common_start(names: Sequence[str]) -> str:
    """Return the words that all names begin with: colour of colour_red and colour_blue, or none."""
    start = "".join(c[0] for c in takewhile(lambda c: len(set(c)) == 1, zip(*names, strict=False)))
    cut = max(start.rfind(mark) for mark in "_=.:- ")
    return start[: max(cut, 0)]
