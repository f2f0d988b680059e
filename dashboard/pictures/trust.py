"""The page Trust: can a learned map be fooled, is the classical method any safer, what can be done?"""

from dataclasses import replace

from dashboard.pictures.controls import controls_at
from dashboard.pictures.shown import Shown
from dashboard.pictures.trust_cures import cures
from dashboard.pictures.trust_denoising import deep_prior
from dashboard.pictures.trust_many import many_traces
from dashboard.pictures.trust_one import one_trace
from dashboard.pictures.trust_steps import learned_steps
from dashboard.pictures.trust_surrogates import surrogates
from dashboard.scene.kinds import Area
from dashboard.scene.scene import Scene
from dashboard.scene.settings import CHOICES

PARTS = dict(zip(CHOICES["trust"], (one_trace, many_traces, cures, deep_prior, surrogates, learned_steps), strict=True))


def picture(scene: Scene) -> Shown:
    """Return the part of the page that is chosen, below the row of all parts."""
    shown = PARTS[scene.experiment.trust](scene)
    parts = {"title": "", "items": controls_at(Area.TRUST, scene.experiment)}
    return replace(shown, options=[parts, *shown.options])
