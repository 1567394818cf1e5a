"""Real games of 10 to 14 players, with all their coalitions evaluated once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor

import xaikit as xk

BACKGROUND = 20
ROWS = 2  # explained rows per data set and model


@dataclass(frozen=True)
class TableGame:
    """A game whose 2^M payoffs are stored, so that an evaluation costs nothing.

    Attributes
    ----------
    name : str
        Data set, model and row.
    payoffs : (2^M,)
        v(S) at the number whose bit i says whether player i is present.
    shapley : (M,)
        The exact values.
    """

    name: str
    payoffs: np.ndarray
    shapley: np.ndarray

    @property
    def players(self) -> int:
        """The number of players, M."""
        return len(self.shapley)

    def value(self, masks: np.ndarray) -> np.ndarray:
        """Return v(S) for masks (B, M) of true and false or 1 and 0."""
        return self.payoffs[(masks > 0.5) @ (1 << np.arange(self.players))]

    def game(self) -> xk.Game:
        """Return the game, with its count of evaluations at 0."""
        return xk.Game(self.players, self.value)


def table_game(name: str, game: xk.Game) -> TableGame:
    """Evaluate all coalitions of a game with one row."""
    players = len(game.players)
    masks = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
    payoffs = game.payoffs(masks.astype(bool))
    exact = xk.exact_shapley(TableGame(name, payoffs, np.zeros(players)).game())
    return TableGame(name, payoffs, exact.values)


def data_sets() -> Iterator[tuple[str, np.ndarray, np.ndarray, dict[str, list[int]] | None]]:
    """Yield name, rows, outcomes, and groups if a player is several columns."""
    cancer, outcome = load_breast_cancer(return_X_y=True)
    columns = np.random.default_rng(0).permutation(30)
    pictures, digit = load_digits(return_X_y=True)
    # Twelve blocks of the 8 × 8 picture: two rows of pixels high, two or three columns wide.
    rows = np.split(np.arange(64).reshape(8, 8), 4)
    blocks = [block for row in rows for block in np.split(row, [3, 5], axis=1)]
    parts = {f"block{k}": block.ravel().tolist() for k, block in enumerate(blocks)}
    yield "diabetes", *load_diabetes(return_X_y=True), None
    yield "wine", *load_wine(return_X_y=True), None
    yield "cancer 12", cancer[:, columns[:12]], outcome, None
    yield "cancer 14", cancer[:, columns[12:26]], outcome, None
    yield "digits 12", pictures, digit == 3, parts


def models(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, Callable]]:
    """Yield a forest, boosted trees and a network, fitted to standardised rows."""
    target = (y - y.mean()) / y.std()
    forest = RandomForestRegressor(20, max_depth=8, random_state=0).fit(x, target)
    yield "forest", forest.predict
    boosted = GradientBoostingClassifier(n_estimators=60, random_state=0)
    boosted.fit(x, y > np.median(y) if len(np.unique(y)) > 2 else y)
    yield "boosted", boosted.decision_function
    network = xk.Network.mlp([x.shape[1], 32, 16, 1], seed=0)
    network.fit(x, target[:, None], loss="mse", epochs=60, seed=0)
    yield "network", network


def real_games() -> list[TableGame]:
    """Return two rows of three models on five data sets: thirty games."""
    games = []
    for name, x, y, groups in data_sets():
        x = (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1)
        order = np.random.default_rng(1).permutation(len(x))
        background, explained = x[order[:BACKGROUND]], x[order[-ROWS:]]
        for kind, model in models(x, y.astype(float)):
            for row in explained:
                game = xk.marginal_game(model, row, background, groups=groups)
                games.append(table_game(f"{name}, {kind}", game))
    return games


def vote(players: int, quota: int) -> TableGame:
    """Return the voting game that at least `quota` players win."""
    size = sum((np.arange(2**players) >> i) & 1 for i in range(players))
    payoffs = (size >= quota).astype(float)
    return TableGame(f"{quota} of {players} votes", payoffs, np.full(players, 1 / players))
