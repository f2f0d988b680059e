"""The Neuron page: what do the parameters do to the neuron?"""

import streamlit as st

from dashboard import session
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import stage
from dashboard.pictures.neuron import picture


@st.fragment
def _body() -> None:
    with beside_sidebar("neuron", follows=True):
        stage("neuron", picture(session.scene()))


def show() -> None:
    """Show the page."""
    _body()
