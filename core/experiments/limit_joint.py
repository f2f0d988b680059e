"""The limit for θ₀, θ₁, σ and ρ together on the 2,000 published test traces."""

from typing import Any

from core.experiments.context import Context
from core.experiments.estimators import EXACT, JOINT_TRACES
from core.experiments.limit_traces import LimitTraces, joint_traces
from core.experiments.limits import Limit, accuracy, calibration, chunk_of, computed, theta_posterior
from core.experiments.records import Measurement
from core.posterior.joint import joint_moments

NAME = "limit-joint"  # of the folder of intermediate results


def _row(traces: LimitTraces, i: int) -> dict[str, Any]:
    found = theta_posterior(traces, i)
    joint = joint_moments(found)
    assert joint.covariance is not None
    moments = {"mean": joint.mean[0].tolist(), "covariance": joint.covariance[0].tolist()}
    return {**moments, **calibration(found, traces.truth[i])}


def _chunk(first: int) -> dict[str, Any]:
    return chunk_of(_row, joint_traces(), first)


def estimates(context: Context) -> Limit:
    """Return the exact posterior of θ₀, θ₁, σ [ms] and ρ for each published test trace; compute what is missing."""
    return computed(_chunk, joint_traces(), context, NAME)


def limit_measured(context: Context) -> list[Measurement]:
    """Return the accuracy of the exact posterior mean of all four."""
    traces, mean = joint_traces(), estimates(context).mean
    return accuracy(EXACT, JOINT_TRACES, traces.names, traces.truth[: len(mean)], mean)
