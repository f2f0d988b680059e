"""A map that is right: its truths are drawn from what it states."""

import math

import numpy as np

from core.estimate import Estimate
from core.maps.examination.ranks import N_DRAWS, rank_tables
from core.maps.examination.stated_law import StatedLaw

NAMES = ("theta0", "theta1")


def stated(n, rng, freedom=math.inf):
    """Return what a map states for n traces: means all over a box, and thin ellipses of all directions and sizes."""
    factor = np.tril(rng.standard_normal((n, 2, 2))) * np.exp(rng.normal(-3, 1, (n, 1, 1)))
    factor[:, [0, 1], [0, 1]] = np.abs(factor[:, [0, 1], [0, 1]]) + 1e-3
    return StatedLaw.of(Estimate(rng.uniform(0, 1, (n, 2)), factor @ factor.transpose(0, 2, 1), NAMES, freedom=freedom))


def tables_of(law, truth, rng):
    """Return the rank tables of truths, (n, 2), with random reference points."""
    references = rng.uniform(0, 1, truth.shape)
    return rank_tables(NAMES, law, truth, law.draws(N_DRAWS, rng), references, np.ones(2))


def correct_tables(n, rng, freedom=math.inf):
    """Return the rank tables of n traces of a map that is right."""
    law = stated(n, rng, freedom)
    return tables_of(law, law.draws(1, rng)[:, 0], rng)
