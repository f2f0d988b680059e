"""Tests of the engine: every one asserts numbers against something from outside it."""
