"""Cooperative games: what a coalition is worth, and how many coalitions a method evaluates."""
