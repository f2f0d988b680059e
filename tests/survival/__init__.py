"""Trainings that are killed, cut off and starved at every moment: all must end in the truth, and lose nothing."""
