"""The Landscape page: where does the optimiser end up, and why?"""

from functools import partial
from typing import Any

import streamlit as st

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.optimisation.methods import METHODS
from dashboard import live, session
from dashboard.background import basins, race
from dashboard.figures.race import sign
from dashboard.panels import frame
from dashboard.panels.waiting import waiting
from dashboard.pictures import results
from dashboard.pictures.controls import choice, toggle
from dashboard.pictures.landscape import picture
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene

BEAT = 0.5  # s between two looks at what is computed in the background
BESIDE = {"fit": "fit and residual", "surface": "surface", "race": "race", "basins": "basins"}


def _settings(experiment: Experiment) -> None:
    """Show the settings above the pictures."""
    names = {quantity.name: quantity.symbol for quantity in FITZHUGH_NAGUMO.parameters}
    misfits = {"ar1": "AR(1), as simulated", "white": "white, as published"}
    items = [
        choice("axis_x", "axes", experiment.axis_x, names),
        choice("axis_y", "and", experiment.axis_y, names),
        choice("misfit", "misfit", experiment.misfit, misfits),
        choice("grid", "grid", experiment.grid, {"100": "100 × 100", "200": "200 × 200"}),
        toggle("regularised", "prior", experiment.regularised, help="Add the prior’s regularisation to the loss."),
        choice("beside", "beside the map", experiment.beside, BESIDE),
    ]
    groups = [{"title": "", "items": items}, {"title": "", "items": [_methods(experiment)]}]
    live.controls("landscape_options", groups, partial(session.receive, "landscape_options"), inline=True)


def _methods(experiment: Experiment) -> dict[str, Any]:
    """Return the check boxes of the methods, each with its line and mark: they are the legend of the race too."""
    options = [{"value": name, "help": method.kind, **sign(name)} for name, method in METHODS.items()]
    return {"kind": "several", "field": "methods", "label": "", "value": experiment.methods, "options": options}


def _compute(scene: Scene, wish: str | None) -> None:
    """Search for the lowest loss, and look at what is computed in the background; both wait while a hand drags."""
    experiment, observation, holdings = scene.experiment, scene.observation, scene.holdings
    # The wait is there in every run: an element less would mount those after it anew.
    with waiting("lowest", "Searching for the lowest loss …"):
        if scene.dragging:
            return
        problem = problem_of(experiment, observation) if observation.usable else None
        if problem is not None:
            results.map_estimate(problem)
    holdings.basins = basins.attended(
        holdings.basins, problem, experiment.explorer, experiment.explored, experiment.seed, wish
    )
    holdings.race = race.attended(
        holdings.race, problem, experiment.starts, experiment.methods, give_up=wish == "stop racing"
    )


def _works(holdings: Holdings) -> bool:
    """Say whether something is being computed in the background."""
    return holdings.basins.is_active or holdings.race.task is not None


def _body() -> None:
    scene = session.scene()
    _compute(scene, session.take_wish())
    with frame.beside_rail("landscape", [frame.candidate_group(scene.experiment)], page="landscape"):
        _settings(scene.experiment)
        frame.stage("landscape", picture(scene))
    if _works(scene.holdings) != st.session_state.beating:
        st.rerun()


def show() -> None:
    """Show the page, which looks again and again at what is computed in the background, as long as something is."""
    frame.question("Where does the optimiser end up, and why?")
    st.session_state.beating = _works(session.scene().holdings)
    st.fragment(_body, run_every=BEAT if st.session_state.beating else None)()
