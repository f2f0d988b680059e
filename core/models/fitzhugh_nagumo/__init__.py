"""The FitzHugh–Nagumo neuron, with an engine of its own: the Taylor series of its solutions, many at once."""
