"""The figures of each contender of the comparison with sbi on the fresh test traces, beside the exact posterior."""

import io
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from nflows.transforms.made import MADE
from numpy.typing import NDArray
from sbi.inference.posteriors import DirectPosterior
from torch import nn

from core.experiments.context import Context, records
from core.experiments.limit_fresh import estimates
from core.experiments.limit_traces import fresh_traces
from core.experiments.limits import theta_posterior
from core.experiments.over_limit import ratio_and_spread
from core.experiments.posteriors import (
    COMPARED_AT_ONCE,
    REGIME,
    of_divergences,
    of_regions,
    stated,
)
from core.experiments.records import Key, Measurement
from core.files import write_bytes
from core.metrics import rmse
from core.posterior.divergence import divergence_and_variation
from tests.benchmarks.npe_contenders import OURS
from tests.benchmarks.npe_training import one_thread, prior_box, trained_npe, trained_ours

AT_ONCE = 20  # traces
N_DRAWS = 1000  # of each trace
MOST_AT_ONCE = 1000  # draws of each trace that sbi draws together, of which it rejects those outside the prior

Array = NDArray[np.float64]


class Part(nn.Module):
    """What one layer of a flow takes of a trace, out of what all of them take."""

    def __init__(self, first: int, n: int):
        super().__init__()
        self.columns = slice(first, first + n)

    def forward(self, context: torch.Tensor) -> torch.Tensor:
        """Return some columns of the context."""
        return context[..., self.columns]


class NeuralPosterior:
    """sbi's posterior, with its rejection and its correction for what leaks out of the prior's box.

    sbi computes what a trace gives to each layer of the flow anew for every value of the parameters. Here it is
    computed once: the densities and draws are the same.
    """

    def __init__(self, estimator: Any):
        self._embedding, estimator.net._embedding_net = estimator.net._embedding_net, nn.Identity()
        self._layers = nn.ModuleList()
        first = 0
        for module in list(estimator.net.modules()):
            if isinstance(module, MADE):
                self._layers.append(module.context_layer)
                module.context_layer = Part(first, module.context_layer.out_features)
                first += self._layers[-1].out_features
        self._estimator, self._prior = estimator, prior_box()
        self._low, self._high = self._prior.base_dist.low.numpy(), self._prior.base_dist.high.numpy()

    def _posterior(self, traces: NDArray[np.float32]) -> tuple[DirectPosterior, torch.Tensor]:
        with torch.inference_mode():
            embedded = self._embedding(torch.from_numpy(traces))
            embedded = torch.cat([layer(embedded) for layer in self._layers], dim=1)
        embedded = embedded.clone()  # as an ordinary tensor, which sbi asks for
        self._estimator._condition_shape = embedded.shape[1:]
        return DirectPosterior(self._estimator, self._prior), embedded

    def log_density(self, trace: NDArray[np.float32], values: Array) -> Array:
        """Return the normalised log density, (k,), at values, (k, 2), within the prior's box."""
        posterior, embedded = self._posterior(trace[None])
        inside = np.clip(values.astype(np.float32), self._low, self._high)  # what rounding brings across an edge
        return posterior.log_prob(torch.from_numpy(inside), x=embedded).double().numpy()

    def stated(self, traces: NDArray[np.float32], truth: Array, n_draws: int = N_DRAWS) -> dict[str, Any]:
        """Return what `core.experiments.posteriors.stated` returns, from draws of each of n posteriors."""
        posterior, embedded = self._posterior(traces)
        draws = posterior.sample_batched(
            (n_draws,), embedded, max_sampling_batch_size=MOST_AT_ONCE, show_progress_bars=False
        )
        values = torch.cat([torch.from_numpy(truth.astype(np.float32))[None], draws])
        logs = posterior.log_prob_batched(values, embedded, norm_posterior=False)
        return {
            "mean": draws.double().mean(dim=0).tolist(),
            "credibility": (logs[1:] > logs[:1]).double().mean(dim=0).tolist(),
            "ranks": (draws < values[:1]).double().mean(dim=0).tolist(),
        }


@lru_cache(maxsize=3)
def contender(name: str, work: Path) -> Any:
    """Return a trained contender."""
    one_thread()
    return trained_ours(work) if name == OURS else NeuralPosterior(trained_npe(name, work))


def stated_by(name: str, work: Path, first: int) -> dict[str, Any]:
    """Return what a contender states of some traces."""
    found, traces = contender(name, work), fresh_traces()
    part = slice(first, first + AT_ONCE)
    if name == OURS:
        return stated(found.posteriors(traces.noisy[part]), traces.truth[part])
    torch.manual_seed(first)
    return found.stated(traces.noisy[part], traces.truth[part])


class KeptCells(NamedTuple):
    """The cells of an exact posterior, as kept: `divergence_and_variation` takes it for the posterior."""

    centres: Array
    log_densities: Array
    masses: Array

    @property
    def cells(self) -> "KeptCells":
        """The cells: centres and log densities."""
        return self


def exact_posterior(work: Path, i: int) -> KeptCells:
    """Return the exact posterior of a fresh trace, computed once for all contenders."""
    traces = fresh_traces()
    path = work / "exact" / f"{traces.fingerprint}-{i}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as stored:
            return KeptCells(*(stored[name] for name in KeptCells._fields))
    found = theta_posterior(traces, i)
    kept = KeptCells(found.cells.centres, found.cells.log_densities, found.masses)
    content = io.BytesIO()
    np.savez(content, **kept._asdict())
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content.getvalue())
    return kept


def compared_with(name: str, work: Path, first: int) -> dict[str, Any]:
    """Return a contender's KL(exact ‖ contender) in nats, and the total variation, of some traces."""
    found, traces = contender(name, work), fresh_traces()
    part = slice(first, first + COMPARED_AT_ONCE)
    laws = found.posteriors(traces.noisy[part]) if name == OURS else ()
    torch.manual_seed(first)
    rows = []
    for i, trace in enumerate(traces.noisy[part]):
        exact = exact_posterior(work, first + i)
        logs = laws[i].log_density(exact.centres) if name == OURS else found.log_density(trace, exact.centres)
        rows.append(divergence_and_variation(exact, logs))
    return {"rows": rows}


def figures(
    names: tuple[str, ...], versions: dict[str, str], work: Path, context: Context, sizes: tuple[int, int, int]
) -> list[Measurement]:
    """Return all figures of the contenders.

    versions: of the trained weights, under which what has been computed is kept.
    sizes: traces beside their exact posteriors, those whose regions are counted, and those with a mean.
    """
    n_compared, n_covered, n = sizes
    traces, limit = fresh_traces(), estimates(context)
    found: list[Measurement] = []
    for name in names:
        keys = {f"{versions[name]}-{i}": (name, work, i) for i in range(0, n_compared, COMPARED_AT_ONCE)}
        compared = records(compared_with, keys, context, "npe-compared")
        found += of_divergences(name, np.concatenate([compared[key]["rows"] for key in keys])[:n_compared])
        parts = {f"{versions[name]}-{first}": (name, work, first) for first in range(0, n, AT_ONCE)}
        rows = records(stated_by, parts, context, "npe-stated")
        mean, credibility, ranks = (
            np.concatenate([rows[key][part] for key in parts])[:n] for part in ("mean", "credibility", "ranks")
        )
        found += of_regions(name, traces.names, credibility[:n_covered], ranks[:n_covered])
        ratio, spread = ratio_and_spread(rmse, traces.truth[:n], mean, limit.mean[:n])
        found.append(Measurement(Key(name, "rmse_over_limit", "mean", REGIME), ratio, spread))
    return found
