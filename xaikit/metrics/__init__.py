"""How explanations are judged: one measure a file."""
