"""Tests of the assignments: the solution earns every point, a wrong answer does not."""
