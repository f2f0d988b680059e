import stat
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from cryptography.fernet import Fernet

from dashboard.maps import use_runs
from dashboard.scene.address import to_address
from dashboard.scene.experiment import Experiment
from dashboard.seal import opened, sealed
from dashboard.sealed_address import FOREIGN, from_sealed_address, to_sealed_address

HIDDEN = Experiment(theta0=0.317_283_9, theta1=0.582_951_6, zeta=-0.271, gamma=4.187, hidden=True)


def test_a_truth_that_is_seen_travels_as_it_is(runs):
    seen = replace(HIDDEN, hidden=False)
    assert to_sealed_address(seen) == to_address(seen)
    assert from_sealed_address(to_address(seen)) == (seen, ())


def test_a_hidden_truth_travels_encrypted(runs):
    address = to_sealed_address(HIDDEN)
    assert not {"theta0", "theta1", "zeta", "gamma"} & parse_qs(address).keys()
    for digits in ("317", "582", "271", "187"):
        assert digits not in address.partition("truth=")[0]
    assert from_sealed_address(address) == (HIDDEN, ())
    assert to_sealed_address(HIDDEN) == address


def test_an_address_that_is_changed_by_hand_keeps_the_truth_hidden(runs):
    address = to_sealed_address(HIDDEN)
    for changed in (address.replace("hidden=1", "hidden=0"), address.replace("axis_x=theta0", "axis_x=zeta")):
        assert changed != address
        experiment, _ = from_sealed_address(changed)
        assert experiment.hidden
        assert not {"theta0", "theta1", "zeta", "gamma"} & parse_qs(to_sealed_address(experiment)).keys()


def test_a_server_with_another_key_says_that_it_cannot_open_it(runs, tmp_path):
    address = to_sealed_address(HIDDEN)
    other = tmp_path / "other"
    other.mkdir()
    use_runs(other)
    experiment, sentences = from_sealed_address(address)
    assert sentences == (FOREIGN,)
    assert (experiment.theta0, experiment.theta1, experiment.zeta) == (0.4, 0.4, -0.4)
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


def test_what_could_not_be_read_again_is_not_sealed(runs):
    with pytest.raises(ValueError, match=r"longer than the 100,000 bytes"):
        sealed("truth", "a" * 100_000)
    assert opened("truth", sealed("truth", "σ" * 49_000)) == "σ" * 49_000
