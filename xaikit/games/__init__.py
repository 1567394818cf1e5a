"""Cooperative games: the payoffs of coalitions (game, removal, conditional), and their choice.

How many coalitions to evaluate is in `budget`; how they are drawn in pairs is in `pairs`.
"""
