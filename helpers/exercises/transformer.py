"""Exercises of part 3, Transformers."""
