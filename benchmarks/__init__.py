"""Compare xaikit with its peers in one run: ``make bench`` writes the tables in README.md."""
