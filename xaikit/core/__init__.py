"""Shared by all folders.

What a method gets and returns: `question`, `targets`, `models`, `tables`, `attribution`. What it
computes with: `arrays`, `chunks`, `linear_fits`, `threads`. The rest: `settings`, `extras`,
`progress`.
"""
