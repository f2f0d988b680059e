"""Least squares on published problems of other authors: both states observed, few samples, initial state unknown.

Yang, Wong and Kou (2021), "Inference of dynamic systems from noisy and sparse data via manifold-constrained Gaussian
processes", PNAS 118; and the FitzHugh–Nagumo toy problem of PINTS (Clerx and others 2019). Both have the equations of
this laboratory, with a = θ₀, b = θ₁, c = γ and no stimulus.
"""

from dataclasses import asdict, dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate, Outcome
from core.experiments.context import Context
from core.experiments.estimators import BOUND, FROM_TRUTH, LEAST_SQUARES, TRUTH
from core.experiments.records import Key, Measurement, Result, Target
from core.metrics import rmse
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import Noise
from core.optimisation.least_squares_fit import MOST_STEPS, cramer_rao, fit_states
from core.optimisation.minima import descend_together
from core.priors import uniform
from core.problem.observation import Observation
from core.problem.problem import Problem

NAMES = FITZHUGH_NAGUMO.names
SEED = 0
N_DATA_SETS, N_QUICK = 400, 10
N_DRAWS, N_STARTS = 8000, 5
NORMAL_90_SDS = 1.6448536269514722  # a Gaussian has the probability 0.9 within this distance of its mean
MISSED_RISE = 1e-2  # a fit this far above the loss of the fit from the truth has ended in another minimum
# Figures for each unknown: source, metric and argument.
FIGURES = (
    (TRUTH, "value", None),
    (LEAST_SQUARES, "mean_estimate", None),
    (LEAST_SQUARES, "rmse", None),
    (BOUND, "sd", None),
    (LEAST_SQUARES, "rmse_over_bound", None),
    (FROM_TRUTH, "rmse", None),
    (LEAST_SQUARES, "rmse_over_from_truth", None),
    (LEAST_SQUARES, "coverage", 0.9),
)


