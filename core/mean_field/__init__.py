"""Training as particles: measures of a few weighted points, whose weights and places descend a loss."""
