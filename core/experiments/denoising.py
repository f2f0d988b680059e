"""How much of the noise on a trace is left by an untrained network, by filters, and by the model itself."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.denoising.classical import best_savitzky_golay, wiener
from core.denoising.deep_prior import ITERATIONS, discrepancy_stop, held_out_stop, iterates
from core.experiments.context import Context, records
from core.experiments.estimators import (
    AR1_NOISE,
    AT_END,
    BEST_STOP,
    DEEP_PRIOR,
    DISCREPANCY,
    HELD_OUT,
    KNOWN,
    SAVITZKY_GOLAY,
    WHITE_NOISE,
    WHITENED_PRIOR,
    WIENER,
)
from core.experiments.limit_traces import fresh_traces
from core.experiments.records import Key, Measurement, Result, Target
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise, sample_ar1
from core.posterior.exact import posterior
from core.problem.problem import Problem
from core.published import full_prior, published_noise

N_TRACES, N_QUICK = 20, 2
QUICK_ITERATIONS = 20
N_EXAMPLES = 200  # clean traces of the prior that tell Wiener's filter the spectrum
SEED = 20264
MOST_LEFT = 0.55  # of the noise, by the deep prior where its stop is told by samples left out
NOISES = {WHITE_NOISE: published_noise().white, AR1_NOISE: published_noise()}

Array = NDArray[np.float64]


def _clean(indices: slice) -> Array:
    """Return clean potentials, (n, n_times), of fresh traces."""
    traces = fresh_traces()
    return traces.problem(0).observed(traces.truth[indices])


def _denoised(regime: str, i: int, iterations: int) -> dict[str, Any]:
    """Return what is left of the noise on one trace, as a share of its sd, by estimator."""
    noise, traces, truth = NOISES[regime], fresh_traces(), _clean(slice(i, i + 1))[0]
    rng = np.random.default_rng([SEED, i])
    data = truth + sample_ar1(noise.rho, noise.marginal_sd, truth.size, rng)
    known = dict(zip(traces.known_names, map(float, traces.known[i]), strict=True))
    problem = Problem.of_trace(FITZHUGH_NAGUMO, data, traces.times, traces.names, known, noise, full_prior())
    examples = _clean(slice(N_TRACES, N_TRACES + N_EXAMPLES))
    curves = {
        SAVITZKY_GOLAY: best_savitzky_golay(data, truth),
        WIENER: wiener(data, examples, noise),
        KNOWN: problem.observed(posterior(problem).mean),
    }
    found = {name: _left(curve, truth, noise) for name, curve in curves.items()}
    found |= _by_deep_prior(DEEP_PRIOR, data, truth, noise, 0.0, iterations)
    if noise.rho != 0:
        found |= _by_deep_prior(WHITENED_PRIOR, data, truth, noise, noise.rho, iterations)
    return found


def _by_deep_prior(name: str, data: Array, truth: Array, noise: Noise, rho: float, iterations: int) -> dict[str, float]:
    """Return what the deep prior leaves at each of its stops; rho: by which its loss whitens."""
    run = list(iterates(data, rho, n=iterations))
    errors = np.array([_left(each.curve, truth, noise) for each in run])
    sd = noise.marginal_sd * np.sqrt(1 - rho**2)
    stops = {
        HELD_OUT: held_out_stop([each.held_out for each in run]),
        DISCREPANCY: discrepancy_stop([each.misfit for each in run], sd),
        BEST_STOP: int(errors.argmin()),
        AT_END: len(run) - 1,
    }
    return {f"{name}-{stop}": float(errors[at]) for stop, at in stops.items()}


def _left(curve: Array, truth: Array, noise: Noise) -> float:
    return float(np.sqrt(np.mean((curve - truth) ** 2)) / noise.marginal_sd)


def run(context: Context) -> Result:
    """Denoise traces with white and with AR(1) noise."""
    n, iterations = (N_QUICK, QUICK_ITERATIONS) if context.quick else (N_TRACES, ITERATIONS)
    measurements, means = [], {}
    for regime in NOISES:
        keys = {f"{regime}-{iterations}-{i}": (regime, i, iterations) for i in range(n)}
        found = list(records(_denoised, keys, context, "denoising").values())
        for name in found[0]:
            means[name, regime] = float(np.mean([each[name] for each in found]))
            measurements.append(Measurement(Key(name, "noise_left", "", regime), means[name, regime]))
    stopped = f"{DEEP_PRIOR}-{HELD_OUT}"
    over_filter = Key(stopped, "noise_left_over_filter", "", WHITE_NOISE)
    ratio = means[stopped, WHITE_NOISE] / means[SAVITZKY_GOLAY, WHITE_NOISE]
    measurements.append(Measurement(over_filter, ratio))
    targets = (
        Target(Key(stopped, "noise_left", "", WHITE_NOISE), at_most=MOST_LEFT),
        Target(over_filter, at_most=1.0),
    )
    return Result(
        f"The root mean squared error that is left on {n} fresh traces, over the sd of the noise, in the mean. A deep "
        f"prior is an untrained network that is fitted to one trace in {iterations} iterations, and stopped where the "
        "samples left out of its loss are met best, where the misfit reaches the noise, where the truth says, or not "
        "at all. The filter of Savitzky and Golay has the window and order that the truth says. Wiener’s filter knows "
        f"the noise, and the spectrum of {N_EXAMPLES} other traces. The exact posterior knows the model: it is the "
        "trajectory at its mean.",
        {"n_traces": n, "iterations": iterations, "seed": SEED, "noise_sd": published_noise().marginal_sd},
        tuple(measurements),
        () if context.quick else targets,
    )
