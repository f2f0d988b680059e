"""A learned inverse map: it estimates parameters from traces, and is stored as safetensors with a JSON card."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import nn

from core.checks import with_gaps
from core.estimate import Estimate, Finding, Remark, remark
from core.files import write_weights
from core.learning.networks.network import predict
from core.learning.training_settings import MeanAndCovariance
from core.maps.card import freedom, learned_steps, read_card
from core.maps.differences_from_training import Difference, listed, not_trained_for
from core.maps.gauss_newton_step import Refined, learned_steps_of, network_of
from core.maps.inputs import TraceInputs, as_columns
from core.maps.local_gaussian_labels import from_targets
from core.maps.mending import mended
from core.maps.range_of_training import differences, expected_of
from core.maps.recipe import Recipe
from core.maps.recipe_file import recipe_as_json
from core.priors import shape_sentence
from core.published import SAMPLING_INTERVAL
from core.symbols import symbol_of

PRETRAINED = Path(__file__).resolve().parents[2] / "pretrained"
LABELLED = PRETRAINED / "labelled"  # the shipped maps that learned mean and covariance from labels
PLANTED = PRETRAINED / "planted"  # the shipped maps with a deliberate fault each
MAX_FILE_BYTES = 10 * 2**20
MAX_OBSERVED = 1e6  # traces, and parameters told, are clipped here; beyond, all are equally far from the training
# Of weights, by what their names end with: calibration factors, scales and centres of a learned step's features.
RANGES = {"spread": (1e-4, 1e4), "scale": (1e-4, 1e9), "centre": (-1e9, 1e9)}
USUAL_RANGE = (-1e4, 1e4)  # of all others, so that no sum of a network overflows
MIN_SD_WIDTHS = 1e-6  # smallest sd of an estimate in any direction, in widths of the prior's box; the largest is one


Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, eq=False)
class InverseMap:
    """A trained network with its recipe and its card.

    card: the content of the JSON file beside the weights, including the recipe.
    """

    name: str
    recipe: Recipe
    network: nn.Module
    card: Mapping[str, Any]

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The parameters that the map estimates."""
        return self.recipe.task.names

    @property
    def times(self) -> NDArray[np.float64]:
        """The time grid, (n_times,) in ms, of the longest traces that the map takes."""
        return self.recipe.task.times

    @property
    def fingerprint(self) -> str:
        """A hash of the weights and of the reference of the out-of-distribution score."""
        reference = json.dumps(self.card.get("novelty"), sort_keys=True).encode()
        return hashlib.sha256(save_tensors(self.network.state_dict()) + reference).hexdigest()[:16]

    def takes(self, times: NDArray[np.float64]) -> bool:
        """Return whether these times are the map's own time grid, or for a map of windows one of its windows."""
        fewest, most = self.recipe.task.n_times
        if not fewest <= len(times) <= most:
            return False
        return bool(np.max(np.abs(times - self.times[: len(times)])) <= 1e-6)

    def predict(self, data: ArrayLike, known: ArrayLike | None = None) -> Estimate:
        """Estimate the parameters of traces, (n, n_times).

        known: (n, k), the model's parameters that the map does not estimate, in the order of `Task.known_names`; for
        FitzHugh–Nagumo ζ and γ. A map that is told some of them needs all. For others, a remark on the estimate warns
        where they differ from those of the training.
        Raises ValueError for traces of another length, for numbers that are not finite, and where known is missing.
        """
        task, data = self.recipe.task, with_gaps(data)
        fewest, most = task.n_times
        if data.ndim != 2 or not fewest <= data.shape[1] <= most:
            lengths = f"{fewest:,} to {most:,}" if task.has_window else f"{most}"
            raise ValueError(
                f"The map {self.name} takes traces of {lengths} samples, {SAMPLING_INTERVAL} ms apart, as an "
                f"array (n, {'n_times' if task.has_window else most}); it was given one of shape {data.shape}."
            )
        if not np.all(np.isfinite(data)):
            raise ValueError(f"The map {self.name} takes finite numbers only: fill the gaps in the trace first.")
        constants = self._known(len(data), known)
        different = np.unique(constants, axis=0).tolist()
        sentences = {self.outside(parameters=dict(zip(task.known_names, row, strict=True))) for row in different}
        remarks = tuple(remark(Finding.NOT_TRAINED_FOR, what=sentence) for sentence in sorted(sentences - {""}))
        traces = np.zeros((len(data), most), np.float32)
        traces[:, : data.shape[1]] = np.clip(data, -MAX_OBSERVED, MAX_OBSERVED)
        given = [] if task.given is None else [task.known_names.index(name) for name in task.given.names]
        told = np.clip(constants[:, given], -MAX_OBSERVED, MAX_OBSERVED) if given else np.empty((len(data), 0))
        return self.estimate(TraceInputs(traces, told, np.full(len(data), data.shape[1])), remarks)

    def _known(self, n: int, known: ArrayLike | None) -> NDArray[np.float64]:
        """Return the known parameters of n traces, (n, k), or (0, k) where none are given and none are needed."""
        task = self.recipe.task
        if known is None:
            if task.given is not None:
                symbols = listed([symbol_of(name) for name in task.given.names])
                raise ValueError(f"The map {self.name} is told {symbols} of each trace: pass them as known.")
            return np.empty((0, len(task.known_names)))
        constants = np.atleast_2d(np.asarray(known, dtype=float))
        if constants.shape[1:] != (len(task.known_names),) or len(constants) not in (1, n):
            raise ValueError(shape_sentence(task.known_names, constants.shape))
        if not np.all(np.isfinite(constants)):
            symbols = listed([symbol_of(name) for name in task.known_names])
            raise ValueError(f"The map {self.name} takes finite values of {symbols} only.")
        positive = {quantity.name for quantity in task.model.parameters if quantity.positive}
        for name, values in zip(task.known_names, constants.T, strict=True):
            if task.given is not None and name in positive and np.any(values <= 0):
                raise ValueError(f"The map {self.name} takes values of {symbol_of(name)} above zero only.")
        return np.broadcast_to(constants, (n, len(task.known_names)))

    def estimate(self, inputs: TraceInputs, remarks: tuple[Remark, ...] = ()) -> Estimate:
        """Estimate the parameters of traces whose lengths may differ."""
        mean, covariance = self._by_network(inputs)
        if covariance is not None and learned_steps_of(self.network):
            mean, covariance = mended(self.recipe.task, inputs, mean, covariance)
        if covariance is not None:
            widths = np.outer(self.recipe.task.widths, self.recipe.task.widths)
            covariance = _bounded(covariance / widths) * widths
        return Estimate(mean, covariance, self.parameter_names, remarks, freedom=freedom(self.card))

    def _by_network(self, inputs: TraceInputs) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return the means, (n, p), and covariances, (n, p, p), that the network gives."""
        task = self.recipe.task
        scaled, covariance = predict(self.network, as_columns(task, inputs))
        if isinstance(self.recipe.head, MeanAndCovariance):
            return from_targets(task, scaled)
        lower, upper = task.law.bounds.T
        mean = np.clip(task.unscale(scaled), lower, upper)
        if covariance is not None:
            covariance = covariance * np.outer(upper - lower, upper - lower)
        return mean, covariance

    def differences(
        self,
        times: NDArray[np.float64] | None = None,
        parameters: Mapping[str, float] = MappingProxyType({}),
        rho: float | None = None,
        sigma: float | None = None,
    ) -> tuple[Difference, ...]:
        """List how a trace differs from the map's training data. Arguments left out are not compared.

        parameters: true or known values of the trace's parameters, by name.
        rho, sigma [ms]: of the trace's noise; sigma = 0 for a clean trace.
        """
        found = []
        task = self.recipe.task
        if times is not None and not self.takes(times):
            fewest, most = task.n_times
            lengths = f"{fewest:,} to {most:,}" if task.has_window else f"{most:,}"
            found.append(Difference("this time grid", f"trained on {lengths} samples {SAMPLING_INTERVAL} ms apart"))
        return (*found, *differences(task, parameters, rho, sigma))

    def outside(self, **trace: Any) -> str:
        """Return a sentence that lists the `differences` of a trace, or "" where there are none."""
        differences = self.differences(**trace)
        return not_trained_for([self.name], differences) if differences else ""

    def expected(self, **trace: Any) -> tuple[str, ...]:
        """Return the properties that the map expects of a trace; () where noise and true parameters are given.

        The arguments are those of `differences`.
        """
        return expected_of(self.recipe.task, trace)

    def save(self, folder: Path) -> None:
        """Write NAME.json and NAME.safetensors to folder, each in one step; the weights last, as they need a card."""
        card = {**self.card, "recipe": recipe_as_json(self.recipe)}
        write_weights(folder, self.name, card, save_tensors(self.network.state_dict()))


def _bounded(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Limit the sds of covariances, (n, p, p), of scaled parameters in every direction, whatever the trace is."""
    variances, directions = np.linalg.eigh(covariance)
    sensible = np.clip(variances, MIN_SD_WIDTHS**2, 1.0)
    changed = np.any(variances != sensible, axis=1)
    scaled = directions[changed] * sensible[changed, None, :]
    bounded = covariance.copy()
    bounded[changed] = scaled @ directions[changed].transpose(0, 2, 1)
    return bounded


