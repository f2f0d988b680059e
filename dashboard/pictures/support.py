"""What stands below on the Uncertainty page: predictions, profiles or noise models, and the table of all estimators."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.estimate import Estimate
from core.experiments.estimators import BEST, EXACT, LAPLACE, NOISY_REGIME, NOISY_TRACES, POLISHED, REWEIGHTED
from core.experiments.records import Key, stored
from core.metrics import squared_distances
from core.noise import autocorrelation, whiten
from core.posterior.exact import Posterior
from core.problem.problem import Problem
from core.published import SAMPLING_INTERVAL
from core.symbols import symbol_of
from dashboard import live
from dashboard import maps as registry
from dashboard.figures import accuracy
from dashboard.figures import uncertainty as figures
from dashboard.figures.density import raster, widened, window
from dashboard.figures.style import LIMIT, OPTIMISER, PRIOR, TRAINED_CLEAN, TRUTH
from dashboard.live import Plot
from dashboard.panels.below import Content
from dashboard.pictures import results
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Observation
from dashboard.wording import entries
from dashboard.wording.estimates import about_calibration
from dashboard.wording.noise import about_given_noise, about_noise_models
from dashboard.wording.numbers import decimals_for, fixed, sds, signed, with_sd
from dashboard.wording.posterior import about_prediction
from dashboard.wording.profiles import about_profile
from dashboard.wording.shape import region_area

FURTHEST = 2.5  # times the window of the posterior, to which it is widened to show the truth
N_LAGS = 30

Array = NDArray[np.float64]
Point = tuple[float, float]
Row = list[live.Cell]


def truth_of(experiment: Experiment, problem: Problem, observation: Observation) -> Point | None:
    """Return the truth of the two unknown parameters, unless it is hidden or not known."""
    if observation.clean(experiment) is None:
        return None
    first, second = (getattr(experiment, name) for name in problem.unknown)
    return first, second


def estimates_of(observation: Observation, problem: Problem) -> dict[str, tuple[str, Estimate]]:
    """Return what the inverse maps make of the data on the axes of the problem: name → (colour, estimate)."""
    if set(problem.unknown) != {"theta0", "theta1"}:
        return {}
    maps, _ = registry.inverse_maps()
    colours = registry.colours(maps)
    order = [("theta0", "theta1").index(name) for name in problem.unknown]
    found = {}
    for name, each in maps.items():
        if each.takes(observation.times):
            estimate = each.predict(observation.data[None])
            covariance = None if estimate.covariance is None else estimate.covariance[:, order][:, :, order]
            if covariance is not None and not _is_law(covariance[0]):
                covariance = None
            found[name] = (colours[name], Estimate(estimate.mean[:, order].copy(), covariance, problem.unknown))
    return found


def _is_law(covariance: Array) -> bool:
    """Say whether a normal law can have this covariance, (2, 2): for a wild trace a network gives anything."""
    return bool(np.all(np.isfinite(covariance)) and np.min(np.linalg.eigvalsh(covariance)) > 0)


def window_of(found: Posterior, truth: Point | None) -> Array:
    """Return the box, (2, 2), in which a posterior is shown: where its probability is, and the truth if it is near."""
    box = window(found)
    if truth is not None:
        point = np.array(truth)
        wider = np.column_stack([np.minimum(box[:, 0], point), np.maximum(box[:, 1], point)])
        growth = (wider[:, 1] - wider[:, 0]) / (box[:, 1] - box[:, 0])
        if 1 < np.max(growth) <= FURTHEST:
            box = widened(wider, 0.06)
    # A little beyond the prior's bounds, so that its edge is seen.
    bounds, margin = found.problem.bounds, 0.03 * (box[:, 1] - box[:, 0])
    return np.column_stack([np.maximum(box[:, 0], bounds[:, 0] - margin), np.minimum(box[:, 1], bounds[:, 1] + margin)])


def _prediction(experiment: Experiment, observation: Observation, found: Posterior) -> Content:
    potential, noisy = results.predicted(found)
    figure = figures.prediction(
        observation.times,
        observation.data,
        potential,
        noisy,
        observation.clean(experiment),
        "Posterior prediction of u(t) and of the data",
    )
    said = about_prediction(observation.data, potential, noisy, found.problem.noise[0].marginal_sd)
    return Content([Plot("prediction", figure)], [said])


def _profiles(problem: Problem, box: Array, truth: Point | None) -> Content:
    plots, said = [], []
    for axis, identity in enumerate(("profile-first", "profile-second")):
        name = problem.unknown[axis]
        found = results.profile(problem, name)
        known = None if truth is None else truth[axis]
        plots.append(
            Plot(identity, figures.profile(found, box[axis], known, f"Profile of {symbol_of(name)}: {found.verdict}"))
        )
        said.append(about_profile(found))
    said.insert(
        0,
        "Each curve holds one parameter and lets the other make up for it as far as it can: where even then the misfit "
        "rises by 1.92, the likelihood, without any prior, bounds the parameter at 95 %.",
    )
    return Content(plots, [" ".join(said)])


def _noise(experiment: Experiment, observation: Observation, problem: Problem, truth: Point | None) -> Content:
    noise = observation.noise(experiment.rho, experiment.sigma)
    models = [problem.with_noise(noise), problem.with_noise(noise.white)]
    coloured, white = (results.posterior(each) for each in models)
    boxes = np.array([window_of(each, truth) for each in (coloured, white)])
    box = np.column_stack([boxes[:, :, 0].min(axis=0), boxes[:, :, 1].max(axis=0)])
    lags = []
    for each in (coloured, white):
        potential = each.problem.states(each.mode)[:, 0]
        white_residual = whiten(observation.data - potential, each.problem.noise[0])
        lags.append(autocorrelation(white_residual, min(N_LAGS, observation.times.size - 1)))
    plots = [
        Plot(
            "regions",
            figures.both_regions(
                (coloured.names[0], coloured.names[1]), box, raster(coloured, box), raster(white, box), truth
            ),
        ),
        Plot(
            "autocorrelation",
            figures.autocorrelations(
                lags[0], lags[1], observation.times.size, float(observation.times[1] - observation.times[0])
            ),
        ),
    ]
    held = None
    if truth is not None:
        held = (float(coloured.credibility(np.array(truth))), float(white.credibility(np.array(truth))))
    ratio = region_area(coloured, 0.9) / region_area(white, 0.9)
    said = about_noise_models(ratio, noise.rho, held, (lags[0], lags[1]), observation.times.size)
    given = (noise.rho, SAMPLING_INTERVAL * noise.marginal_sd)
    joint = _joint(experiment, observation, problem)
    said += about_given_noise(given, joint)
    return Content(plots, [said], _noise_metrics(given, joint))


def _joint(experiment: Experiment, observation: Observation, problem: Problem) -> Estimate:
    """Return the estimate of the parameters and the noise together, whatever noise the page takes for granted."""
    start = problem.with_noise(observation.noise(experiment.rho, experiment.sigma))
    return results.with_noise(start, results.noise_prior(experiment))


def _noise_metrics(given: tuple[float, float], joint: Estimate) -> list[tuple[str, str, str]]:
    """Return what the data say about ρ and σ beside what is given."""
    metrics = []
    for i, (symbol, unit) in enumerate((("ρ", ""), ("σ", " ms"))):
        value = float(joint.mean[0, 2 + i])
        text = fixed(value, 4)
        if joint.covariance is not None:
            text = with_sd(value, float(sds(joint.covariance[0])[2 + i]))
        help_text = f"Estimated together with the parameters. {joint.status}"
        assumed = "As the rail has it, between neighbouring samples." if symbol == "ρ" else "As the rail has it."
        metrics.append((f"{symbol} from the data", text + unit, help_text))
        metrics.append((f"{symbol} assumed", fixed(given[i], 3) + unit, assumed))
    return metrics


def _calibration(colours: Mapping[str, str]) -> Content:
    """Return how often the regions of each estimator hold the truth of 2,000 test samples."""
    found, limit = stored("calibration"), stored("limit")
    if found is None:
        return Content([], ["Run “python -m core.experiments calibration” to see how often regions hold the truth."])
    sources = [(estimator, found, NOISY_REGIME) for estimator in (BEST, POLISHED, REWEIGHTED)]
    if limit is not None:
        sources += [(estimator, limit, NOISY_TRACES) for estimator in (LAPLACE, EXACT)]
    masses, curves = np.array(found.settings["masses"]), []
    for estimator, result, regime in sources:
        shares = result.curve(Key(estimator, "coverage", "", regime, at=mass) for mass in found.settings["masses"])
        name = entries.STORED.get(estimator, estimator)
        curves.append(accuracy.curve(name, np.array(shares), colours.get(name, PRIOR)))
    at = int(np.abs(masses - 0.9).argmin())
    held = {each.name: float(each.values[at]) for each in curves if np.isfinite(each.values[at])}
    said = about_calibration(float(masses[at]), held)
    return Content([Plot("calibration", accuracy.calibration(masses, curves))], [said])


def _table(
    found: Posterior,
    normal: Estimate,
    joint: Estimate | None,
    maps: dict[str, tuple[str, Estimate]],
    truth: Point | None,
) -> list[Row]:
    symbols = [symbol_of(name) for name in found.names]
    head: Row = ["", *symbols, *(f"error {symbol}" for symbol in symbols), "in the exact 90 % region",
                 "truth in its own 90 % region"]  # fmt: skip
    rows = [head]
    # A column has one number of decimals: the one with which the exact posterior's sd has two digits.
    decimals = [decimals_for(sd) for sd in sds(found.covariance)]
    if truth is not None:
        held = float(found.credibility(np.array(truth)))
        rows.append(
            [
                {"text": entries.TRUTH, "colour": TRUTH},
                *(fixed(value, digits) for value, digits in zip(truth, decimals, strict=True)),
                "",
                "",
                "yes" if held <= 0.9 else "no",
                "",
            ]
        )
    exact = Estimate(found.mean[None], found.covariance[None], found.names, found.remarks, fit=found.fit)
    listed: list[tuple[str, str, Estimate]] = [
        (entries.EXACT_MEAN, LIMIT, exact),
        (entries.MAP_AND_LAPLACE, OPTIMISER, normal),
    ]
    if joint is not None:
        covariance = None if joint.covariance is None else joint.covariance[:, :2, :2]
        both = Estimate(joint.mean[:, :2], covariance, found.names, joint.remarks, fit=joint.fit)
        listed.append((entries.MAP_WITH_NOISE, OPTIMISER, both))
    listed += [(name, colour, each) for name, (colour, each) in maps.items()]
    for name, colour, estimate in listed:
        rows.append(_row(name, colour, estimate, found, truth, decimals))
    return rows


def _row(
    name: str, colour: str, estimate: Estimate, found: Posterior, truth: Point | None,
    decimals: Sequence[int],
) -> Row:  # fmt: skip
    mean = estimate.mean[0]
    numbers = [fixed(value, digits) for value, digits in zip(mean, decimals, strict=True)]
    if estimate.covariance is not None:
        deviations = sds(estimate.covariance[0])
        numbers = [with_sd(*each) for each in zip(mean, deviations, decimals, strict=True)]
    errors, own = ["–", "–"], "–"
    if truth is not None:
        off = mean - np.array(truth)
        errors = [signed(value, digits) for value, digits in zip(off, decimals, strict=True)]
        if name == entries.EXACT_MEAN:
            own = "yes" if found.credibility(np.array(truth)) <= 0.9 else "no"
        elif estimate.covariance is not None:
            own = "yes" if squared_distances(off[None], estimate.covariance[:1])[0] <= chi2.ppf(0.9, 2) else "no"
    near = "yes" if found.credibility(mean) <= 0.9 else "no"
    head = {"text": name, "colour": colour, "hollow": name in TRAINED_CLEAN, "help": estimate.status}
    return [head, *numbers, *errors, near, own]


def support(
    experiment: Experiment, observation: Observation, problem: Problem, found: Posterior, box: Array
) -> Content:
    """Return what stands below: one of four views, and the table; box: (2, 2), where the posterior is shown."""
    truth = truth_of(experiment, problem, observation)
    if experiment.below == "prediction":
        content = _prediction(experiment, observation, found)
    elif experiment.below == "profiles":
        content = _profiles(problem, box, truth)
    elif experiment.below == "calibration":
        content = _calibration(registry.colours(registry.inverse_maps()[0]))
    else:
        content = _noise(experiment, observation, problem, truth)
    joint = None
    if experiment.below == "noise" or not experiment.noise_known:
        joint = _joint(experiment, observation, problem)
    table = _table(found, results.laplace(found.problem), joint, estimates_of(observation, problem), truth)
    return replace(content, said=[*filter(None, [found.fit.sentence]), *content.said], table=table)
