"""Shared by all folders: arrays of any library, the question, the attribution, linear fits."""
