"""What stands beside the clouds of the maps: the exact posterior, and its mean and the MAP for fresh noise."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from core.estimate import Outcome
from core.maps.differences_from_training import quoted
from core.noise import colour
from core.optimisation.minima import map_estimate
from core.posterior.exact import Posterior, posterior
from core.problem.problem import Problem
from core.published import published_prior
from dashboard.figures.density import Raster, raster, widened, window
from dashboard.figures.regions import outside
from dashboard.maps import inverse_maps
from dashboard.pictures import results
from dashboard.pictures.answers import able, standard_of
from dashboard.pictures.clouds import cloud_normals, clouds
from dashboard.pictures.released import at_release
from dashboard.scene.observation import LEAST_SIGMA
from dashboard.scene.problem import theta_problem
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SETTINGS
from dashboard.wording import entries
from dashboard.wording.numbers import decimals_for, fixed, sds, times
from dashboard.wording.posterior import BEYOND

N_MEANS = 24  # of the clouds' noise draws: each takes a posterior and a search for the MAP of its own
ALIKE = 1.4  # ratio of two sds that count as alike, where that of 24 draws is uncertain by 15 %
HELD = 1.6  # times smaller than an sd: a scatter that something holds back

Array = NDArray[np.float64]
_adding = Lock()


@dataclass(frozen=True, eq=False)
class Beside:
    """What stands beside the maps.

    verdict: where the noise does not explain the best fit.
    box: (2, 2), to zoom in on.
    found, density: the posterior, and its raster in the box.
    map: the MAP of the trace on screen, (2,).
    fresh: of fresh noise, as far as they are known, the posterior's mean and the MAP, (n, 2, 2); None where there are
    none.
    """

    sentence: str
    note: str = ""
    verdict: str = ""
    box: Array | None = None
    found: Posterior | None = None
    density: Raster | None = None
    map: Array | None = None
    fresh: Array | None = None

    @property
    def clouds(self) -> dict[str, Array]:
        """The estimates for fresh noise, (n, 2), of the MAP and of the posterior's mean, by name."""
        if self.fresh is None:
            return {}
        return {entries.MAP: self.fresh[:, 1], entries.EXACT_MEAN: self.fresh[:, 0]}


@dataclass(frozen=True, eq=False)
class Fresh:
    """What is computed for fresh noise, and from what: the problem, the truth's potential (n_times,), and the seed."""

    problem: Problem
    potential: Array
    seed: int

    @property
    def key(self) -> Hashable:
        """What the results depend on."""
        return self.problem.identity, self.potential.tobytes(), self.seed

    @property
    def known(self) -> tuple[Array, ...]:
        """The posterior's mean and the MAP, (2, 2), of the draws that are known: the first ones."""
        return results.kept("fresh estimates", self.key, tuple)

    def add(self, draw: int, estimates: Array) -> None:
        """Add the posterior's mean and the MAP of a draw, (2, 2), unless another session was faster."""
        with _adding:
            known = self.known
            if len(known) == draw:
                results.put("fresh estimates", self.key, (*known, estimates))


def beside(scene: Scene, best: tuple[str, Array] | None, truth: tuple[float, float] | None) -> Beside:
    """Return what stands beside the maps; best: a map and its cloud (n, 2).

    While a control is dragged, the window stays, and the exact posterior is left out.
    """
    experiment, observation = scene.experiment, scene.observation
    if not observation.usable:
        return Beside("")
    if not experiment.limit:
        return Beside(f"Tick “{SETTINGS['limit'].label}” to see what no map can beat.")
    if scene.dragging:
        return Beside("Let go to see the exact posterior.", box=at_release(_box, scene))
    problem = theta_problem(experiment, observation)
    try:
        found = results.posterior(problem)
    except ValueError as error:
        return Beside("", note=str(error))
    box = at_release(_box, scene)
    assert box is not None  # there is a posterior
    fresh, note = fresh_noise(scene), ""
    if experiment.sigma < LEAST_SIGMA:
        note = f"Without noise the exact posterior is a point: it is drawn for σ = {LEAST_SIGMA} ms."
    known = None if fresh is None else np.array(fresh.known).reshape(-1, 2, 2)
    said = ""
    if found.fit.outcome == Outcome.EXPLAINED:
        said = _sentence(found, known, best, uploaded=observation.trajectory is None)
    if truth is not None and outside(problem.bounds, np.array(truth)):
        said = f"{said} {BEYOND}".strip()
    lowest = results.map_estimate(problem)
    assert lowest is not None  # there is a posterior
    return Beside(said, note, found.fit.sentence, box, found, raster(found, box), lowest.mean[0], known)


