"""Settings of the whole suite."""

import os

# Before Numba is imported: a machine with one core, too, compares one thread with two.
os.environ["NUMBA_NUM_THREADS"] = "2"

import torch

torch.set_num_threads(1)
