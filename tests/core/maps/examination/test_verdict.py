from dataclasses import replace

import numpy as np
import pytest

from core.learning.training_settings import Dense
from core.maps.examination.bands import family_gamma, gammas
from core.maps.examination.cause import Cause, Reason, n_simulations, reasons
from core.maps.examination.exact_comparison import Comparison
from core.maps.examination.examination import Examination, examination
from core.maps.examination.ranks import DISTANCE, N_DRAWS, REGION
from core.maps.examination.stated_law import StatedLaw
from core.maps.examination.verdict import Fault, Symptom, coverage, verdict
from core.maps.problem_of_task import problem_of
from core.maps.recipe import NewNoise, NewSimulations
from core.maps.recipes import fitzhugh_nagumo_task, gaussian_recipe, narrow_prior, published_task
from core.posterior.exact import posterior
from core.published import published_noise_prior, published_prior
from tests.core.maps.examination.correct import NAMES, stated, tables_of

TASK = published_task()
RECIPE = gaussian_recipe(TASK, Dense((8,)), NewNoise(8000), 10)


def found(factor=1.0, shift=0.0, exact=(), n=1000, seed=0):
    """Return an examination of a map whose errors are factor times as large as it states, and shifted by shift sds."""
    rng = np.random.default_rng(seed)
    law = stated(n, rng)
    truth = law.mean + np.array([factor, 1.0]) * (law.draws(1, rng)[:, 0] - law.mean) - np.array([shift, 0.0]) * law.sd
    tables = tables_of(law, truth, rng)
    ranks = tables.of_truth()
    return Examination(
        NAMES,
        ranks,
        {name: float(gammas(each[None], N_DRAWS)[0]) for name, each in ranks.items()},
        family_gamma(tables, rng),
        (law.mean - truth) / law.sd,
        1 - law.sd**2,
        law.central_half,
        exact,
    )


def test_a_map_that_is_right_has_no_fault():
    judged = verdict(found(), RECIPE, TASK)
    assert judged.passed
    assert judged.reasons == ()


@pytest.mark.parametrize(("factor", "symptom"), [(1.33, Symptom.TOO_SURE), (0.67, Symptom.TOO_UNSURE)])
def test_a_wrong_width_is_found_with_its_size(factor, symptom):
    """A standard error of a median of 1,000 |z| is 1/(2 f √n) = 0.025, with the density f there; 4 of them, times k."""
    faults = verdict(found(factor), RECIPE, TASK).faults
    assert [(fault.symptom, fault.name) for fault in faults] == [(symptom, "theta0")]
    assert abs(faults[0].size / factor - 1) <= 4 * 0.025 / 0.6745


def test_a_shift_is_found_with_its_size():
    """A standard error of a median of 1,000 normals is √(π/2n) = 0.04; 4 of them."""
    faults = verdict(found(shift=0.5), RECIPE, TASK).faults
    assert [(fault.symptom, fault.name) for fault in faults] == [(Symptom.SHIFTED, "theta0")]
    assert abs(faults[0].size - 0.5) <= 0.16


def test_curves_of_all_parameters_together():
    """Where each parameter is right and the regions are not, the coverage is named."""
    right = found()
    far = {**right.gammas, REGION: right.family_gamma / 2}
    assert verdict(replace(right, gammas=far), RECIPE, TASK).faults == (
        Fault(Symptom.REGIONS, "", coverage(right, 0.9)),
    )
    assert abs(coverage(right, 0.9) - 0.9) <= 4 * np.sqrt(0.09 / 1000) + 0.002
    assert replace(right, gammas={**right.gammas, DISTANCE: 0.0}).failed == (DISTANCE,)


def test_intervals_that_are_long_beside_the_exact_ones():
    exact = tuple(Comparison((0.0, 0.0), (each, 1.0), 0.1) for each in (1.0, 2.0, 2.4))
    assert verdict(found(exact=exact), RECIPE, TASK).faults == (Fault(Symptom.LONG, "theta0", 2.0),)


def test_reasons_are_the_differences_of_the_recipe():
    other_gamma = fitzhugh_nagumo_task(published_prior(), published_noise_prior(), gamma=3.5)
    assert reasons(RECIPE, other_gamma) == (Reason(Cause.KNOWN, "gamma", (3.0, 3.0), (3.5, 3.5)),)
    assert reasons(replace(RECIPE, task=other_gamma), other_gamma) == (Reason(Cause.UNKNOWN),)
    narrow = replace(RECIPE, task=fitzhugh_nagumo_task(narrow_prior(), published_noise_prior()))
    assert [(each.cause, each.name, each.is_narrower) for each in reasons(narrow, TASK)] == [
        (Cause.PRIOR, "theta0", True),
        (Cause.PRIOR, "theta1", True),
    ]
    noise = published_noise_prior()
    wide = replace(noise, sd=(noise.sd[0], 3 * noise.sd[1]), upper=(noise.upper[0], 0.12))
    (reason,) = reasons(RECIPE, fitzhugh_nagumo_task(published_prior(), wide))
    assert (reason.cause, reason.name, reason.is_narrower) == (Cause.NOISE, "sigma", True)
    clean = gaussian_recipe(published_task(noisy=False), Dense((8,)), NewSimulations(8000), 10)
    assert reasons(clean, TASK) == (Reason(Cause.CLEAN),)
    few = replace(RECIPE, data=NewNoise(300))
    assert reasons(few, TASK) == (Reason(Cause.FEW_SIMULATIONS, "", (300, 300), (5000, 5000)),)


def test_simulations_that_are_drawn_anew_count_each_time():
    assert n_simulations(gaussian_recipe(TASK, Dense((8,)), NewSimulations(1000, 4), 10)) == 3000
    assert n_simulations(RECIPE) == 8000


def test_the_exact_posterior_as_a_map_is_as_long_as_itself():
    """Stated twice as wide, it is twice as long; what it states is off by no more than its own shape makes it."""

    def state(data, factor):
        exact = [posterior(problem_of(TASK).with_data(each.astype(float)), TASK.noise) for each in data.noisy]
        mean = np.array([each.mean for each in exact])
        covariance = factor**2 * np.array([each.covariance for each in exact])
        sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        return StatedLaw(mean, np.linalg.cholesky(covariance), np.inf, sd)

    divergences = {}
    for factor in (1.0, 2.0):
        *_, (share, last) = examination(lambda data, factor=factor: state(data, factor), TASK, n=3, n_exact=3)
        assert share == 1.0
        assert np.allclose([each.shifts for each in last.exact], 0, atol=1e-9)
        assert np.all(np.abs(np.array([each.lengths for each in last.exact]) / factor - 1) <= 0.15)
        divergences[factor] = np.array([each.divergence for each in last.exact])
    # The mean squared distance of two parameters from their mean is 2, whatever the shape of their distribution.
    assert np.all(divergences[1.0] > 0)
    assert np.allclose(divergences[2.0] - divergences[1.0], 2 * np.log(2) - (1 - 1 / 4), rtol=1e-6)
