"""Samplers of exp(−loss / temperature) on the box of a prior: each is an init and a step."""
