"""A trained network of posteriors with its recipe and its card, and its two files."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors.torch import save as save_tensors

from core.files import read_json, write_weights
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import (
    MAX_FILE_BYTES,
    MAX_OBSERVED,
    PRETRAINED,
    InverseMap,
    available_inverse_maps,
    load_inverse_map,
    read_weights,
    with_weights,
)
from core.maps.learned_posterior.frame import Frame
from core.maps.learned_posterior.law import LearnedPosterior
from core.maps.learned_posterior.network import (
    PosteriorNetwork,
    can_learn_posterior,
    frame_and_features,
    mixtures,
)
from core.maps.learned_posterior.recipe import PosteriorRecipe
from core.maps.learned_posterior.transport import Transport
from core.maps.task import Task

POSTERIORS = PRETRAINED / "posteriors"
MAX_CARD_BYTES = 2**20


@dataclass(frozen=True, eq=False)
class PosteriorMap:
    """A map from a trace to a law of its parameters.

    base: the map whose Gaussian is the first frame. card: the content of the JSON file beside the weights.
    """

    name: str
    recipe: PosteriorRecipe
    base: InverseMap
    network: PosteriorNetwork
    card: Mapping[str, Any]

    @property
    def task(self) -> Task:
        """The task that it was trained for."""
        return self.base.recipe.task

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The parameters whose law it gives."""
        return self.task.names

    @property
    def fingerprint(self) -> str:
        """A hash of the weights of this map and of the one that it begins with."""
        return hashlib.sha256(save_tensors(self.network.state_dict()) + self.base.fingerprint.encode()).hexdigest()[:16]

    def frame_and_features(self, data: ArrayLike) -> tuple[Frame, NDArray[np.float32]]:
        """Return the last frame and the features around it for traces, (n, n_times).

        Raises ValueError for traces of another length, and for numbers that are not finite.
        """
        traces = np.asarray(data, dtype=float)
        n_times = self.task.n_times[1]
        if traces.ndim != 2 or traces.shape[1] != n_times:
            raise ValueError(
                f"The map {self.name} takes traces of {n_times} samples, as an array (n, {n_times}); it was given one "
                f"of shape {traces.shape}."
            )
        if not np.all(np.isfinite(traces)):
            raise ValueError(f"The map {self.name} takes finite numbers only: fill the gaps in the trace first.")
        bounded = np.clip(traces, -MAX_OBSERVED, MAX_OBSERVED).astype(np.float32)
        inputs = TraceInputs(bounded, np.empty((len(bounded), 0)), np.full(len(bounded), n_times))
        before = [self.network.stage(i) for i in range(len(self.network.stages) - 1)]
        return frame_and_features(self.base, before, inputs)

    def posteriors(self, data: ArrayLike) -> tuple[LearnedPosterior, ...]:
        """Return the posterior of each trace, (n, n_times); raises ValueError as `frame_and_features` does."""
        return self.laws(*self.frame_and_features(data))

    def laws(self, frame: Frame, found: NDArray[np.float32]) -> tuple[LearnedPosterior, ...]:
        """Return the posteriors of traces from their frame and features."""
        parts = [part.numpy() for part in mixtures(self.network.stage(-1), found)]
        one_each = zip(*parts, strict=True)
        return tuple(LearnedPosterior(self.task.law, frame.of(i), *each) for i, each in enumerate(one_each))

    def transports(self, frame: Frame, found: NDArray[np.float32]) -> tuple[Transport, ...]:
        """Return the flows to the posteriors of traces from their frame and features."""
        with torch.inference_mode():
            embedding = self.network.transport.embedding(torch.from_numpy(found))
        of_each = embedding.clone().split(1)
        return tuple(Transport(self.network.transport, each, frame.of(i)) for i, each in enumerate(of_each))

    def save(self, folder: Path) -> None:
        """Write NAME.json and NAME.safetensors to folder, each in one step; the weights last, as they need a card."""
        card = {**self.card, "recipe": asdict(self.recipe)}
        write_weights(folder, self.name, card, save_tensors(self.network.state_dict()))


def posterior_map(
    name: str, recipe: PosteriorRecipe, weights: Mapping[str, torch.Tensor], card: Mapping[str, Any]
) -> PosteriorMap:
    """Return the map with these weights; raises ValueError where they do not fit its recipe."""
    base = load_inverse_map(recipe.base)
    if not can_learn_posterior(base.recipe.task) or not base.recipe.gives_covariance:
        raise ValueError(f"The map {recipe.base} gives no Gaussian of two parameters, with which a posterior begins.")
    network = with_weights(lambda: PosteriorNetwork(base.recipe.task, recipe), weights, name)
    return PosteriorMap(name, recipe, base, network, card)


def available_posterior_maps(folder: Path = POSTERIORS) -> tuple[str, ...]:
    """Return the names of the maps in folder, by default of the shipped ones, in alphabetical order."""
    return available_inverse_maps(folder)


def load_posterior_map(name: str, folder: Path = POSTERIORS) -> PosteriorMap:
    """Load a map by its name; raises ValueError with a sentence where a file is missing, too large or not valid."""
    names = available_posterior_maps(folder)
    if name not in names:
        raise ValueError(f"There is no learned posterior {name!r}; there are {', '.join(names) or 'none'}.")
    weights_path, card_path = folder / f"{name}.safetensors", folder / f"{name}.json"
    try:
        if weights_path.stat().st_size > MAX_FILE_BYTES or card_path.stat().st_size > MAX_CARD_BYTES:
            raise ValueError(f"The files of {name} are larger than any map's of this laboratory.")
        card, weights = read_json(card_path), read_weights(weights_path)
    except OSError:
        raise ValueError(f"The files of the map {name} cannot be read.") from None
    return posterior_map(name, _recipe_from(card.get("recipe"), name), weights, card)


def _recipe_from(content: Any, name: str) -> PosteriorRecipe:
    fields = set(PosteriorRecipe.__dataclass_fields__)
    if not isinstance(content, dict) or content.keys() != fields or not isinstance(content["simulations"], list):
        raise ValueError(f"The card of {name} has no recipe of a learned posterior.")
    return PosteriorRecipe(**{**content, "simulations": tuple(content["simulations"])})
