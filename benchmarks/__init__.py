"""xaikit beside its peers, in one run: ``make bench`` writes the table in README.md."""
