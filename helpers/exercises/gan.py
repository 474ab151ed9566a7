"""Exercises of part 1, GANs."""
