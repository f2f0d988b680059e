"""The exact posterior of two parameters, by quadrature on grids that follow its shape.

p(m | d) ∝ p(d | m) p(m). The likelihood is that of AR(1) noise with known ρ and s, or its mean over a law of the noise.
Posteriors here are narrow, slanted and sometimes in several pieces. Each mode has a grid of its own, whose cells are
slanted and scaled like the posterior there. It grows from the mode as far as there is probability, and is halved until
the log density changes little from cell to cell. Where grids meet, smooth weights that add up to one share the
probability among them. For a smooth density such sums err by exp(−2π² (sd/width)²) alone; cells that the edge of the
prior cuts count with the part inside.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from core.estimate import GoodnessOfFit
from core.models.fitzhugh_nagumo.misfit import residual_sums
from core.models.fitzhugh_nagumo.simulate import simulate
from core.optimisation.minima import Modes, Survey, find_modes, survey
from core.priors import TruncatedGaussian
from core.problem.likelihood import NoiseNodes, known_noise, noise_nodes
from core.problem.problem import Problem
from core.published import GAMMA, RHO, SAMPLING_INTERVAL, SIGMA, ZETA, full_prior, published_noise_law, time_grid

NEGLIGIBLE = 10.0  # below the highest log density: what lies lower holds less than 1e-4 of the probability
WIDTH = 0.25  # of a cell, in standard deviations of the quadratic model at its mode
ROUGH = 0.2  # the mean squared change of the log density to the next cell beyond which cells are halved that way
SPREAD = 3.0  # the standard deviation of the posterior in cells below which they are halved that way
MINOR = 0.03  # share of the probability below which a grid stays as it is
MOST_CELLS = 50_000  # of one grid
FEW_CELLS = 4_000  # of one grid while the charts are fitted
FITTINGS = 4  # of the charts, at most
STRETCH = 2.5  # in standard deviations, against the chart's own, beyond which a chart is fitted anew
TINY = 1e-6
REDRAWS = 8
MOST_CHARTS = 12
FORETOLD = 1.0  # log density: a mode whose height another chart's model gives as closely needs no chart of its own
RING = 1000  # cells, about, by which a grid grows at once: few would take as long
SUBDIVISIONS = 8  # along each side of a cell that the edge cuts
UNRESOLVED = "Part of the posterior is finer than the grid that resolves it here."
_ONE_LINE = 1e-6  # of a cell's longer extent: the least that its shorter one counts


@dataclass(frozen=True, eq=False)
class Cells:
    """Parallelograms that tile the probable part of the plane of two parameters, some of them more than once.

    centres: (k, 2), of the part inside the prior's box; sides: (k, 2, 2), whose columns are the edges; log_densities:
    (k,); log_areas: (k,), of the part inside, times the share of the probability there that is this cell's.
    """

    centres: NDArray[np.float64]
    sides: NDArray[np.float64]
    log_densities: NDArray[np.float64]
    log_areas: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Posterior:
    """A posterior of two parameters as cells; what lies outside them holds a negligible share of the probability.

    names: of the two parameters; cells: with normalised log densities; masses: (k,), of the cells, which add up to one;
    log_evidence: of the data, under this noise and prior; resolved: whether the grid is fine enough everywhere; fit:
    whether the noise explains what the best fit leaves of the data; status: what speaks against the result, in
    sentences, or ""; problem, nodes: what it is the posterior of.
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
        """Say what speaks against the result."""
        return " ".join(filter(None, [self.fit.sentence, "" if self.resolved else UNRESOLVED]))

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
        return _log_joint(self.problem, self.nodes, np.asarray(values, dtype=float)) - self.log_evidence

    def threshold(self, mass: float) -> float:
        """Return the log density above which the region of highest density lies that holds a mass between 0 and 1."""
        if not 0 < mass < 1:
            raise ValueError(f"The mass of a credible region lies between 0 and 1; {mass} does not.")
        densities, held = self._by_density()
        return float(densities[min(int(np.searchsorted(held, mass)), densities.size - 1)])

    def credibility(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the mass, (...), of all that is more probable than values (..., 2)."""
        densities, held = self._by_density()
        above = np.searchsorted(-densities, -self.log_density(values))
        return np.concatenate([[0.0], held])[above]

    def _by_density(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the cells' log densities, falling, and the mass held down to each."""
        order = np.argsort(-self.cells.log_densities, kind="stable")
        return self.cells.log_densities[order], np.cumsum(self.masses[order])

    def distribution(self, axis: int, values: ArrayLike) -> NDArray[np.float64]:
        """Return the probability, (...), that the parameter of this axis, 0 or 1, lies below values (...).

        A parallelogram's shadow on an axis is a trapezoid, whose distribution is a difference of squares. What the
        shadow of a cell that the edge of the prior cuts throws beyond the edge is spread over the part inside.
        """
        edges = self._shadow(axis, self.problem.bounds[axis])
        held = np.maximum(edges[1] - edges[0], TINY)
        low, high = self.problem.bounds[axis]
        inside = (self._shadow(axis, np.clip(values, low, high)) - edges[0]) / held
        return inside @ self.masses

    def _shadow(self, axis: int, values: ArrayLike) -> NDArray[np.float64]:
        """Return which share of each cell's shadow on an axis lies below values (...), (..., k)."""
        extents = np.abs(self.cells.sides[:, axis, :])
        long = extents.max(axis=1)
        short = np.maximum(extents.min(axis=1), _ONE_LINE * long)
        offset = np.asarray(values, dtype=float)[..., None] - self.cells.centres[:, axis]
        corners = ((1, 0.5, 0.5), (-1, 0.5, -0.5), (-1, -0.5, 0.5), (1, -0.5, -0.5))
        squares = [sign * np.maximum(offset + a * long + b * short, 0.0) ** 2 for sign, a, b in corners]
        return np.clip(sum(squares) / (2 * long * short), 0.0, 1.0)

    def interval(self, axis: int, mass: float) -> tuple[float, float]:
        """Return the ends between which the parameter of this axis lies with a mass, as much below as above."""
        low, high = self.extent()[axis]
        values = np.linspace(low, high, 1001)
        below = self.distribution(axis, values)
        ends = np.interp([0.5 - mass / 2, 0.5 + mass / 2], below, values)
        return float(ends[0]), float(ends[1])

    def extent(self) -> NDArray[np.float64]:
        """Return the box, (2, 2), in which the cells lie, within the prior's bounds."""
        reach = np.max(np.abs(self.cells.sides).sum(axis=2), axis=0)
        box = np.column_stack([self.cells.centres.min(axis=0) - reach, self.cells.centres.max(axis=0) + reach])
        return np.clip(box, self.problem.bounds[:, :1], self.problem.bounds[:, 1:])

    def points(self, per_side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return per_side² points inside each cell, (n, 2), with their masses, (n,): for histograms."""
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
        for _ in range(REDRAWS):  # of what falls beside a cell that the edge of the prior cuts
            inside = np.einsum("kij,kj->ki", self.cells.sides[which[left]], rng.uniform(-0.5, 0.5, size=(left.size, 2)))
            trial = self.cells.centres[which[left]] + inside
            kept = np.all((trial >= low) & (trial <= high), axis=1)
            draws[left[kept]], left = trial[kept], left[~kept]
        return draws

    def predictive(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw n potentials without noise, (n, n_times)."""
        return simulate(self.problem.complete(self.draws(n, rng)), self.problem.times)[..., 0]


def _log_joint(problem: Problem, nodes: NoiseNodes, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log p(d | m) + log p(m), (...), for values (..., 2)."""
    sums = residual_sums(problem.complete(values), problem.times, problem.data)
    return nodes.log_likelihood(sums, problem.times.size) + problem.prior_log_density(values)


@dataclass(frozen=True, eq=False)
class _Chart:
    """Coordinates z around a mode in which the posterior is about standard normal: m = origin + slant z.

    height: log p(d | m) + log p(m) at the origin.
    """

    origin: NDArray[np.float64]
    slant: NDArray[np.float64]
    height: float

    @property
    def log_mass(self) -> float:
        """The logarithm, up to a constant, of what the normal law around the mode would hold."""
        return self.height + float(np.linalg.slogdet(self.slant)[1])

    def model(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log density, (k,), that the normal law around the mode has at values (k, 2)."""
        z = np.linalg.solve(self.slant, (values - self.origin).T)
        return self.height - 0.5 * np.sum(z**2, axis=0)


def _charts(problem: Problem, nodes: NoiseNodes, modes: Modes) -> list[_Chart]:
    """Return charts around the modes that matter; a mode that the charts so far foretell is left out."""
    charts: list[_Chart] = []
    uniform = 12 / np.ptp(problem.bounds, axis=1) ** 2
    _, gradients, _ = problem.expansion(modes.positions)
    heights = _log_joint(problem, nodes, modes.positions)
    for position, height, hessian, gradient in zip(modes.positions, heights, modes.hessians, gradients, strict=True):
        # On the edge of the prior the density falls at the rate of the gradient, which can be much faster; and no chart
        # need be wider than the uniform law over the box.
        at_edge = np.any(position[:, None] == problem.bounds, axis=1)
        precision = hessian + np.diag(np.where(at_edge, gradient**2, 0.0) + uniform)
        chart = _Chart(position, np.linalg.inv(np.linalg.cholesky(precision)).T, float(height))
        if all(abs(other.model(position[None])[0] - height) > FORETOLD for other in charts):
            charts.append(chart)
    charts.sort(key=lambda chart: -chart.log_mass)
    return [chart for chart in charts if chart.log_mass > charts[0].log_mass - NEGLIGIBLE][:MOST_CHARTS]


def _cut(
    centres: NDArray[np.float64], sides: NDArray[np.float64], bounds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres, (k, 2), of what lies inside the bounds of equal cells, and which share of each does, (k,)."""
    reach = 0.5 * np.abs(sides).sum(axis=1)
    whole = np.all((centres - reach >= bounds[:, 0]) & (centres + reach <= bounds[:, 1]), axis=1)
    near = np.flatnonzero(~whole & np.all((centres + reach > bounds[:, 0]) & (centres - reach < bounds[:, 1]), axis=1))
    offsets = (np.arange(SUBDIVISIONS) + 0.5) / SUBDIVISIONS - 0.5
    points = centres[near, None, :] + np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2) @ sides.T
    inside = np.all((points >= bounds[:, 0]) & (points <= bounds[:, 1]), axis=2)
    count = inside.sum(axis=1)
    shares, centres = whole.astype(float), centres.copy()
    shares[near] = count / SUBDIVISIONS**2
    centres[near] = np.sum(points * inside[..., None], axis=1) / np.maximum(count, 1)[:, None]
    return centres, shares


def _keys(lattice: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one number for each place, (k, 2), on the lattice, in the order of columns."""
    return (lattice[:, 1] << 32) + lattice[:, 0]


def _neighbourhood(across: int, up: int) -> NDArray[np.int64]:
    return np.stack(np.meshgrid(np.arange(-across, across + 1), np.arange(-up, up + 1)), axis=-1).reshape(-1, 2)


def _grown(
    problem: Problem,
    nodes: NoiseNodes,
    charts: list[_Chart],
    chart: _Chart,
    width: NDArray[np.float64],
    most_cells: int,
) -> tuple[Cells, NDArray[np.bool_]]:
    """Return one chart's cells of widths (2,) in standard deviations, and whether they are too coarse each way."""
    most = max(each.log_mass for each in charts)
    log_slant = float(np.linalg.slogdet(chart.slant)[1])
    reach = np.sqrt(2 * max(NEGLIGIBLE - (most - chart.log_mass), 1.0))
    disc = _neighbourhood(*np.ceil(reach / width).astype(int))
    lattice = disc[np.sum((width * disc) ** 2, axis=1) <= reach**2]
    sides = chart.slant * width
    seen = np.empty(0, np.int64)
    rings: list[tuple[NDArray[Any], ...]] = []
    n = 0
    while lattice.size and n < most_cells:
        seen = np.concatenate([seen, _keys(lattice)])
        centres, shares = _cut(chart.origin + lattice @ sides.T, sides, problem.bounds)
        lattice, centres, shares = (part[shares > 0] for part in (lattice, centres, shares))
        values = _log_joint(problem, nodes, centres)
        models = np.stack([each.model(centres) for each in charts])
        weights = chart.model(centres) - np.logaddexp.reduce(models, axis=0) + np.log(shares)
        rings.append((lattice, centres, values, weights))
        n += len(lattice)
        probable = lattice[values + weights + log_slant > most - NEGLIGIBLE]
        growth = int(np.clip(0.5 * np.sqrt(RING / max(len(probable), 1)), 2, 8))
        wanted = (probable[:, None, :] + _neighbourhood(growth, growth)).reshape(-1, 2)
        _, first = np.unique(_keys(wanted), return_index=True)
        lattice = wanted[first][~np.isin(_keys(wanted[first]), seen)]
    lattice, centres, values, weights = (np.concatenate(parts) for parts in zip(*rings, strict=True))
    log_areas = weights + np.log(abs(np.linalg.det(sides)))
    cells = Cells(centres, np.broadcast_to(sides, (len(centres), 2, 2)), values, log_areas)
    if n >= MOST_CELLS:
        return cells, np.ones(2, bool)  # what lies beyond is not known
    masses = np.exp(values + weights - logsumexp(values + weights))
    spread = np.sqrt(masses @ (lattice - masses @ lattice) ** 2)
    return cells, (_roughness(lattice, values, masses) > ROUGH) | (spread < SPREAD)


def _roughness(
    lattice: NDArray[np.int64], values: NDArray[np.float64], masses: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean squared change of the log density to the next cell, (2,), over the posterior, each way."""
    order = np.argsort(_keys(lattice))
    keys = _keys(lattice)[order]
    changes = []
    for offset in ((1, 0), (0, 1)):
        wanted = _keys(lattice + np.array(offset))
        found = order[np.minimum(np.searchsorted(keys, wanted), keys.size - 1)]
        change = np.where(_keys(lattice[found]) == wanted, values[found] - values, 0.0)
        # Two cells share the change between them.
        weights = np.minimum(masses, masses[found])
        changes.append(np.sum(np.where(np.isfinite(change), weights * change**2, 0.0)))
    return np.array(changes)


def _shares(grown: list[tuple[Cells, NDArray[np.bool_]]]) -> tuple[NDArray[np.float64], float]:
    """Return what share of the probability each chart's cells hold, and the logarithm of all of it."""
    evidences = np.array([logsumexp(cells.log_densities + cells.log_areas) for cells, _ in grown])
    total = float(logsumexp(evidences))
    return np.exp(evidences - total), total


def _fitted(chart: _Chart, cells: Cells) -> tuple[_Chart, float, float]:
    """Return a chart with the moments of what a chart's cells hold, and its least and its largest stretch.

    The stretch is that of the standard deviations against the chart's own; a mean far from its origin counts as one.
    """
    logs = cells.log_densities + cells.log_areas
    evidence = float(logsumexp(logs))
    masses = np.exp(logs - evidence)
    z = np.linalg.solve(chart.slant, (cells.centres - chart.origin).T).T
    mean = masses @ z
    covariance = (masses[:, None] * (z - mean)).T @ (z - mean) + TINY * np.eye(2)
    slant = chart.slant @ np.linalg.cholesky(covariance)
    height = evidence - np.log(2 * np.pi) - float(np.linalg.slogdet(slant)[1])
    stretches = np.sqrt(np.linalg.eigvalsh(covariance))
    return _Chart(chart.origin + chart.slant @ mean, slant, height), stretches[0], max(stretches[1], np.max(abs(mean)))


def _recharted(charts: list[_Chart], grown: list[tuple[Cells, NDArray[np.bool_]]]) -> list[_Chart]:
    """Return the charts with those mended that do not have the shape of what they hold.

    A chart that is far too wide is replaced; one whose probability lies mostly elsewhere, as it does where the highest
    point is the tip of a needle, gets another beside it.
    """
    shares, _ = _shares(grown)
    mended = []
    for chart, (cells, _), share in zip(charts, grown, shares, strict=True):
        fitted, least, largest = _fitted(chart, cells)
        if share < MINOR or (least > 1 / STRETCH and largest < STRETCH):
            mended.append(chart)
        else:
            mended += [chart, fitted] if largest >= STRETCH else [fitted]
    return mended


def _quadrature(problem: Problem, nodes: NoiseNodes, modes: Modes) -> tuple[Cells, bool]:
    """Return the cells of all charts, each as fine as it needs to be, and whether all of them are that fine."""
    charts = _charts(problem, nodes, modes)
    whole = np.full(2, WIDTH)
    for _ in range(FITTINGS):
        grown = [_grown(problem, nodes, charts, chart, whole, FEW_CELLS) for chart in charts]
        mended = _recharted(charts, grown)
        if mended == charts:
            break
        charts = mended
    else:
        grown = [_grown(problem, nodes, charts, chart, whole, FEW_CELLS) for chart in charts]
    for i, (cells, _) in enumerate(grown):
        if len(cells.centres) >= FEW_CELLS:
            grown[i] = _grown(problem, nodes, charts, charts[i], whole, MOST_CELLS)
    widths = [whole] * len(charts)
    while True:
        shares, _ = _shares(grown)
        coarse = [i for i, (_, too_coarse) in enumerate(grown) if np.any(too_coarse) and shares[i] > MINOR]
        able = [i for i in coarse if 4 * len(grown[i][0].centres) <= MOST_CELLS]
        if not able:
            break
        for i in able:
            widths[i] = np.where(grown[i][1], widths[i] / 2, widths[i])
            grown[i] = _grown(problem, nodes, charts, charts[i], widths[i], MOST_CELLS)
    joined = Cells(
        *(np.concatenate([getattr(cells, name) for cells, _ in grown]) for name in Cells.__dataclass_fields__)
    )
    return joined, not coarse


def posterior(problem: Problem, noise_law: TruncatedGaussian | None = None) -> Posterior:
    """Return the posterior of a problem's two unknown parameters, with its noise, or marginalised over a law of it.

    noise_law: of (rho, sigma [ms]); the problem's own noise is then only where the search begins. Raises ValueError
    unless exactly two parameters are unknown, or where no point of the box can be simulated.
    """
    if len(problem.unknown) != 2:
        raise ValueError("The exact posterior is computed for exactly two unknown parameters.")
    modes = find_modes(problem, survey(problem))
    if not modes.losses.size:
        raise ValueError("No point of the prior’s box can be simulated: bring the known parameters back into range.")
    modes = modes.within(2 * NEGLIGIBLE)
    nodes = known_noise(problem.rho, problem.marginal_sd)
    if noise_law is not None:
        n_times = problem.times.size
        best = residual_sums(problem.complete(modes.positions[0]), problem.times, problem.data)
        nodes = noise_nodes(noise_law, best, n_times)
        rho, marginal_sd = nodes.mean(best, n_times)
        problem = problem.with_noise(rho, marginal_sd)
        modes = find_modes(problem, Survey(modes.positions, modes.losses))
    cells, resolved = _quadrature(problem, nodes, modes)
    logs = cells.log_densities + cells.log_areas
    probable = logs > np.max(logs) - NEGLIGIBLE
    cells = Cells(*(getattr(cells, name)[probable] for name in Cells.__dataclass_fields__))
    log_evidence = float(logsumexp(logs[probable]))
    masses = np.exp(logs[probable] - log_evidence)
    cells = replace(cells, log_densities=cells.log_densities - log_evidence)
    fit = problem.goodness_of_fit(modes.positions[0])
    return Posterior(problem.unknown, cells, masses / masses.sum(), log_evidence, resolved, fit, problem, nodes)


def exact_posterior(
    data: ArrayLike,
    rho: float | None = None,
    marginal_sd: float | None = None,
    times: ArrayLike | None = None,
    axes: tuple[str, str] = ("theta0", "theta1"),
    known: tuple[float, ...] = (0.4, 0.4, ZETA, GAMMA),
    prior: TruncatedGaussian | None = None,
    noise_law: TruncatedGaussian | None = None,
) -> Posterior:
    """Return the exact posterior of any two of the four parameters for one trace, (n_times,).

    rho, marginal_sd: of the noise (rho = 0: white); where neither is given, they are integrated out over noise_law, by
    default the published one of (rho, sigma [ms]); on any grid ρ is that of neighbouring samples, and s = σ/0.2 ms.
    times: (n_times,) in ms, by default the published grid; known: all four parameters, of which those on the axes are
    ignored; prior: of all four, by default the published one. Raises
    ValueError where only one of rho and marginal_sd is given, and as `Problem` does.
    """
    if (rho is None) != (marginal_sd is None):
        raise ValueError("Give both rho and marginal_sd, or neither to integrate the noise out.")
    if rho is not None and noise_law is not None:
        raise ValueError("A known noise needs no noise_law: leave it out, or leave rho and marginal_sd out.")
    grid = time_grid() if times is None else np.asarray(times, dtype=float)
    prior = full_prior() if prior is None else prior
    trace = np.asarray(data, dtype=float)
    if rho is None or marginal_sd is None:
        start = Problem(trace, grid, axes, tuple(known), SIGMA / SAMPLING_INTERVAL, RHO, prior)
        return posterior(start, published_noise_law() if noise_law is None else noise_law)
    return posterior(Problem(trace, grid, axes, tuple(known), marginal_sd, rho, prior))
