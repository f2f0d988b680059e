"""The Uncertainty page: how sure can one be, and what is the best possible answer?"""

import streamlit as st

from dashboard import session
from dashboard.panels.below import stage_below
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import stage
from dashboard.panels.waiting import waiting
from dashboard.pictures import support
from dashboard.pictures.uncertainty import picture
from dashboard.scene.settings import CHOICES


@st.fragment
def _body() -> None:
    scene = session.scene()
    with beside_sidebar("uncertainty", follows=True):
        # Both waits are there in every run: an element less would mount those after it anew.
        with waiting("posterior", "Computing the posterior …"):
            shown = picture(scene)
        stage("uncertainty", shown)
        with waiting("below", f"Computing {CHOICES['below'][scene.experiment.below]} …"):
            below = support.picture(scene)
        if below is not None:
            stage_below("uncertainty_below", below)


def show() -> None:
    """Show the page."""
    _body()
