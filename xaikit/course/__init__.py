"""What a notebook shows and asks: data, figures, widgets, checks."""
