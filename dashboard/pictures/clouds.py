"""What fresh noise on the truth's trajectory does to the estimates of inverse maps."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.maps.card import learned_steps
from core.maps.inverse_map import InverseMap
from core.noise import colour
from dashboard.pictures import results
from dashboard.pictures.answers import answers, assumed, selected
from dashboard.scene.scene import Scene
from dashboard.shared_results import shared

N_CLOUD = 200
DRAWS_DRAGGED = 32  # while a control is dragged: the first ones

Array = NDArray[np.float64]


@shared(megabytes=32)
def cloud_normals(seed: int, n_times: int) -> Array:
    """Return the base normals, (200, n_times), of the fresh noise."""
    normals = np.random.default_rng([seed, 1]).standard_normal((N_CLOUD, n_times))
    normals.flags.writeable = False
    return normals


def quick_enough(scene: Scene, maps: Mapping[str, InverseMap], best: str) -> dict[str, InverseMap]:
    """Return the maps whose clouds are drawn: the best one, those that do not simulate, and at rest most others.

    A learned step simulates each draw, which takes a hundred times as long as the network. A map that takes a wrong ζ
    or γ for granted explains no draw, and would search its whole box for each, which takes ten times as long again.
    """
    wrong = assumed(scene, maps)
    return {
        name: each
        for name, each in maps.items()
        if name == best or not learned_steps(each.card, each.recipe) or not (scene.dragging or wrong[name])
    }


def clouds(scene: Scene, maps: Mapping[str, InverseMap], names: Sequence[str]) -> dict[str, Array]:
    """Return each map's estimates of p parameters for fresh noise on the truth's trajectory, (200, p).

    names: of the parameters. While a control is dragged there are DRAWS_DRAGGED draws.
    """
    experiment, observation = scene.experiment, scene.observation
    if observation.trajectory is None or not maps:
        return {}
    trajectory, n_draws = observation.trajectory[:, 0], DRAWS_DRAGGED if scene.dragging else N_CLOUD

    def compute() -> dict[str, Array]:
        normals = cloud_normals(experiment.seed, observation.times.size)[:n_draws]
        noise = colour(normals, experiment.rho, experiment.marginal_sd)
        traces = (trajectory + noise).astype(np.float32)
        return {name: selected(each, names).mean for name, each in answers(maps, traces, scene).items()}

    if scene.dragging:  # what a drag passes is not asked for again
        return compute()
    noise_and_seed = experiment.rho, experiment.sigma, experiment.seed
    key = trajectory.tobytes(), experiment.parameters, noise_and_seed, tuple(maps.items()), tuple(names)
    return results.kept("clouds", key, compute)


def with_empty(spread: Mapping[str, Array], maps: Mapping[str, InverseMap]) -> dict[str, Array]:
    """Return a cloud for each map, without points where it has none: the plot then keeps its parts, and slides."""
    return {name: spread.get(name, np.empty((0, 2))) for name in maps} if spread else {}