def with_weights(build: Callable[[], Network], weights: Mapping[str, torch.Tensor], name: str) -> Network:
    """Return the network that build makes with copies of weights, ready to be asked; name: of its map.

    Raises ValueError where the weights do not fit that network.
    """
    # Built without memory first, so that a wrong recipe cannot claim more memory than the weights need.
    with torch.device("meta"):
        network = build()
    copies = {key: tensor.detach().cpu().clone() for key, tensor in weights.items()}
    try:
        network.load_state_dict(copies, assign=True)
    except RuntimeError:
        raise ValueError(f"The weights of {name} do not fit the network of its recipe.") from None
    network.requires_grad_(False)
    network.eval()
    return network


def inverse_map(name: str, recipe: Recipe, weights: Mapping[str, torch.Tensor], card: Mapping[str, Any]) -> InverseMap:
    """Return the map with these weights, and with the learned steps that its card or else its recipe names.

    Raises ValueError where the weights do not fit that network.
    """
    if any(key.startswith("step.") for key in weights):
        raise ValueError(f"The learned step of {name} is one of an earlier version: train the map again.")
    network = with_weights(lambda: network_of(recipe, learned_steps(card, recipe)), weights, name)
    return InverseMap(name, recipe, network, {**card, "recipe": recipe_as_json(recipe)})