def fresh_noise(scene: Scene) -> Fresh | None:
    """Return what is computed for fresh noise, None where there is nothing: without noise or truth."""
    experiment, observation = scene.experiment, scene.observation
    if not experiment.limit or experiment.sigma < LEAST_SIGMA or observation.trajectory is None:
        return None
    if scene.dragging or not observation.usable:
        return None
    return Fresh(theta_problem(experiment, observation), observation.trajectory[:, 0], experiment.seed)


def complete(fresh: Fresh) -> Iterator[int]:
    """Compute what is missing for fresh noise; yield the number of each draw before it is computed.

    Sessions that do so at once for the same problem share what they find.
    """
    problem = fresh.problem
    normals = cloud_normals(fresh.seed, problem.times.size)[:N_MEANS]
    noise = colour(normals, problem.noise[0].rho, problem.noise[0].marginal_sd)
    while (draw := len(fresh.known)) < N_MEANS:
        yield draw
        drawn = problem.with_data(fresh.potential + noise[draw])
        fresh.add(draw, np.array([posterior(drawn).mean, map_estimate(drawn).mean[0]]))


def _box(scene: Scene) -> Array | None:
    """Return the box, (2, 2), that holds the posterior, most of the best map's cloud, and the truth.

    None where there is no posterior.
    """
    experiment, observation = scene.experiment, scene.observation
    if not observation.usable or not experiment.limit:
        return None
    try:
        found = results.posterior(theta_problem(experiment, observation))
    except ValueError:
        return None
    parts = [window(found).T]
    maps, names = able(scene, inverse_maps(experiment.own_maps)[0]), published_prior().names
    if maps:
        best = standard_of(scene, maps)
        of_best = clouds(scene, {best: maps[best]}, names)
        parts += [np.quantile(cloud, [0.02, 0.98], axis=0) for cloud in of_best.values()]
    if observation.clean(experiment) is not None:
        parts.append(np.array([[experiment.theta0, experiment.theta1]]))
    points = np.concatenate(parts)
    return widened(np.column_stack([points.min(axis=0), points.max(axis=0)]), 0.05)


def _sentence(found: Posterior, fresh: Array | None, best: tuple[str, Array] | None, uploaded: bool) -> str:
    """Say what the exact posterior tells, and compare how far noise moves it, the MAP and the best map."""
    widths = sds(found.covariance)
    first, second = _digits(widths)
    given = ", if ζ, γ, σ and ρ of the sidebar are right" if uploaded else ""
    text = (
        f"Green: everything this trace can tell{given}. θ₀ is known to ±{first}, θ₁ to ±{second}; an estimator that "
        "claims less is overconfident."
    )
    if fresh is None or len(fresh) < N_MEANS:
        return text
    exact, lowest = fresh.std(axis=0)
    if np.min(exact) == 0:
        return text
    first, second = _digits(exact)
    text += (
        f" Redraw the noise {N_MEANS} times, and the exact posterior’s mean moves by {first} in θ₀ and {second} in θ₁."
    )
    text += f" The MAP moves {_compared(lowest / exact)}."
    ratios = np.ones(2) if best is None else best[1].std(axis=0) / exact
    if best is not None:
        text += f" The map {quoted([best[0]])} moves {_compared(ratios)}."
    if np.any(exact < widths / HELD) or np.any(ratios < 1 / HELD):
        text += " A small scatter is no small error: what the prior or the training holds in place does not scatter."
    return text


def _compared(ratios: Array) -> str:
    """Say how many times as far something moves, in θ₀ and in θ₁."""
    if np.all((ratios > 1 / ALIKE) & (ratios < ALIKE)):
        return "about as far"
    return f"{times(ratios[0])} and {times(ratios[1])} times as far"


def _digits(sds: Array) -> list[str]:
    return [fixed(sd, decimals_for(sd)) for sd in sds]
