"""The exact posterior of two parameters, by quadrature: means, regions, marginals and draws.

p(m | d) ∝ p(d | m) p(m). The likelihood is that of AR(1) noise with known ρ and s, or with both integrated out over
their prior.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from core.estimate import Finding, GoodnessOfFit, Remark, remark
from core.optimisation.minima import Points, check_found, coarse_grid, find_minima
from core.posterior.charts import NEGLIGIBLE_LOG_DENSITY, log_joint
from core.posterior.quadrature import Cells, quadrature
from core.priors import TruncatedGaussian
from core.problem.likelihood import NoiseNodes, known_noise, noise_nodes
from core.problem.problem import Problem

REDRAWS = 8  # attempts to draw a point of a cell that lies inside the prior's bounds
LARGEST_LOSS = 1e15  # the rounding of larger ones hides how the log density differs from cell to cell
SMALLEST_SHARE = 1e-6  # lower limit of the share of a cell's projection inside the prior's bounds; avoids division by 0
SMALLEST_SIDE_RATIO = 1e-6  # lower limit of a cell's shorter extent over its longer one; avoids division by 0


@dataclass(frozen=True, eq=False)
class Posterior:
    """A posterior of two parameters, as cells that hold all but a negligible share of the probability.

    names: of the two parameters.
    cells: with normalised log densities.
    masses: (k,), the probability of each cell; they add up to one.
    log_evidence: of the data, under this noise and prior.
    resolved: whether the grid is fine enough everywhere.
    fit: whether the noise explains the residuals of the best fit.
    problem, nodes: the problem and the quadrature over its noise.
    """

    names: tuple[str, ...]
    cells: Cells
    masses: NDArray[np.float64]
    log_evidence: float
    resolved: bool
    fit: GoodnessOfFit
    problem: Problem
    nodes: NoiseNodes

    @property
    def status(self) -> str:
        """Warnings about the result, in sentences, or ""."""
        return " ".join(filter(None, [self.fit.sentence, *(each.sentence for each in self.remarks)]))

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Warnings about the quadrature."""
        return () if self.resolved else (remark(Finding.GRID_TOO_COARSE),)

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean, (2,)."""
        return self.masses @ self.cells.centres

    @property
    def covariance(self) -> NDArray[np.float64]:
        """The covariance, (2, 2)."""
        deviations = self.cells.centres - self.mean
        return (self.masses[:, None] * deviations).T @ deviations

    @property
    def mode(self) -> NDArray[np.float64]:
        """The centre of the cell with the highest density, (2,)."""
        return self.cells.centres[np.argmax(self.cells.log_densities)]

    def log_density(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the normalised log density, (...), at values (..., 2) of the two parameters."""
        return log_joint(self.problem, self.nodes, np.asarray(values, dtype=float)) - self.log_evidence

    def threshold(self, mass: float) -> float:
        """Return the log density on the edge of the highest-density region that holds a mass between 0 and 1."""
        _check_mass(mass)
        densities, cumulative = self._by_density()
        return float(densities[min(int(np.searchsorted(cumulative, mass)), densities.size - 1)])

    def credibility(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the mass, (...), of the region whose density is higher than at values (..., 2)."""
        densities, cumulative = self._by_density()
        above = np.searchsorted(-densities, -self.log_density(values))
        return np.concatenate([[0.0], cumulative])[above]

    def _by_density(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the cells' log densities in falling order, and their cumulative masses."""
        order = np.argsort(-self.cells.log_densities, kind="stable")
        cumulative = np.minimum(np.cumsum(self.masses[order]), 1.0)  # rounding may lead above one
        return self.cells.log_densities[order], cumulative

    def distribution(self, axis: int, values: ArrayLike) -> NDArray[np.float64]:
        """Return the probability, (...), that the parameter of this axis, 0 or 1, lies below values (...).

        The projection of a parallelogram on an axis has a trapezoidal density, whose distribution is a difference of
        squares. If an edge of the prior cuts a cell, the mass of its projection beyond the edge is
        moved to the part inside. Raises ValueError for another axis.
        """
        self._check_axis(axis)
        edges = self._projection(axis, self.problem.bounds[axis])
        share = np.maximum(edges[1] - edges[0], SMALLEST_SHARE)
        low, high = self.problem.bounds[axis]
        inside = (self._projection(axis, np.clip(values, low, high)) - edges[0]) / share
        return inside @ self.masses

    def _projection(self, axis: int, values: ArrayLike) -> NDArray[np.float64]:
        """Return the share of each cell's projection on an axis that lies below values (...), as (..., k)."""
        extents = np.abs(self.cells.sides[:, axis, :])
        long = extents.max(axis=1)
        short = np.maximum(extents.min(axis=1), SMALLEST_SIDE_RATIO * long)
        offset = np.asarray(values, dtype=float)[..., None] - self.cells.centres[:, axis]
        corners = ((1, 0.5, 0.5), (-1, 0.5, -0.5), (-1, -0.5, 0.5), (1, -0.5, -0.5))
        squares = [sign * np.maximum(offset + a * long + b * short, 0.0) ** 2 for sign, a, b in corners]
        return np.clip(sum(squares) / (2 * long * short), 0.0, 1.0)

    def interval(self, axis: int, mass: float) -> tuple[float, float]:
        """Return the equal-tailed credible interval of the parameter of this axis that holds a mass.

        Raises ValueError for another axis than 0 or 1, and for a mass that does not lie between 0 and 1.
        """
        _check_mass(mass)
        self._check_axis(axis)
        low, high = self.extent()[axis]
        values = np.linspace(low, high, 1001)
        below = self.distribution(axis, values)
        ends = np.interp([0.5 - mass / 2, 0.5 + mass / 2], below, values)
        return float(ends[0]), float(ends[1])

    def _check_axis(self, axis: int) -> None:
        if axis not in (0, 1):
            raise ValueError(f"The axis is that of {self.names[0]}, 0, or of {self.names[1]}, 1; {axis} is neither.")

    def extent(self) -> NDArray[np.float64]:
        """Return the box, (2, 2), around all cells, cut at the prior's bounds."""
        reach = np.max(np.abs(self.cells.sides).sum(axis=2), axis=0)
        box = np.column_stack([self.cells.centres.min(axis=0) - reach, self.cells.centres.max(axis=0) + reach])
        return np.clip(box, self.problem.bounds[:, :1], self.problem.bounds[:, 1:])

    def points(self, per_side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return per_side² points inside each cell, (n, 2), and their masses, (n,), for histograms."""
        offsets = (np.arange(per_side) + 0.5) / per_side - 0.5
        inside = np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2)
        points = self.cells.centres[:, None, :] + np.einsum("kij,nj->kni", self.cells.sides, inside)
        bounds = self.problem.bounds
        points = np.clip(points, bounds[:, 0], bounds[:, 1]).reshape(-1, 2)
        return points, np.repeat(self.masses / per_side**2, per_side**2)

    def draws(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw n values, (n, 2)."""
        which = rng.choice(self.masses.size, size=n, p=self.masses)
        draws, left = self.cells.centres[which], np.arange(n)
        low, high = self.problem.bounds.T
        for _ in range(REDRAWS):  # a point of a cell on the edge of the prior may lie outside, and is drawn again
            inside = np.einsum("kij,kj->ki", self.cells.sides[which[left]], rng.uniform(-0.5, 0.5, size=(left.size, 2)))
            trial = self.cells.centres[which[left]] + inside
            kept = np.all((trial >= low) & (trial <= high), axis=1)
            draws[left[kept]], left = trial[kept], left[~kept]
        return draws

    def predictive(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw n potentials without noise, (n, n_times)."""
        return self.problem.observed(self.draws(n, rng))


def _check_mass(mass: float) -> None:
    if not 0 < mass < 1:
        raise ValueError(f"The mass of a credible region lies between 0 and 1; {mass} does not.")


def posterior(
    problem: Problem, noise_prior: TruncatedGaussian | None = None, coarse: Points | None = None
) -> Posterior:
    """Return the posterior of a problem's two unknown parameters.

    noise_prior: of (rho, sigma [ms]), over which the noise is integrated out; the search then begins with the problem's
    own noise. None: the problem's noise is known. coarse: the loss on a grid over the whole box, where that is known
    already; None: it is computed. Raises ValueError unless exactly two parameters are unknown, where no
    point of the box can be simulated, and where the noise is far too small for the data.
    """
    if len(problem.unknown) != 2:
        raise ValueError("The exact posterior is computed for exactly two unknown parameters.")
    problem.observation.check_trace()
    minima = find_minima(problem, coarse_grid(problem) if coarse is None else coarse, rough=True)
    check_found(minima)
    minima = minima.within(2 * NEGLIGIBLE_LOG_DENSITY)
    nodes = known_noise(problem.noise[0])
    if noise_prior is not None:
        n_times = problem.times.size
        best = problem.residual_sums(minima.positions[0])
        nodes = noise_nodes(noise_prior, best, n_times)
        problem = problem.with_noise(nodes.mean(best, n_times))
        minima = find_minima(problem, Points(minima.positions, minima.losses), rough=True)
    if minima.losses[0] > LARGEST_LOSS:
        raise ValueError(
            "The data lie too many standard deviations of the noise from every trajectory: take a larger noise."
        )
    cells, resolved = quadrature(problem, nodes, minima)
    logs = cells.log_densities + cells.log_areas
    probable = logs > np.max(logs) - NEGLIGIBLE_LOG_DENSITY
    cells = Cells(*(getattr(cells, name)[probable] for name in Cells.__dataclass_fields__))
    log_evidence = float(logsumexp(logs[probable]))
    masses = np.exp(logs[probable] - log_evidence)
    cells = replace(cells, log_densities=cells.log_densities - log_evidence)
    fit = problem.goodness_of_fit(minima.positions[0])
    return Posterior(problem.unknown, cells, masses / masses.sum(), log_evidence, resolved, fit, problem, nodes)
