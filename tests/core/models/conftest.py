"""Both integrators of models that are given by their equations."""

import sys

import pytest


@pytest.fixture(params=["heyoka", "SciPy"])
def backend(request, monkeypatch):
    """Run a test by both integrators; a module that is None in sys.modules cannot be imported."""
    if request.param == "SciPy":
        monkeypatch.setitem(sys.modules, "heyoka", None)
    else:
        pytest.importorskip("heyoka")
    return request.param
