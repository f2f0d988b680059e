"""Networks, and how they are trained; it knows no neuron by name."""
