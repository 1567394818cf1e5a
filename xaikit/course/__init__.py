"""What notebooks need besides the methods: data, figures, widgets, checks."""
