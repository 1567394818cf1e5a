"""What all rooms share: arrays on any library, the question, the answer, linear fits."""
