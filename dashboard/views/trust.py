"""The Trust page: can a learned map be fooled, is the classical method any safer, what can be done?"""

import streamlit as st

from dashboard import session
from dashboard.background import denoising
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import stage
from dashboard.panels.waiting import waiting
from dashboard.pictures.trust import picture
from dashboard.scene.denoising import noisy_trace
from dashboard.scene.scene import Scene

BEAT = 0.5  # s between two looks at a network that is being fitted


def _attend(scene: Scene, wish: str | None) -> None:
    """Look at the network that is being fitted; it waits while a hand drags, and is stopped on another part."""
    if scene.dragging:
        return
    experiment, observation = scene.experiment, scene.observation
    shows = experiment.trust == "denoising" and observation.usable
    trace = noisy_trace(experiment, observation) if shows else None
    scene.holdings.denoised = denoising.attended(scene.holdings.denoised, trace, wish)


def _body() -> None:
    scene = session.scene()
    _attend(scene, session.take_asked("wish"))
    with beside_sidebar("trust", follows=True):
        # The wait is there in every run: an element less would mount those after it anew.
        with waiting("trust", "Computing …"):
            shown = picture(scene)
        stage("trust", shown)
    if scene.holdings.denoised.is_active != st.session_state.denoising:
        st.rerun()


def show() -> None:
    """Show the page, which looks again and again at a network that is being fitted."""
    st.session_state.denoising = session.scene().holdings.denoised.is_active
    st.fragment(_body, run_every=BEAT if st.session_state.denoising else None)()
