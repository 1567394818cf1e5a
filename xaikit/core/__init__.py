"""What the methods stand on: arrays, layers, networks, models and the result they share."""
