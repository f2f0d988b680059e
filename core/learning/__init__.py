"""Networks and their training, independent of any model of a neuron."""
