"""Networks: layers with hand-written backward passes, training, and torch modules as models."""
