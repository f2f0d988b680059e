"""The limit for all four parameters of the neuron unknown, trace by trace: what of them can be identified."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiments.context import Context
from core.experiments.estimators import SAMPLED
from core.experiments.limit_traces import LimitTraces, four_traces
from core.experiments.limits import Limit, accuracy, chunk_of, computed
from core.experiments.records import Key, Measurement
from core.posterior.sampled import sampled_posterior
from core.published import full_prior, published_noise_prior

NAME = "limit-four"  # of the folder of intermediate results
REGIME = "four"
EFFECTIVE_SIZE = 1000
SEED = 7070
NEAR_TRUTH = np.repeat([0.0, 0.001, 0.003, 0.01], 16)  # sds of the starts around the truth, in widths of the box


def _row(traces: LimitTraces, i: int) -> dict[str, Any]:
    problem, truth = traces.problem(i), traces.truth[i]
    rng = np.random.default_rng([SEED, i])
    moves = NEAR_TRUTH[:, None] * np.ptp(problem.bounds, axis=1) * rng.standard_normal((NEAR_TRUTH.size, truth.size))
    starts = np.clip(truth + moves, *problem.bounds.T)
    found = sampled_posterior(problem, published_noise_prior(), EFFECTIVE_SIZE, rng, starts)
    return {
        "mean": found.mean.tolist(),
        "covariance": found.covariance.tolist(),
        "ranks": found.distribution(truth).tolist(),
        "effective_size": found.effective_size,
    }


def _chunk(first: int) -> dict[str, Any]:
    return chunk_of(_row, four_traces(), first)


def estimates(context: Context) -> Limit:
    """Return the posterior of all four parameters for each trace; compute what is not stored yet."""
    return computed(_chunk, four_traces(), context, NAME)


def prior_sds() -> NDArray[np.float64]:
    """Return the standard deviations of the prior within its bounds, (4,), from a quadrature of its density."""
    prior, sds = full_prior(), []
    for name, low, high in zip(prior.names, prior.lower, prior.upper, strict=True):
        values = np.linspace(low, high, 10_001)
        sds.append(np.sqrt(np.cov(values, aweights=np.exp(prior.select((name,)).log_density(values[:, None])))))
    return np.array(sds)


def limit_measured(context: Context) -> list[Measurement]:
    """Return the accuracy of the posterior mean, its median sd over that of the prior, and the fewest effective draws.

    Where the ratio of the standard deviations is near one, the data do not identify a parameter.
    """
    traces, found = four_traces(), estimates(context)
    measurements = accuracy(SAMPLED, REGIME, traces.names, traces.truth[: len(found.mean)], found.mean)
    ratios = np.median(np.sqrt(np.einsum("nii->ni", found.covariance)), axis=0) / prior_sds()
    for name, ratio in zip(traces.names, ratios, strict=True):
        measurements.append(Measurement(Key(SAMPLED, "sd_over_prior", name, REGIME), float(ratio)))
    fewest = float(np.min(found.figures["effective_size"]))
    return [*measurements, Measurement(Key(SAMPLED, "fewest_effective", "", REGIME), fewest)]
