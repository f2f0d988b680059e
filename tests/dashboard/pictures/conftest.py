"""What the tests of several pictures share."""

import pytest

from core.experiments import records
from core.experiments.records import Measurement, Result


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Return a function that stores an experiment, in a folder that holds no other."""
    monkeypatch.setattr(records, "RESULTS", tmp_path)

    def store(name, settings, measurements):
        found = tuple(Measurement(key, value) for key, value in measurements.items() if value is not None)
        records.store(name, Result(f"About {name}.", settings, found))

    return store
