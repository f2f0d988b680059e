"""Settings of the whole suite."""

import os

# Before Numba is imported: a machine with one core, too, compares one thread with two.
os.environ["NUMBA_NUM_THREADS"] = "2"
# Trainings have the lowest priority. Beside tests of a higher one they would wait for minutes.
if hasattr(os, "nice"):
    os.nice(19)

import torch

torch.set_num_threads(1)
