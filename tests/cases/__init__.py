"""Inputs that once gave a wrong answer, and the command that runs every check of one: python -m tests.cases."""
