"""Navigation: which pages there are, in the order of the argument."""

from pathlib import Path

import streamlit as st

from dashboard import links, session
from dashboard.panels import desk, exercise, lesson


def start() -> None:
    """Show the page; what a page needs is imported when it is first opened, since torch takes seconds."""
    from dashboard.views import start

    start.show()


def lessons() -> None:
    """Show the page."""
    from dashboard.views import lessons

    lessons.show()


def neuron() -> None:
    """Show the page."""
    from dashboard.views import neuron

    neuron.show()


def landscape() -> None:
    """Show the page."""
    from dashboard.views import landscape

    landscape.show()


def inverse_map() -> None:
    """Show the page."""
    from dashboard.views import inverse_map

    inverse_map.show()


def uncertainty() -> None:
    """Show the page."""
    from dashboard.views import uncertainty

    uncertainty.show()


def trust() -> None:
    """Show the page."""
    from dashboard.views import trust

    trust.show()


def training() -> None:
    """Show the page."""
    from dashboard.views import training

    training.show()


def your_data() -> None:
    """Show the page."""
    from dashboard.views import your_data

    your_data.show()


def to_first_page() -> None:
    """Turn to the first page of an exercise."""
    st.switch_page(list(st.session_state.pages.values())[1])


st.set_page_config(page_title="Inverse Lab", layout="wide")
st.logo(Path(__file__).parent / "live" / "wordmark.svg", size="large")
links.begin()
exercise.take_code_word()
sitting = session.sitting()
pages = [
    st.Page(start, title="Start", default=True),
    st.Page(lessons, title="Lessons", url_path="lessons"),
    st.Page(neuron, title="Neuron", url_path="neuron"),
    st.Page(landscape, title="Landscape", url_path="landscape"),
    st.Page(inverse_map, title="Inverse map", url_path="inverse-map"),
    st.Page(uncertainty, title="Uncertainty", url_path="uncertainty"),
    st.Page(trust, title="Trust", url_path="trust"),
    st.Page(training, title="Train", url_path="train"),
    st.Page(your_data, title="Your data", url_path="your-data"),
]
if sitting is not None:
    pages = [each for each in pages if each.title in sitting.exercise.pages]
    if pages[0].title != "Start":  # without a page of its own at the root, Streamlit takes the first one's address away
        pages.insert(0, st.Page(to_first_page, title="Exercise", default=True, visibility="hidden"))
lacks_name = sitting is not None and sitting.lacks_name
page = st.navigation(pages, position="hidden" if lacks_name else "top")
st.session_state.pages = {each.title: each for each in pages}
if lacks_name:
    exercise.ask_name()
    st.stop()
if page.title == "Start" and links.is_opened_by_old_link():
    session.switch_page("Neuron")
is_new = session.turn_to(page.title)
desk.open_if_asked(page.title)
lesson.strip(page.title, is_new)
page.run()
if st.user.get("is_logged_in"):
    st.button("Log out", on_click=st.logout)
