"""Cooperative games: what a coalition is worth, and how many coalitions are asked for."""
