"""Live views for the lessons; each wraps a static picture of `helpers.plots` and leaves it as a still."""

from helpers.widgets.live import Live, Pad, View, live

__all__ = ["Live", "Pad", "View", "live"]
