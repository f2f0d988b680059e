"""Learned inverse maps: from traces to parameters, how they are trained, and how far they can be trusted."""
