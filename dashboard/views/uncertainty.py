"""The Uncertainty page: how sure can one be, and what is the best possible answer?"""

from functools import partial

import streamlit as st

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from core.symbols import symbol_of
from dashboard import live, session
from dashboard.panels import frame
from dashboard.panels.below import stage_below
from dashboard.panels.waiting import waiting
from dashboard.pictures import support
from dashboard.pictures.controls import choice
from dashboard.pictures.uncertainty import picture
from dashboard.scene.experiment import Experiment


def _options(experiment: Experiment) -> None:
    names = {name: symbol_of(name) for name in PARAMETER_NAMES}
    models = {"ar1": "AR(1), as simulated", "white": "white, as published"}
    items = [
        choice("axis_x", "axes", experiment.axis_x, names),
        choice("axis_y", "and", experiment.axis_y, names),
        *([choice("misfit", "misfit", experiment.misfit, models)] if experiment.noise_known else []),
        frame.toggle(
            "noise_known",
            "noise known",
            experiment.noise_known,
            help="Take σ and ρ of the rail for granted, or integrate them out: AR(1) noise of which nothing is known.",
        ),
        frame.toggle("regularised", "prior", experiment.regularised, help="Weigh the prior’s box by the prior."),
        frame.toggle("whole_prior", "whole prior", experiment.whole_prior, help="Show all of the prior’s box."),
    ]
    live.controls(
        "uncertainty_options",
        [{"title": "", "items": items}],
        partial(session.receive, "uncertainty_options"),
        inline=True,
    )


@st.fragment
def _body() -> None:
    scene = session.scene()
    with frame.beside_rail("uncertainty", page="uncertainty"):
        _options(scene.experiment)
        # Both waits are there in every run: an element less would mount those after it anew.
        with waiting("posterior", "Computing the posterior …"):
            shown = picture(scene)
        frame.stage("uncertainty", shown)
        with waiting("below", f"Computing {support.BELOW[scene.experiment.below]} …"):
            below = support.picture(scene)
        if below is not None:
            stage_below("uncertainty_below", below)


def show() -> None:
    """Show the page."""
    frame.question("How sure can one be, and what is the best possible answer?")
    _body()
