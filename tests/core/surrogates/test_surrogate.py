"""The shipped surrogates: their stored errors, as models of problems, and as files."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise, sample_ar1
from core.optimisation.methods import descend
from core.posterior.exact import posterior
from core.problem.landscape import computed_landscape, landscape, trajectory_store
from core.problem.problem import Problem
from core.published import GAMMA, ZETA
from core.surrogates.errors import relative_error
from core.surrogates.neuron import PRIOR, TIMES, trajectories
from core.surrogates.surrogate import FLOW_MAP, REGRESSION, SURROGATES, load_surrogate
from tests.reference import reference_solutions

NAMES = (FLOW_MAP, REGRESSION)
TRUTH = np.array([0.35, 0.45])
NOISE = Noise(0.8, 0.35)


@pytest.fixture(scope="module")
def problem():
    """Return the problem of a noisy trace of the first 60 ms, for the flow map."""
    times = TIMES[:300]
    clean = trajectories(TRUTH, times)[:, 0]
    data = clean + sample_ar1(NOISE.rho, NOISE.marginal_sd, times.size, np.random.default_rng(0))
    return Problem.of_trace(load_surrogate(FLOW_MAP).model, data, times, PRIOR.names, {}, NOISE, PRIOR)


@pytest.fixture(scope="module")
def on_solver(problem):
    known = {"zeta": ZETA, "gamma": GAMMA}
    return Problem.of_trace(FITZHUGH_NAGUMO, problem.data, problem.times, PRIOR.names, known, NOISE, PRIOR)


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_error_is_the_error(name):
    found = load_surrogate(name)
    stored = found.card["relative_error"]
    theta = PRIOR.sample(stored["samples"], np.random.default_rng(stored["seed"]))[:200]
    u, truth = found.model.simulate(theta, TIMES)[..., 0], trajectories(theta)[..., 0]
    errors = relative_error(u, truth)
    # Of 200 of the 1,000 samples the median lies between the 43 and 57 % quantiles of all with 95 % (binomial).
    low, high = np.quantile(errors, [0.4, 0.6])
    assert low < stored["quantile 50%"] < high


def test_the_flow_map_follows_scipy_for_200_ms():
    theta = PRIOR.sample(6, np.random.default_rng(5))
    expected = reference_solutions(np.column_stack([theta, np.full(6, ZETA), np.full(6, GAMMA)]), TIMES)[..., 0]
    found = load_surrogate(FLOW_MAP).model.simulate(theta, TIMES)[..., 0]
    assert np.median(relative_error(found, expected)) < 0.005


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_how_it_was_made(name):
    card = load_surrogate(name).card
    assert card["name"] == name
    # Dense layers 4–64–64–2, and 130–256–256–120: weights and biases.
    assert (
        card["n_weights"]
        == {FLOW_MAP: 4 * 64 + 64**2 + 64 * 2 + 130, REGRESSION: 130 * 256 + 256**2 + 256 * 120 + 632}[name]
    )
    assert sum(part["processor_seconds"] for part in card["training"]) < 1800
    assert (SURROGATES / f"{name}.safetensors").stat().st_size < 10 * 2**20


def test_gradient_and_hessian_of_the_loss_are_those_of_differences(problem):
    candidate, steps = TRUTH + 0.01, 1e-5 * np.eye(2)
    ends = [[problem.loss(candidate + sign * step) for sign in (1, -1)] for step in steps]
    differences = np.array([(after - before) / 2e-5 for after, before in ends])
    assert problem.gradient(candidate)[1] == pytest.approx(differences, rel=1e-4)
    ends = [[problem.gradient(candidate + sign * step)[1] for sign in (1, -1)] for step in steps]
    expected = np.array([(after - before) / 2e-5 for after, before in ends])
    assert problem.hessian(candidate) == pytest.approx(expected, rel=0.01, abs=0.01 * np.abs(expected).max())


def test_landscape_race_and_posterior_are_near_those_of_the_solver(problem, on_solver):
    exact, learned = posterior(on_solver), posterior(problem)
    sds = np.sqrt(np.diag(exact.covariance))
    assert np.max(np.abs(learned.mean - exact.mean) / sds) < 0.2
    assert np.sqrt(np.diag(learned.covariance)) == pytest.approx(sds, rel=0.1)
    path = descend(problem, exact.mean, "Levenberg–Marquardt", seed=0)
    assert problem.loss(path.positions[-1]) <= problem.loss(learned.mode) + 0.05
    store = trajectory_store(problem, 20)
    found, all_at_once = landscape(problem, store), computed_landscape(problem, 20)
    assert found.loss == pytest.approx(all_at_once.loss, rel=1e-4)
    lowest = computed_landscape(on_solver, 20).lowest()
    assert np.max(np.abs(np.array(found.lowest()) - lowest)) <= 1.6 / 19 + 1e-9


def test_loading_does_not_import_torch():
    program = (
        "import sys; from core.surrogates.surrogate import load_surrogate; "
        f"[load_surrogate(name) for name in {NAMES}]; assert 'torch' not in sys.modules"
    )
    root = Path(__file__).parents[3]
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_files_that_are_not_there_or_broken_get_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="no surrogate 'other'"):
        load_surrogate("other")
    with pytest.raises(ValueError, match="cannot be read"):
        load_surrogate(FLOW_MAP, tmp_path)
    (tmp_path / "flow-map.json").write_text("{}")
    (tmp_path / "flow-map.safetensors").write_bytes(b"12345678")
    with pytest.raises(ValueError, match="truncated"):
        load_surrogate(FLOW_MAP, tmp_path)
