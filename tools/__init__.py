"""What `make` runs: execute and normalise notebooks, derive exercises, choose a PyTorch."""
