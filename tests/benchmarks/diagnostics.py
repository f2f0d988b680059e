"""Whether ranks, coverage and TARP of an examination agree with those of the library sbi, on the same draws.

Run as `python -m tests.benchmarks.diagnostics`, in an environment that has what `requirements.txt` beside this file
pins. The draws are those of the map *best* for traces of the published test set.
"""

from importlib.metadata import version

import numpy as np
import torch
from sbi.diagnostics import run_sbc, run_tarp

from core.maps.examination.ranks import DISTANCE, N_DRAWS, REGION, rank_tables
from core.maps.examination.stated_law import StatedLaw
from core.maps.inverse_map import load_inverse_map
from core.maps.recipes import published_task
from core.maps.test_sets import published_test_set
from tests.benchmarks.record import Record, output_path

N = 1000  # traces
BINS = 29  # of sbi's TARP curve: none of its edges is a share of the draws, which would be a matter of rounding
SEED = 0
MOST = 1e-9


class Stated:
    """What a map states, in the form of a posterior of sbi: its draws are those that the examination has."""

    def __init__(self, law: StatedLaw, draws: np.ndarray):
        self.law, self.draws = law, draws

    def sample_batched(self, shape: tuple[int, ...], x: torch.Tensor, **_: object) -> torch.Tensor:
        """Return the draws, (N_DRAWS, n, p)."""
        assert shape == (N_DRAWS,)
        return torch.from_numpy(self.draws.swapaxes(0, 1).copy())

    def log_prob(self, theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Return log densities, (k,), of values, (k, p), for the trace whose number is x."""
        return torch.from_numpy(self.law.log_density(int(x[0]), theta.numpy()))


def main() -> None:
    """Compare, print and store."""
    out = output_path("diagnostics", __doc__ or "")
    data, task, rng = published_test_set(), published_task(), np.random.default_rng(SEED)
    law = StatedLaw.of(load_inverse_map("best").predict(data.noisy[:N]))
    truth, draws, references = data.theta[:N], law.draws(N_DRAWS, rng), task.law.sample(N, rng)
    lowest, highest = truth.min(axis=0), truth.max(axis=0)
    widths = highest - lowest + 1e-10  # as sbi scales its parameters
    ranks = rank_tables(task.names, law, truth, draws, references, widths).of_truth()
    thetas, numbers, posterior = torch.from_numpy(truth.copy()), torch.arange(N)[:, None], Stated(law, draws)
    record = Record("diagnostics", {"n": N, "n_draws": N_DRAWS, "bins": BINS, "seed": SEED, "sbi": version("sbi")})

    def sbc(reduce: object) -> np.ndarray:
        return run_sbc(thetas, numbers, posterior, N_DRAWS, reduce, show_progress_bar=False)[0].numpy()

    marginals = np.column_stack([ranks[name] for name in task.names])
    record.note("ranks of the parameters: largest difference", np.abs(sbc("marginals") - marginals).max(), most=MOST)
    by_density = N_DRAWS - sbc(posterior.log_prob)[:, 0]
    record.note("ranks of the regions: largest difference", np.abs(by_density - ranks[REGION]).max(), most=MOST)
    masses = np.arange(1, N_DRAWS + 1) / (N_DRAWS + 1)
    curves = [np.mean(each[:, None] < (N_DRAWS + 1) * masses - 0.5, axis=0) for each in (by_density, ranks[REGION])]
    record.note("curve of coverage: largest difference", np.abs(curves[0] - curves[1]).max(), most=MOST)
    expected, levels = run_tarp(
        thetas, numbers, posterior, torch.from_numpy(references), N_DRAWS, show_progress_bar=False, num_bins=BINS
    )
    below = np.mean(ranks[DISTANCE][:, None] / N_DRAWS < levels.numpy()[:-1], axis=0)
    shares = np.rint(N * expected.numpy()[:-1].astype(float)) / N  # sbi has them in single precision
    difference = np.abs(shares - below).max()
    record.note("curve of TARP: largest difference", difference, most=MOST)
    record.save(out)


if __name__ == "__main__":
    main()
