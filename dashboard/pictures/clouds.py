"""What fresh noise on the truth's trajectory does to the estimates of inverse maps."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.maps.inverse_map import InverseMap
from core.noise import colour
from dashboard.scene.scene import Scene

N_CLOUD = 200
DRAWS_DRAGGED = 64  # while a control is dragged: the first ones

Array = NDArray[np.float64]


@lru_cache(maxsize=8)
def cloud_normals(seed: int, n_times: int) -> Array:
    """Return the base normals, (200, n_times), of the fresh noise."""
    normals = np.random.default_rng([seed, 1]).standard_normal((N_CLOUD, n_times))
    normals.flags.writeable = False
    return normals


def able(scene: Scene, maps: Mapping[str, InverseMap]) -> dict[str, InverseMap]:
    """Return the maps that take the data on screen."""
    observation = scene.observation
    return {name: each for name, each in maps.items() if observation.usable and each.takes(observation.times)}


def clouds(scene: Scene, maps: Mapping[str, InverseMap]) -> dict[str, Array]:
    """Return each map's estimates for fresh noise on the truth's trajectory: (200, 2), or (64, 2) during a drag."""
    experiment, observation = scene.experiment, scene.observation
    if observation.trajectory is None or not maps:
        return {}
    normals = cloud_normals(experiment.seed, observation.times.size)[: DRAWS_DRAGGED if scene.dragging else N_CLOUD]
    noise = colour(normals, experiment.rho, experiment.marginal_sd)
    traces = (observation.trajectory[:, 0] + noise).astype(np.float32)
    # Two maps at once: PyTorch computes each on one thread.
    with ThreadPoolExecutor(2) as pool:
        means = pool.map(lambda each: each.predict(traces).mean, maps.values())
        return dict(zip(maps, means, strict=True))


def best_of(maps: Mapping[str, InverseMap]) -> str:
    """Return the name of the map that stands for the best: the first with a covariance, or else trained on noise."""
    return min(maps, key=lambda name: (not maps[name].recipe.gives_covariance, not maps[name].recipe.noisy))
