"""Networks: layers forward beside backward by hand, training, and torch modules as models."""
