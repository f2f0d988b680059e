import numpy as np

from core.estimate import Estimate
from dashboard.wording.further import about_cloud, also_reads, answer, in_sds, with_uncertainty

NAMES = ("sigma", "rho")
SURE = Estimate(np.array([[0.0835, 0.823]]), np.diag([0.0043**2, 0.016**2])[None], NAMES)
POINT = Estimate(np.array([[0.0835, 0.823]]), None, NAMES)


def test_an_estimate_has_the_digits_of_its_uncertainty():
    assert with_uncertainty(SURE) == ["0.0835 ± 0.0043", "0.823 ± 0.016"]
    assert with_uncertainty(POINT) == ["0.0835", "0.823"]


def test_the_distance_from_the_truth_is_in_the_map_s_own_sds():
    """(0.0835 − 0.085) / 0.0043 = −0.35 and (0.823 − 0.8) / 0.016 = 1.44."""
    assert in_sds(SURE, (0.085, 0.8)) == ["−0.3", "1.4"]
    assert in_sds(POINT, (0.085, 0.8)) == []


def test_the_answer_says_the_estimate_and_how_far_it_is_off():
    read = "‘joint’ reads σ = 0.0835 ± 0.0043 ms and ρ = 0.823 ± 0.016 from the trace"
    assert answer("joint", SURE, (0.085, 0.8)) == f"{read}: 0.3 and 1.4 of its sds off the truth."
    assert answer("joint", SURE, None) == f"{read}. What the truth is, is not known here."
    assert answer("cnn-joint", POINT, (0.085, 0.8)) == (
        "‘cnn-joint’ reads σ = 0.0835 ms and ρ = 0.823 from the trace: 0.0015 ms in σ and 0.023 in ρ off the truth."
    )


def test_beside_theta_a_map_says_what_else_it_reads():
    theta = Estimate(np.array([[0.4, 0.5]]), None, ("theta0", "theta1"))
    four = Estimate(np.array([[0.4, 0.5, -0.41, 3.1]]), None, ("theta0", "theta1", "zeta", "gamma"))
    assert also_reads(theta) == ""
    assert also_reads(four) == "It also reads ζ = −0.41 and γ = 3.1."


def test_a_cloud_says_how_far_noise_moves_the_estimates():
    """Of the two points (0, 0) and (0.02, 0.4) the sds are 0.01 and 0.2."""
    cloud = np.array([[0.0, 0.0], [0.02, 0.4]])
    assert about_cloud("joint", cloud, SURE) == "Fresh noise moves ‘joint’ ±0.010 ms in σ and ±0.20 in ρ."
