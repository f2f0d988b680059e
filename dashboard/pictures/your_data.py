"""What the page Your data shows above: the trace, what every estimator makes of it, and what to know about each."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.estimate import Estimate, GoodnessOfFit, Outcome
from core.maps.inverse_map import InverseMap
from core.models.fitzhugh_nagumo.simulate import simulate
from core.published import SAMPLING_INTERVAL, published_prior
from dashboard.figures import your_data as figures
from dashboard.figures.spectrum import Part, spectrum
from dashboard.figures.style import MAP, MAP_LOOK, Look
from dashboard.maps import inverse_maps, looks
from dashboard.pictures import results
from dashboard.pictures.answers import able, answers, described, neuron_of, noise_of, novelty_of, selected
from dashboard.pictures.controls import controls_at
from dashboard.pictures.own_maps import chooser
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.states_fit import fit_on_screen
from dashboard.scene.kinds import Area
from dashboard.scene.problem import theta_problem
from dashboard.scene.scene import Scene
from dashboard.scene.states_fit import Fit
from dashboard.wording import entries
from dashboard.wording.further import also_reads
from dashboard.wording.maps import about_novelty, about_training
from dashboard.wording.noise import ABOUT_NOISE_LEFT, about_noise_left, about_other_noise
from dashboard.wording.numbers import compact, fixed, sds, with_sd
from dashboard.wording.verdict import NO_NOISE, about_likeness, about_small_residuals, verdict

SPECTRUM = "Spectrum S(f) of the data and of the best fit’s residual"
THETA = published_prior().names
NO_MAP = "No estimate: no point of the prior’s box can be simulated."
ABOUT_SCORE = (
    "The score of a map tells how strange the trace is to it: of the traces that it was trained on, 1 % score above 1. "
    "A map cannot see a wrong ζ or γ, since such a trace looks like that of another θ."
)
ASSUMED = "It assumes ζ and γ of the sidebar and a start at u = v = 0; the fit below can leave them open."


def picture(scene: Scene) -> Shown | None:
    """Return the trace with all estimates; the MAP estimate waits for the release of a dragged control.

    None while a recording is on the page, which the fit below alone can take.
    """
    if scene.holdings.recording is not None:
        return None
    experiment, observation = scene.experiment, scene.observation
    if not observation.usable:
        return Shown("trace", notes=[observation.note])
    maps, left_out = inverse_maps(experiment.own_maps)
    drawn = {entries.MAP: MAP_LOOK, **looks(maps)}
    found = estimates(scene, maps)
    table = _table(scene, maps, found, drawn)
    best = found.get(entries.MAP)
    if experiment.trace_shows == "spectrum":
        shown = Shown("trace-spectrum", [_spectrum(scene, found, drawn)])
    else:
        shown = Shown("trace", [_potentials(scene, found, drawn)])
    why = [_about_start_and_edge(found, maps), _about_textbook(scene)]
    if any(name in maps for name in found):
        why.append(ABOUT_SCORE)
    controls = [*controls_at(Area.YOUR_DATA, experiment), *chooser(scene)]
    shown = replace(shown.under("", controls), table=table, notes=[observation.note, *left_out])
    if best is None or best.fit is None:
        answer = "Let go to see whether the model fits." if scene.dragging else NO_MAP
        return replace(shown, answer=answer, why=why)
    answer, about_noise = _answer(best.fit, fit_on_screen(scene)), _about_noise(scene, best)
    if best.fit.outcome == Outcome.EXPLAINED:
        theta0, theta1 = _with_sds(scene, entries.MAP, found)
        answer += f" MAP: θ₀ = {theta0}, θ₁ = {theta1}. {about_noise.pop(0)}"
    why = [best.fit.sentence, about_small_residuals(best.fit), *about_noise, *why]
    return replace(shown, answer=answer.strip(), why=why)


def _potentials(scene: Scene, found: Mapping[str, Estimate], drawn: Mapping[str, Look]) -> Plot:
    """Return the trace with what is simulated from each estimate."""
    experiment, observation = scene.experiment, scene.observation
    neurons = np.array([neuron_of(each, experiment)[0] for each in found.values()]).reshape(-1, 4)
    potentials = simulate(neurons, observation.times)[..., 0]
    lines = {name: (drawn[name], u) for name, u in zip(found, potentials, strict=True)}
    return Plot("trace", figures.estimated(observation.times, observation.data, lines))


def _noise_left(scene: Scene, best: Estimate) -> Estimate:
    """Return what the residuals of the best fit say about (rho, sigma [ms])."""
    problem = theta_problem(scene.experiment, scene.observation)
    return results.noise_left(problem, best, results.noise_prior(scene.experiment))


def _about_noise(scene: Scene, best: Estimate) -> list[str]:
    """Return the sentences on the noise in the data, the first of which belongs to the answer if the fit is good."""
    assert best.fit is not None
    if best.fit.residual_ratio < NO_NOISE:  # another sentence says so
        return [""]
    noise, given = _noise_left(scene, best), scene.observation.noise(scene.experiment.rho, scene.experiment.sigma)
    explained = best.fit.outcome == Outcome.EXPLAINED
    told = [about_noise_left(noise, explained), ABOUT_NOISE_LEFT]
    return [*told, about_other_noise((given.rho, SAMPLING_INTERVAL * given.marginal_sd), noise)] if explained else told


def _spectrum(scene: Scene, found: Mapping[str, Estimate], drawn: Mapping[str, Look]) -> Plot:
    """Return the spectrum of the data and of the best fit's residual, with the noise that it and the maps read.

    It stays as it is until the best fit is known.
    """
    observation, best = scene.observation, found.get(entries.MAP)
    if best is None and scene.dragging:
        return Plot("spectrum", None, stale=True)
    part, noise = None, None
    if best is not None:
        problem = theta_problem(scene.experiment, observation)
        residual = observation.data - problem.states(best.mean[0])[:, 0]
        part = Part(entries.RESIDUAL, MAP, residual)
        noise = noise_of(_noise_left(scene, best))
    curves = {name: (drawn[name], noise_of(each)) for name, each in found.items() if "sigma" in each.names}
    ends = float(observation.times[0]), float(observation.times[-1])
    return Plot("spectrum", spectrum(observation.times, observation.data, part, noise, ends, SPECTRUM, curves))


def _answer(best: GoodnessOfFit, below: Fit | None) -> str:
    """Return the verdict; below: the fit with an unknown start, which explains more."""
    if best.outcome == Outcome.EXPLAINED:
        return verdict(best)
    if below is not None and below.estimate.fit is not None and below.estimate.fit.outcome == Outcome.EXPLAINED:
        return (
            "These data fit the model, but not with ζ and γ of the sidebar and a start at u = v = 0: see the fit below."
        )
    return f"{verdict(best)} {ASSUMED}"


def _about_textbook(scene: Scene) -> str:
    """Say how the estimates read in the convention of an upload, or return ""."""
    upload = scene.holdings.upload
    if upload is None or upload.tau is None:
        return ""
    return (
        f"In the textbook’s convention a is θ₀, b is θ₁, I is −ζ and τ is γ². The times were scaled by "
        f"τ = {compact(upload.tau)}: set γ to {compact(np.sqrt(upload.tau), 4)}, and ζ to −I if you know I."
    )


def estimates(scene: Scene, maps: Mapping[str, InverseMap]) -> dict[str, Estimate]:
    """Return the estimates of θ by name: the MAP estimate, if it is known, and those of the maps that read it."""
    observation = scene.observation
    best = results.map_estimate(theta_problem(scene.experiment, observation), search=not scene.dragging)
    found = {} if best is None else {entries.MAP: best}
    return found | answers(able(scene, maps), observation.data[None], scene)


def _table(
    scene: Scene, maps: Mapping[str, InverseMap], found: Mapping[str, Estimate], drawn: Mapping[str, Look]
) -> list[list[Cell]]:
    """Return the rows of the table, its head first."""
    traces = described(scene, maps)
    grid = "It assumes ζ, γ, σ and ρ of the sidebar, and takes time points at any distance."
    sentences = {entries.MAP: f"{_about_map_estimate(scene, found)} {grid}"}
    for name, each in maps.items():
        told = [] if name not in found else [*filter(None, [also_reads(found[name])])]
        told += about_training({name: each}, traces) or ["Trained for traces like this one."]
        if name in found and not scene.dragging:
            score = novelty_of(each, scene, found[name])
            if score is not None:
                unlike = score > 1 or bool(each.differences(**traces[name]))
                told.append(about_novelty(name, score, unlike) if unlike else about_likeness(score))
        sentences[name] = " ".join(told)
    upload = scene.holdings.upload
    symbols = ("θ₀", "θ₁") if upload is None or upload.tau is None else ("θ₀ = a", "θ₁ = b")
    rows: list[list[Cell]] = [["estimator", *symbols, "what to know"]]
    for name, sentence in sentences.items():
        numbers = _with_sds(scene, name, found) if name in found else ["–", "–"]
        rows.append([name_cell(name, drawn[name]), *numbers, sentence])
    return rows


def _with_sds(scene: Scene, name: str, found: Mapping[str, Estimate]) -> list[str]:
    """Return the estimates of θ of a name, with their ± where it is known and the best fit explains the data."""
    best, estimate = found.get(entries.MAP), selected(found[name], THETA)
    mean, covariance = estimate.mean[0], estimate.covariance
    if best is not None and best.fit is not None and best.fit.outcome == Outcome.UNEXPLAINED:
        covariance = None
    elif name == entries.MAP:
        covariance = results.laplace(theta_problem(scene.experiment, scene.observation)).covariance
    if covariance is None:
        return [fixed(value, 4) for value in mean]
    return [with_sd(*each) for each in zip(mean, sds(covariance[0]), strict=True)]


def _about_map_estimate(scene: Scene, found: Mapping[str, Estimate]) -> str:
    if entries.MAP in found:
        return found[entries.MAP].status
    return "Let go to update." if scene.dragging else NO_MAP


def _about_start_and_edge(found: Mapping[str, Estimate], maps: Mapping[str, InverseMap]) -> str:
    on_edge = []
    for name, each in found.items():
        values, prior = each.mean[0], maps[name].recipe.task.law if name in maps else published_prior()
        if np.any((values <= np.array(prior.lower) + 1e-6) | (values >= np.array(prior.upper) - 1e-6)):
            on_edge.append(name)
    text = "The model starts at u = v = 0 at the first sample. If yours does not, use the fit below."
    if on_edge:
        text += f" On the edge of the prior’s box, so that the truth may lie beyond it: {', '.join(on_edge)}."
    return text