@dataclass(frozen=True)
class SetUp:
    """A problem from the literature.

    values: of the four parameters, then of the initial state.
    t_end: in ms.
    observed: u alone, or u and v.
    lower, upper: the box of the unknowns.
    """

    name: str
    title: str
    values: tuple[float, ...]
    n_times: int
    t_end: float
    noise_sd: float
    observed: tuple[str, ...]
    unknown: tuple[str, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    @property
    def truth(self) -> NDArray[np.float64]:
        """The true values of the unknowns, (p,)."""
        return np.array([self.values[NAMES.index(name)] for name in self.unknown])

    def problem(self, rng: np.random.Generator) -> Problem:
        """Return the problem with new data: the trajectory, solved to 1e-9, plus white noise."""
        times = np.linspace(0.0, self.t_end, self.n_times)
        data = simulate(self.values[:4], times, self.values[4:], tolerance=1e-9)
        data = data + self.noise_sd * rng.standard_normal(data.shape)
        data[:, ["u" not in self.observed, "v" not in self.observed]] = np.nan
        known = {name: value for name, value in zip(NAMES, self.values, strict=True) if name not in self.unknown}
        return Problem(
            FITZHUGH_NAGUMO,
            Observation(times, data, FITZHUGH_NAGUMO.state_names),
            self.unknown,
            known,
            (Noise(0.0, self.noise_sd),) * 2,
            uniform(self.unknown, self.lower, self.upper),
        )


BOTH = SetUp(
    "magi",
    "MAGI: both states, start unknown",
    values=(0.2, 0.2, 0.0, 3.0, -1.0, 1.0),
    n_times=41,
    t_end=20.0,
    noise_sd=0.2,
    observed=("u", "v"),
    unknown=("theta0", "theta1", "gamma", "u0", "v0"),
    lower=(-1.0, -1.0, 0.5, -3.0, -3.0),
    upper=(1.5, 1.5, 10.0, 3.0, 3.0),
)
U_ALONE = replace(BOTH, name="magi-u-alone", title="MAGI's neuron: u alone, start unknown", observed=("u",))
# Noise and box as in PINTS' functional test of its optimisers on this model; but γ ≥ 0.1, as dv/dt divides by γ.
PINTS = SetUp(
    "pints",
    "PINTS: both states, start known",
    values=(0.1, 0.5, 0.0, 3.0, -1.0, 1.0),
    n_times=200,
    t_end=20.0,
    noise_sd=0.5,
    observed=("u", "v"),
    unknown=("theta0", "theta1", "gamma"),
    lower=(0.0, 0.0, 0.1),
    upper=(10.0, 10.0, 10.0),
)


@dataclass(frozen=True, eq=False)
class Fits:
    """The fits of n data sets.

    estimates, sds: (n, p), of the fits from the box.
    from_truth: (n, p), estimates of fits that start at the truth.
    bound: (p,), the Cramér–Rao bound as standard deviations.
    missed: the number of fits with a higher loss than the fit from the truth.
    warned: the number of fits with a remark, or with residuals that the noise does not explain.
    seconds: (n,), the time of each fit.
    """

    estimates: NDArray[np.float64]
    sds: NDArray[np.float64]
    from_truth: NDArray[np.float64]
    bound: NDArray[np.float64]
    missed: int
    warned: int
    seconds: NDArray[np.float64]


def fits(set_up: SetUp, n: int) -> Fits:
    """Fit n seeded data sets of a set-up, each from draws of its box and from the truth."""
    estimates, sds, from_truth, seconds = [], [], [], []
    missed = warned = 0
    for seed in np.random.SeedSequence(SEED).spawn(n):
        rng = np.random.default_rng(seed)
        problem = set_up.problem(rng)
        began = perf_counter()
        estimate = fit_states(problem, rng, N_DRAWS, N_STARTS)
        seconds.append(perf_counter() - began)
        reference = descend_together(problem, set_up.truth[None], MOST_STEPS)
        estimates.append(estimate.mean[0])
        singular = np.full((len(set_up.unknown),) * 2, np.nan)
        sds.append(np.sqrt(np.diag(singular if estimate.covariance is None else estimate.covariance[0])))
        from_truth.append(reference.positions[0])
        missed += int(problem.loss(estimate.mean[0], problem.step) > reference.losses[0] + MISSED_RISE)
        warned += _has_warning(estimate)
    bound = np.sqrt(np.diag(cramer_rao(problem, set_up.truth)))
    return Fits(np.array(estimates), np.array(sds), np.array(from_truth), bound, missed, warned, np.array(seconds))


def _has_warning(estimate: Estimate) -> bool:
    return bool(estimate.remarks) or (estimate.fit is not None and estimate.fit.outcome is not Outcome.EXPLAINED)


def measured(set_up: SetUp, found: Fits) -> list[Measurement]:
    """Return the fits' figures: against the truth, the bound, and the fits from the truth."""
    truth = np.broadcast_to(set_up.truth, found.estimates.shape)
    errors, reference = rmse(truth, found.estimates), rmse(truth, found.from_truth)
    within = np.mean(np.abs(found.estimates - truth) <= NORMAL_90_SDS * found.sds, axis=0)
    columns = (
        truth[0],
        found.estimates.mean(axis=0),
        errors,
        found.bound,
        errors / found.bound,
        reference,
        errors / reference,
        within,
    )
    measurements = [
        Measurement(Key(estimator, metric, parameter, set_up.name, at=at), float(value))
        for (estimator, metric, at), values in zip(FIGURES, columns, strict=True)
        for parameter, value in zip(set_up.unknown, values, strict=True)
    ]
    median, longest = np.quantile(found.seconds, [0.5, 1]).tolist()
    ends = {"missed": found.missed, "doubted": found.warned, "median_seconds": median, "longest_seconds": longest}
    return measurements + [
        Measurement(Key(LEAST_SQUARES, metric, "", set_up.name), value) for metric, value in ends.items()
    ]


def run(context: Context) -> Result:
    """Fit data sets of each set-up, and compare the errors with the Cramér–Rao bound and the fits from the truth."""
    n = N_QUICK if context.quick else N_DATA_SETS
    measurements: list[Measurement] = []
    fits(BOTH, 1)  # compiles the kernels, so that no fit's time includes it
    for set_up in (BOTH, U_ALONE, PINTS):
        context.report(f"{set_up.title}: {n} data sets")
        measurements += measured(set_up, fits(set_up, n))
    return Result(
        "Least squares from a wide box on the set-ups of MAGI and of PINTS, against the Cramér–Rao bound.",
        {
            "data sets": n,
            "draws from the box": N_DRAWS,
            "of them refined": N_STARTS,
            "seed": SEED,
            "streams": "child i of the seed's SeedSequence draws the noise of data set i, and then its starts",
            "noise and box of PINTS": "of its functional test of optimisers on this model; γ from 0.1 instead of 0",
            "set-ups": [asdict(set_up) for set_up in (BOTH, U_ALONE, PINTS)],
        },
        tuple(measurements),
        tuple(_targets()),
    )


def _targets() -> list[Target]:
    targets = []
    for parameter in ("theta0", "theta1", "gamma"):
        targets.append(Target(Key(LEAST_SQUARES, "rmse_over_bound", parameter, BOTH.name), at_most=1.20))
        targets.append(Target(Key(LEAST_SQUARES, "rmse_over_from_truth", parameter, BOTH.name), at_most=1.02))
    return targets
