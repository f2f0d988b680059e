"""Learned inverse maps, which estimate parameters from traces: their training, calibration and limits."""
