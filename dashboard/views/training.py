"""The Train page: what does a map learn from another prior?"""

import itertools
from pathlib import Path

import streamlit as st

from core.jobs.folder import CHECKPOINT, WEIGHTS, Progress, State, is_stopping, runs_in
from core.jobs.queue import read_progress, start_training, stop_training
from core.learning.training_settings import EPOCHS_RANGE, Adam, Cnn
from core.maps.recipe import SAMPLES_RANGE, Recipe
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import PUBLISHED_DENSE, fitzhugh_nagumo_task, point_recipe, quick_recipe
from core.maps.task import MAX_PARAMETER, MAX_SD, Task
from core.priors import TruncatedGaussian
from core.published import N_TIMES, T_END, published_noise_prior, published_prior
from core.symbols import symbol_of
from dashboard import session
from dashboard.maps import inverse_maps, runs, taken
from dashboard.panels.boxes import number_box
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import head, stage
from dashboard.pictures.shown import Shown
from dashboard.pictures.training import picture
from dashboard.scene.settings import Number
from dashboard.wording.numbers import compact, count, fixed

QUESTION = "What does a map learn from another prior?"
# Training samples and epochs; the form begins with the first.
PRESETS = {"About a minute": (20_000, 12), "About 20 seconds": (5000, 20), "About five minutes": (20_000, 180)}
_N, _EPOCHS = next(iter(PRESETS.values()))
NETWORKS = {"wide": "wide, with covariance", "cnn": "CNN, as published", "dense": "dense, as published"}
SAMPLES = Number(
    name="train_samples", symbol="N", label="Training samples N", default=_N,
    least=SAMPLES_RANGE[0], most=SAMPLES_RANGE[1], whole=True,
)  # fmt: skip
EPOCHS = Number(
    name="train_epochs", symbol="The number of epochs", label="Epochs", default=_EPOCHS,
    least=EPOCHS_RANGE[0], most=EPOCHS_RANGE[1], whole=True,
)  # fmt: skip
_PARAMETERS = (-MAX_PARAMETER, MAX_PARAMETER)
# What may be typed for a distribution.
COLUMNS = {"mean": _PARAMETERS, "sd": (0, MAX_SD), "lower": _PARAMETERS, "upper": _PARAMETERS}
NOISES = {
    "published": "published distribution of σ and ρ",
    "own": "a distribution of one’s own",
    "clean": "none: clean traces",
}


def _show(problems: list[str]) -> None:
    """Say below the boxes that were asked for what is wrong with them."""
    with st.container():  # there without problems too, so that what follows keeps its place
        for problem in problems:
            st.error(f"{problem} Until this is mended, nothing is started.")


def _distribution(names: tuple[str, str], start: TruncatedGaussian, key: str, problems: list[str]) -> TruncatedGaussian:
    """Ask for means, standard deviations and bounds of two parameters, a row each; return start where they are none."""
    values: dict[str, list[float]] = {column: [] for column in COLUMNS}
    found: list[str] = []
    for i, name in enumerate(names):
        unit = " [ms]" if name == "sigma" else ""
        for place, (column, (least, most)) in zip(st.columns(4), COLUMNS.items(), strict=True):
            number = Number(
                name=f"{key}_{name}_{column}", symbol=f"{symbol_of(name)} {column}",
                label=f"{symbol_of(name)}{unit} {column}", default=getattr(start, column)[i], least=least, most=most,
            )  # fmt: skip
            with place:
                values[column].append(number_box(number, found))
    distribution = start
    if not found:
        try:
            distribution = TruncatedGaussian(names, *(tuple(values[column]) for column in COLUMNS))
        except ValueError as error:
            found.append(str(error))
    _show(found)
    problems += found
    return distribution


def _fill_in() -> None:
    samples, epochs = PRESETS[st.session_state.train_preset]
    st.session_state.train_samples, st.session_state.train_epochs = str(samples), str(epochs)


def _free_name() -> str:
    names = (f"my-map-{i}" for i in itertools.count(1))
    return next(name for name in names if not (runs() / name).exists())


def _recipe(network: str, task: Task, n: int, epochs: int) -> Recipe:
    """Return the recipe of one of the `NETWORKS`.

    The wide one takes new simulations and new noise in every epoch, the published ones the same throughout.
    """
    if network == "wide":
        return quick_recipe(task, n, epochs)
    return point_recipe(task, Cnn() if network == "cnn" else PUBLISHED_DENSE, n, Adam(epochs))


