"""Tests of core/problem."""
