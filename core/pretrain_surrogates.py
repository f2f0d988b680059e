"""Fill pretrained/surrogates: `python -m core.pretrain_surrogates` trains the surrogates of the published neuron."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.maps.evaluation import versions
from core.parallel import report
from core.surrogates.errors import relative_error
from core.surrogates.fitting import Course
from core.surrogates.neuron import PRIOR, TIMES, trajectories
from core.surrogates.surrogate import FLOW_MAP, REGRESSION, SURROGATES, save_surrogate, surrogate
from core.surrogates.train_flow_map import FlowMapTraining, train_flow_map
from core.surrogates.train_regression import RegressionTraining, train_regression
from core.terminal_encoding import replace_unencodable_characters

COMMAND = "python -m core.pretrain_surrogates"
VALIDATION_SEED, N_VALIDATION = 20271, 1000
ABOUT = {
    FLOW_MAP: "A dense network for the change of (u, v) within 0.2 ms, at given θ, which is applied again and again.",
    REGRESSION: "A dense network from random Fourier features of θ to the coefficients of u in an orthogonal basis.",
}


def _errors(name: str, tensors: dict[str, NDArray[np.float32]]) -> dict[str, float]:
    """Return the quantiles of the relative error over the published window, on validation samples of the prior."""
    theta = PRIOR.sample(N_VALIDATION, np.random.default_rng(VALIDATION_SEED))
    u = surrogate(name, tensors, {}).model.simulate(theta, TIMES)[..., 0]
    found = relative_error(u, trajectories(theta)[..., 0])
    return {f"quantile {share:.0%}": float(np.quantile(found, share)) for share in (0.5, 0.9)}


def _trained(name: str) -> tuple[dict[str, NDArray[np.float32]], list[Course], dict[str, Any]]:
    if name == FLOW_MAP:
        training = FlowMapTraining()
        return *train_flow_map(training, report), asdict(training)
    regression = RegressionTraining()
    tensors, course = train_regression(regression, report)
    return tensors, [course], asdict(regression)


def main() -> None:
    """Train the surrogates and write them with their cards."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--out", type=Path, default=SURROGATES, help="folder to fill")
    parser.add_argument("--surrogates", nargs="+", choices=tuple(ABOUT), default=list(ABOUT), help="which to train")
    options = parser.parse_args()
    for name in options.surrogates:
        report(f"{name}:")
        tensors, courses, training = _trained(name)
        errors = _errors(name, tensors)
        card = {
            "name": name,
            "about": ABOUT[name],
            "n_weights": sum(each.size for key, each in tensors.items() if key.startswith("layers.")),
            "command": COMMAND,
            "versions": versions(),
            "settings": training,
            "training": [course._asdict() for course in courses],
            "relative_error": {"samples": N_VALIDATION, "seed": VALIDATION_SEED, **errors},
        }
        save_surrogate(name, tensors, card, options.out)
        report(f"relative error over {TIMES[-1]:g} ms: {errors}")


if __name__ == "__main__":
    main()
