"""The Neuron page: what do the parameters do to the neuron?"""

import streamlit as st

from dashboard import session
from dashboard.panels.options import options
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import question, stage
from dashboard.pictures.controls import controls_at
from dashboard.pictures.neuron import picture
from dashboard.scene.scene import Scene
from dashboard.scene.settings import Area


def _idle(scene: Scene) -> tuple[str, ...]:
    """Return the settings that do nothing now: without a truth there is no phase plane to choose for."""
    return ("phase_plane",) if scene.observation.clean(scene.experiment) is None else ()


@st.fragment
def _body() -> None:
    scene = session.scene()
    with beside_sidebar("neuron", follows=True):
        options("neuron", controls_at(Area.NEURON, scene.experiment, without=_idle(scene)))
        stage("neuron", picture(scene))


def show() -> None:
    """Show the page."""
    question("What do the parameters do to the neuron?")
    _body()
