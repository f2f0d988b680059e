"""Tests of core/optimisation."""
