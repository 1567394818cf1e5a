"""The guide's scripts for clusters, run as they stand against real servers on this machine."""
