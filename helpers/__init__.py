"""Models, plotting and plumbing for the course notebooks; the lessons themselves are in `notebooks/`."""
