"""What notebooks need besides the methods: data, figures, widgets, checks, progress."""

from xaikit.course.overview import progress as progress
