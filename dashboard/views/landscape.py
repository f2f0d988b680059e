"""The Landscape page: where does the optimiser end up, and why?"""

import streamlit as st

from dashboard import session
from dashboard.background import basins, race
from dashboard.background.optimisers import racing
from dashboard.background.sampling import samplings
from dashboard.background.wish import Wish
from dashboard.panels.sidebar import beside_sidebar, candidate_group
from dashboard.panels.stage import stage
from dashboard.panels.waiting import waiting
from dashboard.pictures import results
from dashboard.pictures.landscape import picture
from dashboard.scene.holdings import Holdings
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene
from dashboard.scene.settings import START_SETS

BEAT = 0.5  # s between two looks at what is computed in the background


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
    starts = START_SETS[experiment.explored]
    holdings.basins = basins.attended(holdings.basins, problem, experiment.explorer, starts, experiment.seed, wish)
    samplers = samplings(experiment.samplers, experiment.sampler_temperature, experiment.langevin_step)
    racers: tuple[race.Racer, ...] = (*racing(experiment.methods, problem), *samplers)
    holdings.race = race.attended(holdings.race, problem, experiment.starts, racers, give_up=wish == Wish.STOP_RACING)


def _works(holdings: Holdings) -> bool:
    """Say whether something is being computed in the background."""
    return holdings.basins.is_active or holdings.race.task is not None


def _body() -> None:
    scene = session.scene()
    _compute(scene, session.take_asked("wish"))
    with beside_sidebar("landscape", [candidate_group(scene.experiment)], follows=True):
        stage("landscape", picture(scene))
    if _works(scene.holdings) != st.session_state.beating:
        st.rerun()


def show() -> None:
    """Show the page, which looks again and again at what is computed in the background, as long as something is."""
    st.session_state.beating = _works(session.scene().holdings)
    st.fragment(_body, run_every=BEAT if st.session_state.beating else None)()
