"""A learned optimiser: iterations that a network has learnt, each of one simulation with sensitivities."""