def _form() -> None:
    """Ask for a training and start it."""
    experiment = session.experiment()
    problems: list[str] = []
    name = st.text_input("Name of the map", value=_free_name(), max_chars=40, key=f"train_name_{_free_name()}")
    left, right = st.columns(2)
    architecture = left.selectbox("Network", list(NETWORKS), format_func=NETWORKS.__getitem__)
    right.selectbox("Preset for N and epochs", list(PRESETS), key="train_preset", on_change=_fill_in)
    with left:
        samples = number_box(SAMPLES, problems)
    with right:
        epochs = number_box(EPOCHS, problems)
    _show(problems)
    if architecture == "wide":
        st.caption(
            "The wide network sees new noise in every epoch and new simulations in every fourth. On noisy traces, a "
            "Gauss–Newton step is learnt after the last epoch."
        )
    st.markdown("**Prior of θ** (Gaussian, cut off at the bounds)")
    prior = _distribution(("theta0", "theta1"), published_prior(), "train_prior", problems)
    noise = st.selectbox("Noise in the training data", list(NOISES), format_func=NOISES.__getitem__)
    noise_prior = published_noise_prior()
    if noise == "own":
        noise_prior = _distribution(("rho", "sigma"), noise_prior, "train_noise", problems)
    constants = "ζ and γ"
    if not experiment.hidden:
        constants = f"ζ = {compact(experiment.zeta)} and γ = {compact(experiment.gamma)}"
    st.caption(f"{constants} are those of the sidebar; T = {fixed(T_END, 0)} ms, {count(N_TIMES)} samples.")
    refused = st.container()  # above the button, where it is seen by whoever presses it
    if not st.button("Train", type="primary", width="stretch"):
        return
    try:
        if problems:
            raise ValueError(" ".join(problems))
        of_noise = None if noise == "clean" else noise_prior
        task = fitzhugh_nagumo_task(prior, of_noise, experiment.zeta, experiment.gamma)
        recipe = _recipe(architecture, task, int(samples), int(epochs))
        if problem := taken(name, inverse_maps()[0]):
            raise ValueError(f"{problem} Choose another name.")
        folder = start_training(runs(), name.strip(), recipe_as_json(recipe))
    except ValueError as error:
        refused.error(f"{error} Nothing was started.")
        return
    st.session_state.watched_run = folder.name
    st.rerun()


def _kept(progress: Progress) -> str:
    """Say which weights are on disk."""
    return f"The weights of epoch {progress.kept_epoch} are kept" if progress.kept_epoch else "No weights are kept"


def _status(progress: Progress, folder: Path) -> str:
    if progress.state is State.STARTING or progress.state is State.RUNNING:
        return progress.sentence
    if progress.state is State.FINISHING:
        return f"{_kept(progress)}. {progress.sentence}"
    kept = _kept(progress)
    if progress.state is State.FAILED and progress.kept_epoch:
        kept += f" on the server’s disk: `{folder.parent.name}/{folder.name}/{WEIGHTS}`"
    told = [progress.sentence, progress.message, f"{kept}."]
    if progress.state is State.FAILED and (folder / CHECKPOINT).is_file():
        told.append(f"Train “{folder.name}” again with the same settings to go on from its last checkpoint.")
    return " ".join(filter(None, told))


def _watched() -> None:
    """Show the training that is watched: its curve, its time left, its stop button, and at the end its card."""
    folders = {folder.name: folder for folder in runs_in(runs())}
    watched = st.session_state.get("watched_run")
    if watched not in folders:
        watched = next(iter(folders), None)
    if watched is None:
        st.info("No map has been trained here yet. Press Train: the loss is drawn here as it falls.")
        return
    st.session_state.watched_run = st.selectbox("Training", list(folders), index=list(folders).index(watched))
    folder = folders[st.session_state.watched_run]
    try:
        interval = 0.5 if read_progress(folder).active else None
    except ValueError as error:
        st.warning(str(error))
        return
    st.fragment(_progress, run_every=interval)(folder)


def _stop(folder: Path) -> None:
    """Ask a training to end; where that cannot be written, say so with the session's sentences."""
    try:
        stop_training(folder)
    except ValueError as error:
        session.say(str(error))


def _progress(folder: Path) -> None:
    try:
        progress = read_progress(folder)
    except ValueError as error:
        st.warning(str(error))
        return
    share = len(progress.validation_loss) / progress.epochs
    epoch = {State.STARTING: "the first", State.RUNNING: "this"}.get(progress.state)
    stopping = f" Stopping after {epoch} epoch …" if epoch and is_stopping(folder) else ""
    st.progress(min(share, 1.0), text=_status(progress, folder) + stopping)
    if progress.state in (State.STARTING, State.RUNNING):
        st.button("Stop and keep the best weights so far", on_click=_stop, args=(folder,), key=f"stop_{folder.name}")
    elif st.session_state.get("seen_active") == folder.name:
        # The last report of a training redraws the page, so that its card and its map appear.
        st.session_state.seen_active = None
        st.rerun()
    if progress.active:
        st.session_state.seen_active = folder.name
    stage(f"training_{folder.name}", picture(folder.name, progress))


def _body() -> None:
    with beside_sidebar("training", answers=session.answering()):
        head("training", Shown("head", question=QUESTION))
        left, right = st.columns([1, 1.15], gap="large")
        with left:
            _form()
        with right:
            _watched()


def show() -> None:
    """Show the page."""
    _body()
