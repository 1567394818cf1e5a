"""Proof of the assignments, both ways: the solution earns every point, a wrong answer does not."""
