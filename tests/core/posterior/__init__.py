"""Tests of core/posterior."""
