"""The limit for θ on 6,000 fresh traces of the published prior and noise."""

from typing import Any

from core.experiments.context import Context
from core.experiments.limit_traces import fresh_traces
from core.experiments.limits import Limit, chunk_of, computed, theta_row


def _chunk(first: int) -> dict[str, Any]:
    return chunk_of(theta_row, fresh_traces(), first)


def estimates(context: Context) -> Limit:
    """Return the exact posterior of θ for each fresh trace; compute what is not stored yet."""
    return computed(_chunk, fresh_traces(), context, "limit-fresh")
