"""Maps as ONNX files, run by ONNX Runtime, against what they estimate here."""

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from core.learning.training_settings import Adam, Residual, TimeSeriesAndSpectrum
from core.maps.dataset import TRAINING_STREAM, dataset
from core.maps.gauss_newton_step import Refined
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import PRETRAINED, inverse_map, load_inverse_map
from core.maps.learned_posterior.posterior_map import POSTERIORS
from core.maps.onnx_file import onnx_of
from core.maps.recipe_file import recipe_from_json
from core.maps.recipes import best_recipe
from core.maps.untrained_network import untrained_network

N = 40
NO_MAPS = (POSTERIORS, PRETRAINED / "optimiser", PRETRAINED / "surrogates")  # folders of other networks
SHIPPED = sorted(path for path in PRETRAINED.rglob("*.safetensors") if path.parent not in NO_MAPS)


def check(found):
    """Compare the outputs of a map's file with what its network estimates."""
    task = found.recipe.task
    if isinstance(found.network, Refined):
        found = replace(found, network=found.network.first)
    data = dataset(task, N, TRAINING_STREAM, 1)
    inputs = TraceInputs(data.noisy, data.given, data.lengths)
    content = onnx_of(found)
    session = onnxruntime.InferenceSession(content)
    # What stands behind the end of a window does not count.
    real = np.arange(data.noisy.shape[1]) < data.lengths[:, None]
    asked = {"traces": np.where(real, data.noisy, 7).astype(np.float32)}
    if task.given is not None:
        asked["known"] = data.given.astype(np.float32)
    if task.has_window:
        asked["n_samples"] = data.lengths
    assert {each.name for each in session.get_inputs()} == asked.keys()
    outputs = session.run(None, asked)
    mean, covariance = found._by_network(inputs)
    assert outputs[0] == pytest.approx(mean, abs=2e-5 * np.max(task.widths))
    assert (len(outputs) == 2) == (covariance is not None)
    if covariance is not None:
        sds = np.sqrt(np.einsum("nii->ni", covariance))
        assert outputs[1] / (sds[:, :, None] * sds[:, None, :]) == pytest.approx(
            covariance / (sds[:, :, None] * sds[:, None, :]), abs=2e-3
        )
    return content


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_a_shipped_map_estimates_the_same_by_another_runtime(path):
    content = check(load_inverse_map(path))
    assert len(content) < 10 * 2**20


@pytest.mark.parametrize("inputs", [TimeSeriesAndSpectrum()])
def test_a_residual_network_on_series_and_spectrum(inputs):
    recipe = replace(best_recipe(), inputs=inputs, body=Residual((32,)), learned_steps=0, optimiser=Adam(100))
    weights = {name: each * 1.5 for name, each in untrained_network(recipe).state_dict().items()}
    check(inverse_map("residual", recipe, weights, {}))


def test_the_file_says_what_it_holds():
    found = load_inverse_map("best")
    model = onnx.load_from_string(onnx_of(found))
    told = {each.key: each.value for each in model.metadata_props}
    assert told["parameters"] == "theta0, theta1"
    assert told["learned steps left out"] == str(len(found.network.steps))
    assert recipe_from_json(json.loads(told["recipe"])) == found.recipe
