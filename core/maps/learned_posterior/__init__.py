"""Learned posteriors: a law of the parameters for each trace, from features that a few simulations give."""
