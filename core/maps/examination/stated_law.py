"""What a map states about each trace: a normal or a Student distribution of its parameters."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import norm
from scipy.stats import t as student

from core.estimate import Estimate
from core.metrics import squared_distances
from core.regions import marginal_scale, shape_factor


@dataclass(frozen=True, eq=False)
class StatedLaw:
    """The distributions, of p parameters, that a map states for n traces.

    mean: (n, p). factor: (n, p, p), lower triangles A; AA' is the shape matrix of the distribution.
    freedom: degrees of freedom; infinite for a normal distribution.
    sd: (n, p), for which ±1.645 sd is the central 90 % interval of a parameter.
    """

    mean: NDArray[np.float64]
    factor: NDArray[np.float64]
    freedom: float
    sd: NDArray[np.float64]

    @classmethod
    def of(cls, estimate: Estimate) -> "StatedLaw":
        """Return what an estimate states; raises ValueError where it states no covariance."""
        if estimate.covariance is None:
            raise ValueError("An estimate without a covariance says nothing of its error, so nothing can be examined.")
        p, freedom = estimate.mean.shape[1], estimate.freedom
        variances = np.diagonal(estimate.covariance, axis1=1, axis2=2) * marginal_scale(p, 1, freedom)
        factor = np.linalg.cholesky(estimate.covariance * shape_factor(p, freedom))
        return cls(np.asarray(estimate.mean), np.asarray(factor), freedom, np.asarray(np.sqrt(variances)))

    def draws(self, n_draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw from each distribution, (n, n_draws, p)."""
        n, p = self.mean.shape
        normals = rng.standard_normal((n, n_draws, p))
        if not math.isinf(self.freedom):
            normals /= np.sqrt(rng.chisquare(self.freedom, (n, n_draws, 1)) / self.freedom)
        return self.mean[:, None] + np.einsum("nij,nkj->nki", self.factor, normals)

    def squared_distances(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the squared Mahalanobis distances, (n, k), of values, (n, k, p), under the shape matrices."""
        white = np.linalg.solve(self.factor, np.swapaxes(values - self.mean[:, None], 1, 2))
        return np.asarray(np.sum(white**2, axis=1))

    def log_density(self, trace: int, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log density, (k,), of what is stated for one trace, at values, (k, p)."""
        factor, p, nu = self.factor[trace], self.mean.shape[1], self.freedom
        distances = squared_distances(values - self.mean[trace], factor @ factor.T)
        scale = float(np.sum(np.log(np.diag(factor))))
        if math.isinf(nu):
            return np.asarray(-0.5 * distances - scale - p / 2 * math.log(2 * math.pi))
        constant = gammaln((nu + p) / 2) - gammaln(nu / 2) - p / 2 * math.log(nu * math.pi)
        return np.asarray(constant - scale - (nu + p) / 2 * np.log1p(distances / nu))

    @property
    def central_half(self) -> float:
        """Half the length of the central 50 % interval of a parameter, in its sd."""
        if math.isinf(self.freedom):
            return float(norm.ppf(0.75))
        return float(norm.ppf(0.95) * student.ppf(0.75, self.freedom) / student.ppf(0.95, self.freedom))
