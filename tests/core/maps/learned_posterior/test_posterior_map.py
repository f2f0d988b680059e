"""The shipped posteriors beside the exact ones, and what happens to wrong traces and damaged files."""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from core.maps.learned_posterior.posterior_map import (
    POSTERIORS,
    available_posterior_maps,
    load_posterior_map,
)
from core.maps.problem_of_task import problem_of
from core.maps.test_sets import published_test_set
from core.posterior.exact import posterior
from core.posterior.joint import joint_moments

N = 20  # the first test traces


@pytest.fixture(autouse=True)
def one_thread():
    """Bound the threads of PyTorch, which otherwise wait for those of Numba."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def exact():
    """Return the exact posteriors of the first test traces."""
    learned = load_posterior_map("theta")
    problem = problem_of(learned.task)
    return [
        posterior(problem.with_data(each.astype(float)), learned.task.noise) for each in published_test_set().noisy[:N]
    ]


def test_the_mixture_is_close_to_the_exact_posterior(exact):
    laws = load_posterior_map("theta").posteriors(published_test_set().noisy[:N])
    cells = [each.cells for each in exact]
    divergence = [
        each.masses @ (c.log_densities - law.log_density(c.centres))
        for each, c, law in zip(exact, cells, laws, strict=True)
    ]
    assert np.median(divergence) <= 0.03
    assert np.min(divergence) > -0.01  # a divergence is never below zero, but for the cells' width


def test_the_flow_carries_normal_particles_to_the_exact_posterior(exact):
    learned = load_posterior_map("theta")
    flows = learned.transports(*learned.frame_and_features(published_test_set().noisy[:N]))
    normals, off, divergences = np.random.default_rng(0).standard_normal((1000, 2)), [], []
    for flow, each in zip(flows, exact, strict=True):
        paths, cells = flow.paths(normals), each.cells
        off.append(np.abs(paths[-1].mean(axis=0) - each.mean) / np.sqrt(np.diag(each.covariance)))
        # What the particles start as: a Gaussian, which a flow that has learned nothing would leave as it is.
        start = multivariate_normal(paths[0].mean(axis=0), np.cov(paths[0].T)).logpdf(cells.centres)
        logs = (flow.log_density(cells.centres), start)
        divergences.append([each.masses @ (cells.log_densities - log) for log in logs])
    assert np.median(off) <= 0.1  # a mean of 1,000 draws is off by 0.03 sd itself
    carried, left = np.median(divergences, axis=0)
    assert carried <= 0.03
    assert carried < 0.5 * left


def test_the_posterior_with_the_noise_has_the_exact_moments(exact):
    laws = load_posterior_map("noise").posteriors(published_test_set().noisy[:N])
    off, wider = [], []
    for law, each in zip(laws, exact, strict=True):
        known = joint_moments(each)
        sd = np.sqrt(np.diag(known.covariance[0]))
        off.append(np.abs(law.mean - known.mean[0]) / sd)
        wider.append(np.sqrt(np.diag(law.covariance)) / sd)
    assert np.max(off) < 0.2
    # In the median: of some traces a component of little weight, far away, makes the sd twice as large.
    assert np.median(wider, axis=0) == pytest.approx(np.ones(4), rel=0.06)
    assert load_posterior_map("noise").parameter_names == ("theta0", "theta1", "sigma", "rho")


def test_a_map_is_the_same_after_saving(tmp_path):
    learned = load_posterior_map("theta")
    learned.save(tmp_path)
    again = load_posterior_map("theta", tmp_path)
    assert again.fingerprint == learned.fingerprint
    assert again.recipe == learned.recipe


@pytest.mark.parametrize(
    ("traces", "sentence"),
    [(np.zeros(1000), "takes traces of 1000 samples"), (np.full((1, 1000), np.nan), "takes finite numbers only")],
)
def test_wrong_traces_are_refused_with_a_sentence(traces, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_posterior_map("theta").posteriors(traces)


def test_unknown_names_and_damaged_files_are_refused_with_a_sentence(tmp_path):
    assert available_posterior_maps() == ("noise", "theta")
    with pytest.raises(ValueError, match="no learned posterior 'other'; there are noise, theta"):
        load_posterior_map("other")
    card, weights = ((POSTERIORS / f"theta.{kind}").read_bytes() for kind in ("json", "safetensors"))
    for name, broken_card, broken in (
        ("cut", card, weights[:1000]),
        ("empty", b"{}", weights),
        ("other", card.replace(b'"width": 256', b'"width": 64'), weights),
        ("kind", card.replace(b'"base": "best"', b'"base": "dense-noisy"'), weights),
        ("path", card.replace(b'"base": "best"', b'"base": "../best"'), weights),
    ):
        (tmp_path / f"{name}.json").write_bytes(broken_card)
        (tmp_path / f"{name}.safetensors").write_bytes(broken)
        with pytest.raises(
            ValueError, match=r"kind|network of its recipe|no recipe|truncated|Gaussian of two|no inverse map"
        ):
            load_posterior_map(name, tmp_path)
