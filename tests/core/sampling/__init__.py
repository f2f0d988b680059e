"""Tests of core.sampling."""
