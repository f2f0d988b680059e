"""Regions around estimates that hold the truth with a stated probability: ellipsoids, with normal or heavier tails.

Whatever the tails, the covariance is scaled so that the 90 % region is that of a normal distribution.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import chi2, f

CALIBRATED_MASS = 0.9  # probability in the regions that are the same for all tails
CENTRAL_MASS = 0.5  # probability in the regions from which the tails are found
FREEDOM_RANGE = (1.0, 1000.0)  # above it, a Student distribution is a normal one


def squared_radius(mass: float, p: int, freedom: float = math.inf) -> float:
    """Return the squared Mahalanobis radius of the region of p parameters that holds the truth with probability mass.

    freedom: degrees of freedom of the multivariate Student distribution; infinite for a normal one. The squared radius
    of a Student distribution is p times an F-distributed number (Kotz and Nadarajah 2004).
    """
    if math.isinf(freedom):
        return float(chi2.ppf(mass, p))
    return float(_scale(p, freedom) * f.ppf(mass, p, freedom))


def credibilities(squared_distances: ArrayLike, p: int, freedom: float = math.inf) -> NDArray[np.float64]:
    """Return the probability of the region with the truth on its edge, (n,), from squared Mahalanobis distances."""
    distances = np.asarray(squared_distances, dtype=float)
    if math.isinf(freedom):
        return np.asarray(chi2.cdf(distances, p))
    return np.asarray(f.cdf(distances / _scale(p, freedom), p, freedom))


def freedom_of(squared_distances: ArrayLike, p: int) -> float:
    """Return the degrees of freedom with which regions of 50 % are right where those of 90 % are.

    squared_distances: (n,), Mahalanobis distances of truths from estimates, of any scale.
    Infinite where the tails are no heavier than normal ones.
    """
    central, outer = np.quantile(np.asarray(squared_distances, dtype=float), [CENTRAL_MASS, CALIBRATED_MASS])

    def excess(freedom: float) -> float:
        return float(f.ppf(CENTRAL_MASS, p, freedom) / f.ppf(CALIBRATED_MASS, p, freedom) - central / outer)

    least, most = FREEDOM_RANGE
    if excess(most) <= 0:
        return math.inf
    return least if excess(least) >= 0 else float(brentq(excess, least, most))


def marginal_scale(p: int, q: int, freedom: float) -> float:
    """Return the factor by which a covariance of p parameters, cut to q of them, is the covariance of their regions.

    A multivariate Student distribution of p parameters has Student distributions of the same freedom as marginals. By
    which factor a covariance exceeds the shape matrix of its distribution depends on the number of parameters.
    """
    if math.isinf(freedom):
        return 1.0
    return (_scale(p, freedom) / p) / (_scale(q, freedom) / q)


def shape_factor(p: int, freedom: float) -> float:
    """Return the factor from a covariance of p parameters to the shape matrix of its distribution."""
    return 1.0 if math.isinf(freedom) else _scale(p, freedom) / p


@lru_cache(maxsize=256)  # a picture asks for it at each movement of a hand, and SciPy's quantiles take long
def _scale(p: int, freedom: float) -> float:
    return float(chi2.ppf(CALIBRATED_MASS, p) / f.ppf(CALIBRATED_MASS, p, freedom))
