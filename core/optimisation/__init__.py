"""Minimisers of a loss: single methods with recorded paths, the search for all minima, and basins of attraction."""
