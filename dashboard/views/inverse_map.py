"""The Inverse map page: what does a learned inverse map make of these data, and of noise?"""

import streamlit as st

from core.maps.test_sets import published_test_set
from core.published import GAMMA, T_END, ZETA
from dashboard import session
from dashboard.background import examination
from dashboard.panels.below import stage_below
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import stage
from dashboard.pictures import accuracy, limit
from dashboard.pictures.examination import wanted
from dashboard.pictures.first_window import first_window
from dashboard.pictures.inverse_map import picture
from dashboard.scene.scene import Scene

BEAT = 0.5  # s between two looks at an examination


def _open_sample() -> None:
    """Go to the page Neuron with the test sample that was clicked, if one was, as the truth."""
    number = str(session.take_asked("sample") or "")
    if not number.isdecimal() or int(number) >= len(published_test_set().theta):
        return
    data = published_test_set()
    theta, (rho, sigma) = data.theta[int(number)].tolist(), data.noise_parameters[int(number)].tolist()
    truth = {"theta0": theta[0], "theta1": theta[1], "sigma": sigma, "rho": rho}
    refused = session.set_truth({**truth, "zeta": ZETA, "gamma": GAMMA, "t_end": T_END, "hidden": False})
    if refused:
        session.say(*refused)
        return
    session.switch_page("Neuron")


def _complete(scene: Scene) -> None:
    """Compute what is missing for fresh noise, with progress, and show the page again.

    Leaving the page or changing a setting stops it.
    """
    fresh = limit.fresh_noise(first_window(scene))
    if fresh is None or len(fresh.known) >= limit.N_MEANS:
        return
    with st.container(key="lab_waiting_limit"):
        bar = st.progress(0.0)
    for draw in limit.complete(fresh):
        if scene.holdings.is_dragged:  # its release begins anew
            return
        text = f"MAP and exact posterior of fresh noise, draw {draw + 1} of {limit.N_MEANS} …"
        bar.progress(draw / limit.N_MEANS, text=text)
    st.rerun()


def _attend(scene: Scene) -> None:
    """Look at the examination of a map, which goes on in the background; it waits while a hand drags."""
    if not scene.dragging:
        scene.holdings.examined = examination.attended(scene.holdings.examined, wanted(scene.experiment))


def _body() -> None:
    _open_sample()
    scene = session.scene()
    _attend(scene)
    with beside_sidebar("inverse_map", follows=True):
        stage("inverse_map", picture(scene))
        stage_below("accuracy_below", accuracy.picture(scene))
        _complete(scene)
    if (scene.holdings.examined.task is not None) != st.session_state.examining:
        st.rerun()


def show() -> None:
    """Show the page, which looks again and again at an examination that is under way."""
    st.session_state.examining = session.scene().holdings.examined.task is not None
    st.fragment(_body, run_every=BEAT if st.session_state.examining else None)()
