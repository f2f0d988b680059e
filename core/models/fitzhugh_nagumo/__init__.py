"""The FitzHugh–Nagumo neuron, with its own integrator: Taylor series of many solutions at once."""
