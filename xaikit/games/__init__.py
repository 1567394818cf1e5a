"""Cooperative games: the payoffs of coalitions, and the number of coalitions to evaluate."""
