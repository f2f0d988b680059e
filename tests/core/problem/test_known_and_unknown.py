from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.model import Quantity
from core.priors import TruncatedGaussian
from core.problem.known_and_unknown import Values, box_of, frozen_step

TIMES = np.linspace(0.0, 20.0, 21)


def points_of(p):
    """Return the unknowns, (n, p), for which a model of p parameters is asked for a step, and their bounds (2, p)."""
    asked = []

    def recorded(parameters, times, initial_state, tolerance):
        asked.append(parameters.reshape(-1, p))
        return 0.5

    names = tuple(f"a{i}" for i in range(p))
    bounds = np.array([-1.0 - np.arange(p), 1.0 + np.arange(p)])
    parameters = tuple(Quantity(name, name, name, "", -20.0, 20.0, 0.0) for name in names)
    model = replace(FITZHUGH_NAGUMO, name="test", parameters=parameters, frozen_step=recorded)
    prior = TruncatedGaussian(names, (0.0,) * p, (1.0,) * p, tuple(bounds[0]), tuple(bounds[1]))
    assert frozen_step(box_of(Values(model, names, {}), prior, TIMES, 0.1)) == 0.5
    return asked[0], bounds


@pytest.mark.parametrize("p", [2, 5])
def test_a_frozen_step_suits_a_grid_over_a_few_unknowns(p):
    points, bounds = points_of(p)
    expected = set(product(*np.linspace(*bounds, 5).T))
    assert len(points) == len(expected)
    assert set(map(tuple, points)) == expected


@pytest.mark.parametrize("p", [6, 9, 11])
def test_a_frozen_step_suits_the_corners_and_a_few_thousand_points_over_many_unknowns(p):
    """Of an even spread a quarter lies in each quarter of an axis."""
    points, bounds = points_of(p)
    assert len(points) <= 4096
    corners = set(product(*bounds.T))
    assert corners <= set(map(tuple, points))
    assert np.all((points >= bounds[0]) & (points <= bounds[1]))
    inside = (points[len(corners) :] - bounds[0]) / (bounds[1] - bounds[0])
    for axis in inside.T:
        assert np.bincount((axis * 4).astype(int), minlength=4) == pytest.approx(len(inside) / 4, abs=1)


def test_a_model_that_needs_no_step_is_asked_for_none():
    names = FITZHUGH_NAGUMO.names
    model = replace(FITZHUGH_NAGUMO, name="test", frozen_step=None)
    prior = TruncatedGaussian(names, (0.0,) * 6, (1.0,) * 6, (-1.0,) * 6, (1.0,) * 6)
    assert frozen_step(box_of(Values(model, names, {}), prior, TIMES, 0.1)) is None
