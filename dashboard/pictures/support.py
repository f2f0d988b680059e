"""What stands below on the Uncertainty page: views of a question each, and the table of all estimators."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.estimate import Estimate, Outcome
from core.experiments.estimators import BEST, EXACT, LAPLACE, NOISY_REGIME, NOISY_TRACES, POLISHED, REWEIGHTED
from core.experiments.records import Key, stored
from core.metrics import squared_distances
from core.noise import autocorrelation, whiten
from core.posterior.exact import Posterior
from core.posterior.profile import Profile
from core.problem.problem import Problem
from core.published import SAMPLING_INTERVAL
from core.symbols import symbol_of
from dashboard.figures import accuracy
from dashboard.figures import uncertainty as figures
from dashboard.figures.density import raster
from dashboard.figures.style import LIMIT, MAP, TRUTH, Look
from dashboard.maps import inverse_maps, looks
from dashboard.pictures import results
from dashboard.pictures.controls import controls_at
from dashboard.pictures.learned_covariances import learned_covariances
from dashboard.pictures.learned_posterior import learned_posterior
from dashboard.pictures.posterior import Point, estimates_of, posterior_of, truth_of, window_of
from dashboard.pictures.released import at_release
from dashboard.pictures.sampler_draws import sampler_draws
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.pictures.stored_curves import stored_curve
from dashboard.scene.kinds import Area
from dashboard.scene.problem import problem_of, problem_of_all
from dashboard.scene.scene import Scene
from dashboard.wording import entries
from dashboard.wording.estimates import HOW_TO_READ_CALIBRATION, about_calibration
from dashboard.wording.noise import about_given_noise, about_noise_models, about_residuals
from dashboard.wording.numbers import decimals_for, fixed, sds, signed, with_sd
from dashboard.wording.posterior import about_prediction, unexplained
from dashboard.wording.profiles import METHOD, METHOD_OF_ALL, about_profile
from dashboard.wording.shape import region_area

N_LAGS = 30
CONTROLS = {"all_unknown": "profiles", "drawn_by": "samplers"}  # the view that each belongs to

Array = NDArray[np.float64]
Row = list[Cell]


def picture(scene: Scene) -> Shown | None:
    """Return one of the views, and the table; while a control is dragged, as they were at the last release, dimmed.

    None where there was no posterior.
    """
    shown = at_release(_support, scene)
    return shown.as_it_is(stale=True) if scene.dragging and shown is not None else shown


def _support(scene: Scene) -> Shown | None:
    if not scene.observation.usable:
        return None
    try:
        found = posterior_of(scene)
    except ValueError:
        return None
    experiment, problem = scene.experiment, problem_of(scene.experiment, scene.observation)
    truth = truth_of(scene, problem)
    maps, _ = inverse_maps(experiment.own_maps)
    if experiment.below == "prediction":
        shown = _prediction(scene, found)
    elif experiment.below == "profiles":
        shown = _profiles_of_all(scene, found, truth) if experiment.all_unknown else _profiles(found, truth)
    elif experiment.below == "calibration":
        shown = _calibration(looks(maps))
    elif experiment.below == "learned":
        shown = learned_posterior(scene, problem, truth)
    elif experiment.below == "samplers":
        shown = sampler_draws(scene, problem, truth)
    elif experiment.below == "covariances":
        shown = learned_covariances(scene, found, problem, truth)
    else:
        shown = _noise(scene, problem, truth)
    if found.fit.outcome != Outcome.EXPLAINED and experiment.below != "calibration":
        # What such a fit predicts, bounds or prefers means nothing.
        shown = replace(shown, answer=unexplained(found), why=[found.fit.sentence], metrics=())
    idle = [name for name, view in CONTROLS.items() if view != experiment.below]
    tabs = controls_at(Area.SUPPORT, experiment, idle)
    shown = shown.under(shown.question, tabs)
    if experiment.below == "covariances":
        return shown  # with its own table
    joint = None
    if experiment.below == "noise" or not experiment.noise_known:
        joint = _joint(scene, problem)
    table = _table(found, results.laplace(found.problem), joint, estimates_of(scene, problem, maps), truth)
    return replace(shown, table=table)


def _prediction(scene: Scene, found: Posterior) -> Shown:
    observation = scene.observation
    potential, noisy = results.predicted(found)
    figure = figures.prediction(
        observation.times,
        observation.data,
        potential,
        noisy,
        observation.clean(scene.experiment),
        "Posterior prediction of u(t) and of the data",
    )
    answer, more = about_prediction(observation.data, potential, noisy, found.problem.noise[0].marginal_sd)
    question = "What does the posterior predict?"
    return Shown("uncertainty-prediction", [Plot("prediction", figure)], question, answer, why=[more])


def _profiles(found: Posterior, truth: Point | None) -> Shown:
    problem = found.problem
    profiles = [results.profile(problem, name) for name in problem.unknown]
    return _shown_profiles(profiles, window_of(found, truth), truth, METHOD)


def _profiles_of_all(scene: Scene, found: Posterior, truth: Point | None) -> Shown:
    """Return the profiles of the two parameters of the axes where all four are unknown.

    They are followed from the mode of the posterior, at which the other two have their known values.
    """
    problem, start = problem_of_all(scene.experiment, scene.observation), found.problem.parameters(found.mode)
    profiles = [results.profile_of_many(problem, name, start) for name in found.problem.unknown]
    return _shown_profiles(profiles, np.array([_stretch(each) for each in profiles]), truth, METHOD_OF_ALL)


def _stretch(found: Profile) -> Array:
    """Return the ends, (2,), of the values at which the misfit has not left the plot."""
    near = found.values[found.rises <= figures.HIGHEST_RISE]
    return near[[0, -1]]


def _shown_profiles(profiles: Sequence[Profile], box: Array, truth: Point | None, method: str) -> Shown:
    plots, said, why = [], [], [method]
    for axis, identity in enumerate(("profile-first", "profile-second")):
        found, known = profiles[axis], None if truth is None else truth[axis]
        symbol = symbol_of(found.name)
        plots.append(Plot(identity, figures.profile(found, box[axis], known, f"Profile of {symbol}")))
        said.append(about_profile(found))
        why.append(f"{symbol}: {found.sentence}")
    return Shown("uncertainty-profiles", plots, "What do the data say without the prior?", " ".join(said), why=why)


def _noise(scene: Scene, problem: Problem, truth: Point | None) -> Shown:
    experiment, observation = scene.experiment, scene.observation
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
    names, interval = (coloured.names[0], coloured.names[1]), float(observation.times[1] - observation.times[0])
    regions = figures.both_regions(names, box, raster(coloured, box), raster(white, box), truth)
    left = figures.autocorrelations(lags[0], lags[1], observation.times.size, interval)
    held = None
    if truth is not None:
        held = (float(coloured.credibility(np.array(truth))), float(white.credibility(np.array(truth))))
    ratio = region_area(coloured, 0.9) / region_area(white, 0.9)
    given = (noise.rho, SAMPLING_INTERVAL * noise.marginal_sd)
    joint = _joint(scene, problem)
    return Shown(
        "uncertainty-noise",
        [Plot("regions", regions), Plot("autocorrelation", left)],
        question="What if the noise is taken as white?",
        metrics=_noise_metrics(given, joint),
        answer=about_noise_models(ratio, noise.rho, held),
        why=[about_residuals((lags[0], lags[1]), observation.times.size), about_given_noise(given, joint)],
    )


def _joint(scene: Scene, problem: Problem) -> Estimate:
    """Return the estimate of the parameters and the noise together, whatever noise the page takes for granted."""
    experiment = scene.experiment
    start = problem.with_noise(scene.observation.noise(experiment.rho, experiment.sigma))
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
        assumed = "As the sidebar has it, between neighbouring samples." if symbol == "ρ" else "As the sidebar has it."
        metrics.append((f"{symbol} from the data", text + unit, help_text))
        metrics.append((f"{symbol} assumed", fixed(given[i], 3) + unit, assumed))
    return metrics


def _calibration(maps: Mapping[str, Look]) -> Shown:
    """Return how often the regions of each estimator hold the truth of 2,000 test samples; maps: looks by name."""
    question = "Can the regions be trusted?"
    found, limit = stored("calibration"), stored("limit")
    if found is None:
        said = "Run “python -m core.experiments calibration” to see how often regions hold the truth."
        return Shown("uncertainty-none", question=question, answer=said)
    sources = [(estimator, found, NOISY_REGIME) for estimator in (BEST, POLISHED, REWEIGHTED)]
    if limit is not None:
        sources += [(estimator, limit, NOISY_TRACES) for estimator in (LAPLACE, EXACT)]
    masses, curves = np.array(found.settings["masses"]), []
    for estimator, result, regime in sources:
        shares = result.curve(Key(estimator, "coverage", "", regime, at=mass) for mass in found.settings["masses"])
        curves.append(stored_curve(estimator, np.array(shares), maps))
    at = int(np.abs(masses - 0.9).argmin())
    held = {each.name: float(each.values[at]) for each in curves if np.isfinite(each.values[at])}
    plot = Plot("calibration", accuracy.calibration(masses, curves))
    why = [about_calibration(float(masses[at]), held)]
    return Shown("uncertainty-calibration", [plot], question, HOW_TO_READ_CALIBRATION, why=why)


def _table(
    found: Posterior,
    normal: Estimate,
    joint: Estimate | None,
    maps: Mapping[str, tuple[Look, Estimate]],
    truth: Point | None,
) -> list[Row]:
    symbols = [symbol_of(name) for name in found.names]
    errors = (f"error {symbol}" for symbol in symbols)
    rows: list[Row] = [["estimate of", *symbols, *errors, "in the exact 90 %", "truth in its own 90 %"]]
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
    listed: list[tuple[str, Look, Estimate]] = [
        (entries.EXACT_MEAN, Look(LIMIT), exact),
        (entries.MAP_AND_LAPLACE, Look(MAP), normal),
    ]
    if joint is not None:
        covariance = None if joint.covariance is None else joint.covariance[:, :2, :2]
        both = Estimate(joint.mean[:, :2], covariance, found.names, joint.remarks, fit=joint.fit)
        listed.append((entries.MAP_WITH_NOISE, Look(MAP), both))
    listed += [(name, look, each) for name, (look, each) in maps.items()]
    for name, look, estimate in listed:
        rows.append(_row(name, look, estimate, found, truth, decimals))
    return rows


def _row(
    name: str, look: Look, estimate: Estimate, found: Posterior, truth: Point | None,
    decimals: Sequence[int],
) -> Row:  # fmt: skip
    mean = estimate.mean[0]
    numbers = [fixed(value, digits) for value, digits in zip(mean, decimals, strict=True)]
    explained = found.fit.outcome == Outcome.EXPLAINED
    if estimate.covariance is not None and explained:
        widths = sds(estimate.covariance[0])
        numbers = [with_sd(*each) for each in zip(mean, widths, decimals, strict=True)]
    errors, own = ["–", "–"], "–"
    if truth is not None:
        off = mean - np.array(truth)
        errors = [signed(value, digits) for value, digits in zip(off, decimals, strict=True)]
        if name == entries.EXACT_MEAN:
            own = "yes" if found.credibility(np.array(truth)) <= 0.9 else "no"
        elif estimate.covariance is not None:
            own = "yes" if squared_distances(off[None], estimate.covariance[:1])[0] <= chi2.ppf(0.9, 2) else "no"
    near = "yes" if found.credibility(mean) <= 0.9 else "no"
    head = {"text": name, "colour": look.colour, "hollow": look.hollow, "help": estimate.status}
    return [head, *numbers, *errors, near, own]
