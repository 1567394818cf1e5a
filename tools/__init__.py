"""Programs for `make`: execute and normalise notebooks, derive exercises, choose a PyTorch."""
