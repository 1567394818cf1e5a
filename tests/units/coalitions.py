"""Games for the tests of Shapley values, and these values again by brute force."""

from itertools import combinations, permutations, product
from math import factorial

import numpy as np
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestRegressor

import xaikit as xk
from tests.units.support import seeds

# The three estimators that sample, and the three that evaluate every coalition.
SAMPLERS = {
    "permutation": xk.permutation_shapley,
    "kernel": xk.kernel_shap,
    "process": xk.gaussian_process_shapley,
}
COMPLETE = {
    "exact": (xk.exact_shapley, 1e-12),
    "kernel": (lambda game: xk.kernel_shap(game, 2 ** len(game.players)), 1e-10),
    "process": (lambda game: xk.gaussian_process_shapley(game, 2 ** len(game.players)), 1e-8),
}


def coalitions(players):
    """Return the masks (2^M, M) of all coalitions, ∅ first and N last."""
    return np.array(list(product([False, True], repeat=players)))


def table_game(payoffs):
    """Return the game with these payoffs, (2^M,) or (2^M, n), in the order of `coalitions`."""
    players = len(payoffs).bit_length() - 1
    place = 2 ** np.arange(players)[::-1]
    return xk.Game(players, lambda masks: payoffs[masks @ place])


def by_orders(game):
    """Return each player's contribution, (M,) or (M, n), averaged over all M! orders."""
    players = len(game.players)
    payoff = dict(zip(map(tuple, coalitions(players)), game(coalitions(players)), strict=True))
    total = 0.0
    for order in permutations(range(players)):
        present, before = np.zeros(players, dtype=bool), payoff[(False,) * players]
        gained = [None] * players
        for player in order:
            present[player] = True
            after = payoff[tuple(present)]
            gained[player], before = after - before, after
        total = total + np.array(gained)
    return total / factorial(players)


def by_subsets(game):
    """Return Σ_{S∌i} |S|! (M − |S| − 1)! / M! (v(S ∪ i) − v(S)), subset by subset."""
    players = len(game.players)
    values = []
    for i in range(players):
        others = [j for j in range(players) if j != i]
        value = 0.0
        for size in range(players):
            share = factorial(size) * factorial(players - size - 1) / factorial(players)
            for subset in combinations(others, size):
                masks = np.isin(range(players), subset)[None].repeat(2, axis=0)
                masks[1, i] = True
                without_i, with_i = game(masks)
                value = value + share * (with_i - without_i)
        values.append(value)
    return np.array(values)


def random_payoffs(players, seed, games=None):
    """Draw the payoffs of a game without any structure: (2^M,), or (2^M, n)."""
    shape = 2**players if games is None else (2**players, games)
    return np.random.default_rng(seed).normal(size=shape)


@st.composite
def tables(draw, least=1, most=5, games=(None, 1, 3)):
    """Draw the payoffs of one game, or of several games at once."""
    games = draw(st.sampled_from(games))
    return random_payoffs(draw(st.integers(least, most)), draw(seeds), games)


def network_game(players, seed, games=None):
    """Return the game of a network's features, with a random row and a random baseline."""
    rng = np.random.default_rng(seed)
    x, baseline = rng.normal(size=(2, players))
    network = xk.Network.mlp([players, 16, 16, games or 1], "tanh", seed=seed)
    payoffs = network(np.where(coalitions(players), x, baseline))
    return table_game(payoffs if games else payoffs[:, 0])


def forest_game(players, seed):
    """Return the game of a forest's features, with a row and a baseline of its training set."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, players))
    y = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + (x[:, 3] > 0) * x[:, 4] + np.abs(x).sum(axis=1)
    forest = RandomForestRegressor(10, random_state=0).fit(x, y)
    return table_game(forest.predict(np.where(coalitions(players), x[0], x[1])))


def recorded(model):
    """Return a model, and a list to which each call adds its number of rows."""
    sizes = []

    def called(rows):
        sizes.append(len(rows))
        return model(rows)

    return called, sizes
