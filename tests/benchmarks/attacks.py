"""Whether the attack of adversarial-robustness-toolbox moves estimates further than our own search for worst cases.

Run as `python -m tests.benchmarks.attacks`, in an environment that has what `requirements.txt` beside this file pins.
Both attack each of the same fresh traces, with perturbations of one size in the norm of the trace's noise, and compute
estimates and derivatives as often. Theirs is projected gradient ascent in the ball (Madry and others 2018), with
restarts. At no perturbation the movement has no gradient: each restart measures it from a point close to the
unperturbed estimate, in a random direction. Length of step and number of restarts did best on other fresh traces.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import torch
from art.attacks.evasion import ProjectedGradientDescentNumpy
from art.estimators.estimator import BaseEstimator, LossGradientsMixin

from core.experiments.estimators import BEST
from core.experiments.limit import problem_of
from core.experiments.limit_traces import fresh_set
from core.experiments.perturbed import fresh, map_with_derivatives
from core.noise import Noise
from core.perturbations.amplification import in_sds
from core.perturbations.estimator import Estimator
from core.perturbations.whitened import by_whitened_trace, perturbation_of
from core.perturbations.worst_case import evaluations, worst_cases
from core.posterior.exact import posterior
from tests.benchmarks.record import Record, output_path

MAPS = ("dense-clean", "dense-noisy", "cnn-clean", "cnn-noisy", BEST)
NUMBERS = range(4000, 4100)  # of the fresh traces
FEWER = 40  # of them for the best map, which simulates
SIZE = 10.0  # of perturbations: a third of the noise's
RESTARTS, STEP_SHARE = 5, 0.3  # a step as a share of the size
OFFSET_SDS = 1e-3  # between the unperturbed estimate and the point that a restart measures from
MOST = 1.005  # the ratio's target: at most one, up to what either ascent leaves undone
SEED = 20267


@dataclass(frozen=True, eq=False)
class Traces:
    """n traces, (n, n_times), with their noises, and `in_sds` of their exact posteriors, (n, p, p)."""

    values: np.ndarray
    noises: Sequence[Noise]
    units: np.ndarray

    def first(self, n: int) -> "Traces":
        """Return the first n of the traces."""
        return Traces(self.values[:n], self.noises[:n], self.units[:n])

    def perturbed(self, white: np.ndarray) -> np.ndarray:
        """Return the traces under whitened perturbations, (n, n_times)."""
        pairs = zip(white.astype(float), self.noises, strict=True)
        return self.values + np.array([perturbation_of(*each) for each in pairs])

    def in_sds(self, changes: np.ndarray) -> np.ndarray:
        """Return changes of estimates, (n, p), in sds."""
        return np.einsum("nij,nj->ni", self.units, changes)


class OfWhitened(LossGradientsMixin, BaseEstimator):
    """An estimator as the toolbox takes it: a function of whitened perturbations, whose loss is ½ |movement|²."""

    def __init__(self, estimator: Estimator, traces: Traces):
        super().__init__(model=None, clip_values=None)
        self._estimator, self._traces, self.evaluations = estimator, traces, 0

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one perturbation."""
        return self._traces.values.shape[1:]

    def predict(self, x: np.ndarray, **_) -> np.ndarray:
        """Return the estimates, (n, p)."""
        return self._estimator(self._traces.perturbed(x))

    def fit(self, x, y, **_):
        """Raise NotImplementedError: nothing is trained here."""
        raise NotImplementedError

    def loss_gradient(self, x: np.ndarray, y: np.ndarray, **_) -> np.ndarray:
        """Return the gradients of ½ |movement from y|², (n, n_times), by the perturbations."""
        self.evaluations += 1
        estimates, jacobians = self._estimator.jacobian(self._traces.perturbed(x))
        pull = np.einsum("ni,nij,njt->nt", self._traces.in_sds(estimates - y), self._traces.units, jacobians)
        return np.array([by_whitened_trace(*each) for each in zip(pull, self._traces.noises, strict=True)])


def theirs(estimator: Estimator, traces: Traces, size: float, iterations: int) -> tuple[np.ndarray, int]:
    """Return the largest movements, (n,), that the toolbox finds, and how often it computed derivatives."""
    attacked, unperturbed = OfWhitened(estimator, traces), estimator(traces.values)
    attack = ProjectedGradientDescentNumpy(
        attacked, 2, size, STEP_SHARE * size, max_iter=iterations, batch_size=len(traces.values), verbose=False
    )
    rng, best = np.random.default_rng(SEED), np.zeros(len(traces.values))
    for _ in range(RESTARTS):
        offset = rng.standard_normal(unperturbed.shape)
        offset *= OFFSET_SDS / np.linalg.norm(offset, axis=1, keepdims=True)
        seen_from = unperturbed - np.linalg.solve(traces.units, offset[..., None])[..., 0]
        white = attack.generate(np.zeros_like(traces.values), seen_from).astype(float)
        white *= np.minimum(1.0, size / np.linalg.norm(white, axis=1, keepdims=True))  # as it is in single precision
        best = np.maximum(best, np.linalg.norm(traces.in_sds(attacked.predict(white) - unperturbed), axis=1))
    return best, attacked.evaluations


def main() -> None:
    """Attack, print and store."""
    out = output_path("attacks", __doc__ or "")
    torch.set_num_threads(1)
    problems = [problem_of(fresh_set(), i) for i in NUMBERS]
    units = np.array([in_sds(posterior(each).covariance) for each in problems])
    every = Traces(fresh(NUMBERS)[0], [each.noise[0] for each in problems], units)
    budget = evaluations()
    settings = {
        "adversarial-robustness-toolbox": version("adversarial-robustness-toolbox"),
        "traces": {name: FEWER if name == BEST else len(NUMBERS) for name in MAPS},
        "size": SIZE,
        "evaluations": budget,
        "restarts": RESTARTS,
        "step_share": STEP_SHARE,
        "seed": SEED,
    }
    record = Record("attacks", settings)
    for name in MAPS:
        estimator, traces = map_with_derivatives(name), every.first(settings["traces"][name])
        ours = worst_cases(estimator, traces.values, traces.noises, traces.units, SIZE).movements
        found, n_evaluations = theirs(estimator, traces, SIZE, budget // RESTARTS)
        assert n_evaluations == budget // RESTARTS * RESTARTS
        ratios = found / ours
        record.note(f"{name}: our median movement", float(np.median(ours)), "sd", code=f"{name}/ours")
        record.note(f"{name}: theirs over ours, median", np.median(ratios), most=MOST, code=f"{name}/median")
        record.note(f"{name}: theirs over ours, largest", ratios.max(), most=MOST, code=f"{name}/largest")
        record.note(f"{name}: share of traces above {MOST}", np.mean(ratios > MOST), code=f"{name}/share")
        record.note(f"{name}: ours over theirs, largest", (1 / ratios).max(), code=f"{name}/ours-over-theirs")
    record.save(out)


if __name__ == "__main__":
    main()
