"""Trainings that continue when their page is closed: each runs in its own process and writes to its own folder."""
