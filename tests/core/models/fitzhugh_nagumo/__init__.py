"""Tests of core/models/fitzhugh_nagumo."""
