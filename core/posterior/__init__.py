"""What the data leave possible: the exact posterior, its approximations, and profiles."""
