"""A fixed battery of the engine's numbers: `python -m tests.battery store FILE`, and `compare FILE` after a change.

It holds the rebuilding of the engine to what was computed before. Direct results have to agree within 1e-12 of their
largest value, iterated ones within a thousandth of the posterior's standard deviations or of the loss.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from core.experiments.least_squares_of_others import BOTH
from core.learning.networks.network import predict
from core.learning.training_settings import Adam, Cnn, Dense, Residual
from core.maps.inverse_map import available_inverse_maps, load_inverse_map
from core.maps.out_of_distribution import problem_of, with_novelty
from core.maps.polish import polish
from core.maps.recipe import Fixed, NewNoise
from core.maps.recipes import PUBLISHED_DENSE, gaussian_recipe, point_recipe, published_task
from core.maps.train import train
from core.maps.untrained_network import untrained_network
from core.models.fitzhugh_nagumo.gradient import misfit_gradient
from core.models.fitzhugh_nagumo.hessian import full_hessian, gauss_newton
from core.models.fitzhugh_nagumo.misfit import residual_sums, simulated_misfit
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.sensitivities import sensitivities
from core.models.fitzhugh_nagumo.simulate import resolving_step, simulate, simulate_potential, simulate_with_status
from core.models.spikes import regimes, spike_statistics, spike_timing
from core.noise import Noise, log_density, sample_ar1, whiten
from core.optimisation.basins import basins, explore, start_grid
from core.optimisation.least_squares_fit import cramer_rao, fit_states
from core.optimisation.methods import METHODS, descend
from core.optimisation.minima import map_estimate
from core.posterior.exact import posterior
from core.posterior.importance import reweight
from core.posterior.laplace import laplace
from core.posterior.parameters_and_noise import estimate_with_noise
from core.posterior.profile import profile_likelihood
from core.problem.landscape import computed_landscape, landscape, trajectory_store
from core.problem.problem import Problem
from core.published import full_prior, published_noise_prior, published_prior, time_grid, with_constants

THETA = ((0.4, 0.4), (0.1, 0.9), (0.8, 0.2))
RHO, SD = 0.8, 0.35
EXACT, ITERATED = 1e-12, 1e-3


def trace(i):
    """Return the noisy trace of a θ."""
    rng = np.random.default_rng([7, i])
    return simulate(with_constants(np.array(THETA[i])), time_grid())[:, 0] + sample_ar1(RHO, SD, 1000, rng)


def problem(i, rho=RHO, axes=("theta0", "theta1"), known=(0.4, 0.4, -0.4, 3.0)):
    """Return the inverse problem of a trace."""
    known = dict(zip(FITZHUGH_NAGUMO.parameter_names, known, strict=True))
    known = {name: value for name, value in known.items() if name not in axes}
    return Problem.of_trace(FITZHUGH_NAGUMO, trace(i), time_grid(), axes, known, Noise(rho, SD), full_prior())


def direct():
    """Yield results that no iteration decides."""
    rng = np.random.default_rng(1)
    parameters = full_prior().sample(60, rng)
    parameters[0] = [0.4, 0.4, -0.4, 60.0]
    parameters[1] = [50.0, -9.0, 40.0, 3.0]
    for tolerance in (1e-2, 1e-4, 1e-9):
        states, status = simulate_with_status(parameters, time_grid(), tolerance=tolerance)
        yield f"states {tolerance:g}", states
        yield f"status {tolerance:g}", status
    yield "potentials", simulate_potential(parameters, time_grid())
    yield "start", simulate(parameters[2:], np.array([0.0, 0.7, 1.1, 5.0]), (-1.0, 1.0))
    yield "steps", resolving_step(parameters, time_grid())
    states, derivatives = sensitivities(parameters[2:20], time_grid(100.0, 500))
    yield "sensitivities", derivatives
    clean = simulate_potential(parameters[2:], time_grid())
    yield "spikes", np.array(spike_statistics(clean, time_grid()))
    yield "timing", np.array(spike_timing(clean, time_grid()))
    yield "regimes", np.unique(regimes(clean), return_inverse=True)[1]
    data = trace(0)
    yield "data", data
    yield "whitened", whiten(data, Noise(RHO, SD))
    yield "log density", log_density(data, Noise(RHO, SD))
    yield "sums", np.array(residual_sums(parameters, time_grid(), data))
    yield "noise law", published_noise_prior().sample(20, rng)
    yield "prior density", published_prior().log_density(rng.uniform(-0.3, 1.2, (40, 2)))
    for rho in (0.0, RHO):
        yield f"misfit {rho}", simulated_misfit(parameters, time_grid(), data, Noise(rho, SD))
        for name, expand in (("adjoint", misfit_gradient), ("gauss-newton", gauss_newton), ("hessian", full_hessian)):
            found = expand(parameters[2:20], time_grid(), data, Noise(rho, SD))
            yield f"{name} {rho} gradient", found.gradient
            if found.hessian is not None:
                yield f"{name} {rho} matrix", found.hessian
    each = problem(0)
    yield "fused", computed_landscape(each, 40).loss
    yield "zeta gamma", computed_landscape(problem(0, 0.0, ("zeta", "gamma")), 40).loss
    yield "kept", landscape(each, trajectory_store(each, 30)).loss
    points = np.array([[0.3, 0.5], [0.41, 0.39], [0.9, -0.2]])
    yield "loss", each.loss(points, each.step)
    yield "expansion", np.concatenate([np.ravel(part) for part in each.expansion(points)])
    yield "residuals", each.residuals(points[0])
    yield "jacobian", each.jacobian(points[0])


def iterated():
    """Yield results of iterations, with the size of a difference that matters."""
    for i in range(3):
        each = problem(i)
        exact = posterior(each)
        sds = np.sqrt(np.diag(exact.covariance))
        yield f"posterior mean {i}", exact.mean, sds
        yield f"posterior sd {i}", sds, sds
        yield f"evidence {i}", np.array(exact.log_evidence), 1.0
        yield f"threshold {i}", np.array([exact.threshold(0.5), exact.threshold(0.9)]), 1.0
        yield f"map {i}", map_estimate(each).mean[0], sds
        normal = laplace(each)
        yield f"laplace {i}", normal.mean[0], sds
        if normal.covariance is not None:
            yield f"laplace sd {i}", np.sqrt(np.diag(normal.covariance[0])), sds
        unknown = posterior(each, published_noise_prior())
        yield f"noise integrated out {i}", unknown.mean, sds
        joint = estimate_with_noise(each, published_noise_prior())
        yield f"joint {i}", joint.mean[0], np.array([*sds, 0.019, 0.0033])
        profile = profile_likelihood(each, "theta0")
        yield f"profile {i}", profile.rises, 1.0
        for method in METHODS:
            path = descend(each, [0.6, 0.3], method, seed=i)
            # Adam is chaotic: a rounding changes where it ends.
            last = 20 if method == "Adam" else -1
            yield f"race {method} {i}", path.positions[last], sds
            yield f"race loss {method} {i}", path.losses[last], 1.0
    each = problem(0)
    starts = start_grid(each.bounds, 5)
    found = basins(each, "L-BFGS-B", starts, dict(explore(each, "L-BFGS-B", starts)))
    yield "basins", found.losses, 1.0
    yield "labels", found.labels.astype(float), 1e-9
    yield "minima", np.array([minimum.loss for minimum in found.minima]), 1.0
    rng = np.random.default_rng(3)
    states = BOTH.problem(rng)
    fitted = fit_states(states, rng, 2000, 3)
    sds = np.sqrt(np.diag(cramer_rao(states, BOTH.truth)))
    yield "states fit", fitted.mean[0], sds
    yield "states sd", np.sqrt(np.diag(fitted.covariance[0])), sds


def maps():
    """Yield what the shipped maps say, and their scores."""
    traces = np.array([trace(i) for i in range(3)])
    for name in available_inverse_maps():
        each = load_inverse_map(name)
        estimate = each.predict(traces)
        yield f"map {name}", estimate.mean
        if estimate.covariance is not None:
            yield f"covariance {name}", estimate.covariance
            yield f"novelty {name}", with_novelty(each, traces, estimate).novelty
            task, law = problem_of(each.recipe.task), published_noise_prior()
            yield f"polish {name}", polish(task, traces, estimate.mean, law).mean
            yield f"reweight {name}", reweight(task, traces, estimate, law, np.random.default_rng(0)).mean


def trainings():
    """Yield the losses of short trainings of each architecture, on one thread."""
    torch.set_num_threads(1)
    n, epochs = 300, 2
    for noisy in (True, False):
        task, data = published_task(noisy), NewNoise(n) if noisy else Fixed(n)
        recipes = {
            "cnn": point_recipe(task, Cnn(), n, Adam(epochs)),
            "dense": point_recipe(task, PUBLISHED_DENSE, n, Adam(epochs)),
            "wide": gaussian_recipe(task, Dense((64, 32)), data, epochs),
            "residual": gaussian_recipe(task, Residual((32,)), data, epochs),
        }
        for name, recipe in recipes.items():
            reports = list(train(recipe))
            yield f"training {name} {noisy}", np.array([each.validation_loss for each in reports])
            network = untrained_network(recipe)
            network.load_state_dict(reports[-1].best_weights)
            yield f"trained {name} {noisy}", predict(network, np.array([trace(0)]))[0]


def numbers():
    """Return all numbers by name, with the size of a difference that matters."""
    found = {}
    for name, value in direct():
        largest = np.max(np.abs(np.where(np.isfinite(value), value, 0.0)), initial=0.0)
        found[name] = np.asarray(value, float), EXACT * (largest or 1.0)
    for name, value, size in iterated():
        found[name] = np.asarray(value, float), ITERATED * np.asarray(size, float)
    for name, value in maps():
        found[name] = np.asarray(value, float), 1e-12
    for name, value in trainings():
        found[name] = np.asarray(value, float), 1e-6
    return found


def main():
    """Store the numbers, or say which differ from those stored."""
    parser = argparse.ArgumentParser(prog="python -m tests.battery", description=__doc__)
    parser.add_argument("action", choices=("store", "compare"))
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    began = time.monotonic()
    found = numbers()
    if options.action == "store":
        np.savez(options.file, **{name: value for name, (value, _) in found.items()})
        sys.stdout.write(f"{len(found)} results stored after {time.monotonic() - began:.0f} s.\n")
        return
    stored, wrong = np.load(options.file), 0
    for name in stored.files:
        value, size = found.get(name, (np.nan, 0.0))
        before = stored[name]
        if np.shape(value) == before.shape:
            with np.errstate(invalid="ignore"):
                same = (value == before) | (np.isnan(value) & np.isnan(before)) | (np.abs(value - before) <= size)
                if np.all(same):
                    continue
                worst = f"differs by {np.nanmax(np.abs(value - before)):.3g}, allowed {np.max(size):.3g}"
        else:
            worst = f"has the shape {np.shape(value)} rather than {before.shape}"
        wrong += 1
        sys.stdout.write(f"{name} {worst}\n")
    sys.stdout.write(f"{wrong} of {len(stored.files)} results differ, after {time.monotonic() - began:.0f} s.\n")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
