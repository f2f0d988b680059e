"""The part of the page Uncertainty that shows draws of samplers on the exact posterior, beside all other answers."""

from functools import partial
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from core.problem.problem import Problem
from dashboard.background.sampling import Aim, Sampled, Sampling, aim, sampled, samplings
from dashboard.figures import swarm
from dashboard.figures.density import raster
from dashboard.figures.learned_posterior import beside_exact
from dashboard.pictures import results
from dashboard.pictures.learned_posterior import as_ellipse, gaussians, law_raster, map_look, unreadable
from dashboard.pictures.posterior import Point, window_of
from dashboard.pictures.shown import Plot, Race, Shown
from dashboard.scene.scene import Scene
from dashboard.scene.settings import DEFAULTS
from dashboard.wording import samplers as wording


def sampler_draws(scene: Scene, problem: Problem, truth: Point | None) -> Shown:
    """Return the ticked samplers, which start at the best fit, on the posterior with the noise of the sidebar."""
    experiment = scene.experiment
    known = problem.with_noise(scene.observation.noise(experiment.rho, experiment.sigma))
    exact = results.posterior(known)
    aimed: Aim = results.kept("sampler aim", known.identity, partial(aim, known, 1.0))
    runs = [_run(known, aimed, exact.mode, each) for each in samplings(experiment.drawn_by, 1.0, _STEP)]
    box, is_readable = window_of(exact, truth), not unreadable(scene, problem)
    law = law_raster(problem, box) if is_readable else None
    beside = [as_ellipse(name, *each) for name, each in gaussians(scene, known, is_readable).items()]
    ends = [wording.End(each.path.method, each.ratio) for each in runs]
    paths = b"".join(each.path.positions.tobytes() for each in runs)
    return Shown(
        "uncertainty-samplers",
        [
            Plot(
                "draws", beside_exact(exact.names, box, raster(exact, box), law, map_look(scene), beside, truth, runs)
            ),
            Plot("distance", swarm.distance((), runs)),
        ],
        wording.DO_THEY_AGREE,
        wording.about_agreement(ends),
        why=[wording.HOW_THEY_RUN, wording.ABOUT_LEARNED if is_readable else ""],
        metrics=[wording.distance(each.path.method, each.distance, int(each.path.evaluations[-1])) for each in runs],
        race=Race(str(crc32(paths)) if runs else "", repr(experiment.drawn_by), wording.TICK_ONE),
    )


_STEP: float = DEFAULTS["langevin_step"]


def _run(known: Problem, aimed: Aim, start: NDArray[np.float64], sampling: Sampling) -> Sampled:
    found: Sampled = results.kept("sampler draws", (known.identity, sampling), partial(sampled, aimed, start, sampling))
    return found
