"""The Neuron page: what do the parameters do to the neuron?"""

import streamlit as st

from dashboard import session
from dashboard.panels import frame
from dashboard.pictures.neuron import picture


@st.fragment
def _body() -> None:
    with frame.beside_rail("neuron", page="neuron"):
        frame.stage("neuron", picture(session.scene()))


def show() -> None:
    """Show the page."""
    frame.question("What do the parameters do to the neuron?")
    _body()