def available_inverse_maps(folder: Path = PRETRAINED) -> tuple[str, ...]:
    """Return the names of the maps in folder, by default of the shipped ones, in alphabetical order."""
    return tuple(sorted(path.stem for path in folder.glob("*.safetensors") if path.with_suffix(".json").exists()))


def load_inverse_map(name_or_path: str | Path) -> InverseMap:
    """Load a shipped map by name, or any map by the path of its safetensors file, which has its JSON card beside it.

    Raises ValueError with a sentence that names the file: where a file is missing, truncated, too large, of another
    kind or unreadable, where the weights do not fit the card, and where weights or estimates are not finite.
    """
    path = Path(name_or_path)
    if path.suffix != ".safetensors":
        names = available_inverse_maps()
        if str(name_or_path) not in names:
            raise ValueError(f"There is no inverse map {str(name_or_path)!r}; there are {', '.join(names) or 'none'}.")
        path = PRETRAINED / f"{name_or_path}.safetensors"
    try:
        if not path.is_file():
            raise ValueError(f"There is no model file {path.name}.")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"{path.name} is larger than 10 MB, which no map of this laboratory is.")
        card, recipe = read_card(path.with_suffix(".json"))
        weights = read_weights(path)
    except OSError:
        raise ValueError(f"The files of the map {path.stem} cannot be read.") from None
    loaded = inverse_map(path.stem, recipe, weights, card)
    if not _gives_finite_estimates(loaded):
        raise ValueError(f"The weights in {path.name} give estimates that are not finite: copy or train it again.")
    return loaded


def _gives_finite_estimates(loaded: InverseMap) -> bool:
    """Return whether the estimates of traces of all sizes are finite."""
    given, n = loaded.recipe.task.given, loaded.times.size
    square_wave = np.sign(np.sin(0.1 * np.arange(n)))
    traces = np.multiply.outer([1.0, 0.0, MAX_OBSERVED, -MAX_OBSERVED], square_wave).astype(np.float32)
    inputs = TraceInputs(traces, np.tile(() if given is None else given.mean, (4, 1)), np.full(4, n))
    tried = [(loaded, inputs)]
    if isinstance(loaded.network, Refined):  # a learned step simulates, which can take long in a wide box: one trace
        one = TraceInputs(inputs.traces[:1], inputs.given[:1], inputs.lengths[:1])
        tried = [(replace(loaded, network=loaded.network.first), inputs), (loaded, one)]
    try:
        with np.errstate(all="ignore"):
            estimates = [part for each, traces in tried for part in each._by_network(traces) if part is not None]
    except np.linalg.LinAlgError:
        return False
    return all(bool(np.all(np.isfinite(part))) for part in estimates)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file; raises ValueError where they are not weights of a map."""
    try:
        weights = load_tensors(path.read_bytes())
    except (SafetensorError, ValueError, KeyError):
        raise ValueError(f"{path.name} is truncated or not a safetensors file: copy or train it again.") from None
    if any(tensor.dtype != torch.float32 for tensor in weights.values()):
        raise ValueError(f"The weights in {path.name} are not numbers in single precision, as those of a map are.")
    if not all(bool(tensor.isfinite().all()) for tensor in weights.values()):
        raise ValueError(f"{path.name} holds weights that are not finite: copy or train it again.")
    for key, tensor in weights.items():
        low, high = RANGES.get(key.split(".")[-1], USUAL_RANGE)
        if not bool(((tensor >= low) & (tensor <= high)).all()):
            raise ValueError(f"{path.name} holds weights as no training leaves them: copy or train it again.")
    return weights
