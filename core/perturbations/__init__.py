"""Perturbations of traces that move estimates: how far, in which direction, and for many traces at once."""
