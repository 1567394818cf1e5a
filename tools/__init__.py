"""What a maintainer runs: execute and normalise notebooks, derive exercises."""
