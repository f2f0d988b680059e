"""Inputs from outside, valid ones and changed ones: each is read or refused in a plain sentence, within a second."""
