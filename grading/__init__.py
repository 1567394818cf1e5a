"""What an instructor runs: intake, sandboxed grading, feedback, grades. See README.md."""
