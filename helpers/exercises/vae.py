"""Exercises of part 2, VAEs."""
