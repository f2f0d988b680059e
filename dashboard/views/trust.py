"""The Trust page: can a learned map be fooled, is the classical method any safer, what can be done?"""

import streamlit as st

from dashboard import session
from dashboard.background import denoising, search
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import stage
from dashboard.panels.waiting import waiting
from dashboard.pictures.trust import PARTS, picture
from dashboard.pictures.trust_denoising import deep_prior
from dashboard.pictures.trust_one import one_trace, wanted
from dashboard.scene.denoising import noisy_trace
from dashboard.scene.holdings import Holdings
from dashboard.scene.scene import Scene

BEAT = 0.5  # s between two looks at what is computed in the background


def _attend(scene: Scene, wish: str | None) -> None:
    """Look at what is computed in the background, which is stopped on another part; it waits while a hand drags."""
    if scene.dragging:
        return
    experiment, observation, holdings = scene.experiment, scene.observation, scene.holdings
    shows_network = PARTS[experiment.trust] is deep_prior and observation.usable
    trace = noisy_trace(experiment, observation) if shows_network else None
    holdings.denoised = denoising.attended(holdings.denoised, trace, wish)
    searched = wanted(scene) if PARTS[experiment.trust] is one_trace else None
    holdings.sought = search.attended(holdings.sought, searched, wish)


def _works(holdings: Holdings) -> bool:
    """Say whether something is being computed in the background."""
    return holdings.denoised.is_active or holdings.sought.is_active


def _body() -> None:
    scene = session.scene()
    _attend(scene, session.take_asked("wish"))
    with beside_sidebar("trust", follows=True):
        # The wait is there in every run: an element less would mount those after it anew.
        with waiting("trust", "Computing …"):
            shown = picture(scene)
        stage("trust", shown)
    if _works(scene.holdings) != st.session_state.trusting:
        st.rerun()


def show() -> None:
    """Show the page, which looks again and again at what is computed in the background."""
    st.session_state.trusting = _works(session.scene().holdings)
    st.fragment(_body, run_every=BEAT if st.session_state.trusting else None)()
