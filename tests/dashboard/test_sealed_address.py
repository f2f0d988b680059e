import stat
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from cryptography.fernet import Fernet

from dashboard.maps import use_runs
from dashboard.scene.address import to_address
from dashboard.scene.experiment import Experiment
from dashboard.sealed_address import FOREIGN, from_sealed_address, to_sealed_address

HIDDEN = Experiment(theta0=0.317_283_9, theta1=0.582_951_6, zeta=-0.271, gamma=4.187, hidden=True)


def test_a_truth_that_is_seen_travels_as_it_is(runs):
    seen = replace(HIDDEN, hidden=False)
    assert to_sealed_address(seen) == to_address(seen)
    assert from_sealed_address(to_address(seen)) == (seen, ())


@pytest.mark.parametrize("axes", [("theta0", "theta1"), ("zeta", "gamma")])
def test_a_hidden_truth_travels_encrypted(runs, axes):
    experiment = replace(HIDDEN, axis_x=axes[0], axis_y=axes[1])
    address = to_sealed_address(experiment)
    assert not {"theta0", "theta1", *axes} & parse_qs(address).keys()
    assert "317" not in address.partition("truth=")[0]
    assert "583" not in address.partition("truth=")[0]
    assert from_sealed_address(address) == (experiment, ())
    assert to_sealed_address(experiment) == address


def test_a_server_with_another_key_says_that_it_cannot_open_it(runs, tmp_path):
    address = to_sealed_address(HIDDEN)
    other = tmp_path / "other"
    other.mkdir()
    use_runs(other)
    experiment, sentences = from_sealed_address(address)
    assert sentences == (FOREIGN,)
    assert (experiment.theta0, experiment.theta1, experiment.zeta) == (0.4, 0.4, -0.271)
    use_runs(runs)
    assert from_sealed_address(address) == (HIDDEN, ())


@pytest.mark.parametrize("token", ["x", "gAAAAA==", "é", "x" * 9000])
def test_a_token_that_none_has_made_ends_in_the_same_sentence(runs, token):
    assert FOREIGN in from_sealed_address(f"hidden=1&truth={token}")[1]


def test_the_key_is_made_once_and_for_its_owner_alone(runs):
    to_sealed_address(HIDDEN)
    path = runs / ".truth-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == len(Fernet.generate_key())
    assert [each.name for each in runs.iterdir()] == [".truth-key"]


def test_a_folder_that_cannot_be_written_still_hides_the_truth(tmp_path, runs):
    use_runs(tmp_path / "missing")
    try:
        address = to_sealed_address(HIDDEN)
        assert from_sealed_address(address) == (HIDDEN, ())
    finally:
        use_runs(runs)
