"""The teacher's desk: a dialog that makes a link for a class."""

import secrets
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard import links, session
from dashboard.exercise_token import token_of
from dashboard.panels.answer_key import answer_key
from dashboard.panels.desk_question import question_form, show_question
from dashboard.panels.handout import show_handout
from dashboard.rooms import new_room
from dashboard.scene.address import difference
from dashboard.scene.exercise import NOT_OF_STUDENTS, Exercise, problems
from dashboard.scene.experiment import Experiment
from dashboard.scene.names import names_in
from dashboard.scene.page_controls import PAGE_CONTROLS, controls_on

SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvw" for vowel in "aeiou"]
HERE_ALONE = (
    "Opened at this address, the laboratory is reached from this machine alone, and so are the links made here. For a "
    "class, start it with --host 0.0.0.0 --allow-everyone and open it by the name of this machine."
)
SHORTEST_WORD = 6  # letters of a code word
KINDS = ("this experiment", "a question of a lesson")


def code_word() -> str:
    """Return a word that can be said, of 70⁴ that are equally probable."""
    return "".join(secrets.choice(SYLLABLES) for _ in range(4))


def open_if_asked(page: str) -> None:
    """Open the desk where its button was pressed; page: the title of the page on screen."""
    if session.take_asked("desk") and session.sitting() is None:
        # What was made stays where the desk is opened again: its code word may not be written down yet.
        for name, value in (("desk_made", None), ("desk_word", code_word()), ("desk_room", new_room())):
            st.session_state.setdefault(name, value)
        _desk(page)


@dataclass(frozen=True)
class Made:
    """A link that the desk has made; wanted: the exercise as it was asked for, before its seed was drawn."""

    wanted: Exercise
    exercise: Exercise
    link: str


@st.dialog("For a class", width="large")
def _desk(page: str) -> None:
    base = _base_address(page)
    if (urlsplit(base).hostname or "") in ("localhost", "127.0.0.1", "::1"):
        st.warning(HERE_ALONE)
    begun = KINDS[1] if page == "Lessons" else KINDS[0]
    kind = st.segmented_control("The link opens", KINDS, default=begun, required=True, label_visibility="collapsed")
    chosen, made_of = st.columns(2, gap="large")
    if kind == KINDS[1]:
        with chosen:
            asked = question_form(base)
        with made_of:
            show_question(asked)
        return
    with chosen:
        wanted = _form(page, base)
    with made_of:
        made = st.session_state.desk_made
        if made is not None and made.wanted == wanted:
            _show(made)
        else:
            st.caption("The link opens the experiment on screen as it is now, with what you choose here.")


def _form(page: str, base: str) -> Exercise | None:
    """Ask what the link is to open, make it where the button is pressed, and return what is asked for.

    None where something is missing, which is said.
    """
    titles = list(PAGE_CONTROLS)
    pages = st.multiselect("Pages that students can open", titles, [page] if page in titles else titles[:1])
    labels = controls_on(tuple(pages))
    # The keys keep what is chosen where the pages change, and with them what can be.
    locked = st.multiselect(
        "Controls that are locked", labels, format_func=labels.__getitem__, help="Seen, but not changed.",
        key="desk_locked",
    )  # fmt: skip
    absent = st.multiselect(
        "Controls that are taken away", labels, format_func=labels.__getitem__, key="desk_absent",
        help="One that is locked, too, is taken away.",
    )  # fmt: skip
    sealed = st.toggle(
        "Seal the truth",
        help="Nobody sees what made the data until someone types the code word. Until then the controls of θ₀, θ₁ and "
        "the noise draw are not there, and ζ, γ, σ and ρ are locked.",
    )
    names = st.text_area(
        "Names or numbers of students, for a problem each",
        placeholder="Ana, Ben, Chen … or 1-30. Leave it empty to give all the same problem.",
        help="Each gets a neuron that spikes, its θ₀ and θ₁ drawn from the published prior, and noise of its own.",
        height=90,
    )
    word = st.text_input("Code word", st.session_state.desk_word, help="Opens the truth and the answer key.")
    try:
        in_order = tuple(title for title in titles if title in pages)
        wanted = _wanted(in_order, tuple(locked), tuple(absent), sealed, word.strip(), names_in(names))
    except ValueError as error:
        st.error(str(error))
        return None
    if st.button("Make the link", type="primary"):
        exercise = replace(wanted, seed=secrets.randbits(63))
        try:
            problems(exercise)
            query = urlencode({links.OF_EXERCISE: token_of(exercise)})
        except ValueError as error:
            st.error(str(error))
            return None
        st.session_state.desk_made = Made(wanted, exercise, f"{base}?{query}")
    return wanted


def _base_address(page: str) -> str:
    """Return the address of the laboratory in the browser, without the part that names the page on screen."""
    path = st.session_state.pages[page].url_path
    return (st.context.url or "").removesuffix(path)


def _wanted(
    pages: tuple[str, ...],
    locked: tuple[str, ...],
    absent: tuple[str, ...],
    sealed: bool,
    word: str,
    names: tuple[str, ...],
) -> Exercise:
    """Return the exercise that is asked for; raises ValueError with a sentence where something is missing."""
    if not pages:
        raise ValueError("Choose at least one page.")
    if len(word) < SHORTEST_WORD:
        raise ValueError(
            f"Type a code word of at least {SHORTEST_WORD} letters: it opens the truth and the answer key."
        )
    if sealed and "Start" in pages:
        raise ValueError("The page Start draws curves with the true θ₁: leave it out, or do not seal the truth.")
    if sealed and set(session.experiment().axes) != {"theta0", "theta1"}:
        raise ValueError("A sealed truth is that of θ₀ and θ₁: first put these two on the axes, on the page Landscape.")
    query = difference(session.experiment(), Experiment(), (*NOT_OF_STUDENTS, "hidden"))
    return Exercise(query, pages, locked, absent, sealed, word, names)


def _show(made: Made) -> None:
    """Show a link in every form in which it can be handed on, the code word and the answer key."""
    exercise = made.exercise
    (key,) = show_handout(made.link, "Answer key")
    with key:
        answer_key(exercise)
    st.caption(f"{_summary(exercise)} Keep the code word **{exercise.word}**: it opens the answer key too.")
    st.link_button("Try it as a student", made.link)


def _summary(exercise: Exercise) -> str:
    """Say what a link opens."""
    labels = controls_on(exercise.pages)
    parts = [f"Opens {', '.join(exercise.pages)}."]
    for names, what in ((exercise.locked, "Locked"), (exercise.absent, "Taken away")):
        if names:
            parts.append(f"{what}: {', '.join(labels[name] for name in names)}.")
    if exercise.sealed:
        parts.append("The truth is sealed until the code word is typed in the sidebar.")
    if exercise.names:
        parts.append(
            f"One link for all: each of {len(exercise.names)} students chooses a name and gets their own problem."
        )
    return " ".join(parts)
