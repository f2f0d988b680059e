import pytest

from core.estimate import GoodnessOfFit, Outcome
from dashboard.wording.verdict import about_small_residuals, verdict


@pytest.mark.parametrize(
    ("ratio", "outcome", "sentence"),
    [
        (0.98, Outcome.EXPLAINED, "These data fit the model: residuals 1.0 times the noise."),
        (0.2, Outcome.EXPLAINED, "These data fit the model: residuals 0.2 times the noise."),
        (0.001, Outcome.EXPLAINED, "These data fit the model: residuals far below the noise."),
        (
            4.66,
            Outcome.UNEXPLAINED,
            "No parameters explain these data: the best fit leaves residuals 4.7 times the noise.",
        ),
        (
            225.7,
            Outcome.UNEXPLAINED,
            "No parameters explain these data: the best fit leaves residuals 230 times the noise.",
        ),
    ],
)
def test_the_verdict_says_whether_the_model_explains_the_data_and_how_far_it_is_off(ratio, outcome, sentence):
    assert verdict(GoodnessOfFit(ratio, outcome)) == sentence


def test_residuals_far_below_the_noise_are_told_as_a_noise_that_is_too_large():
    assert about_small_residuals(GoodnessOfFit(1.0, Outcome.EXPLAINED)) == ""
    assert about_small_residuals(GoodnessOfFit(float("nan"), Outcome.EXPLAINED)) == ""
    assert "multiply σ by 0.25." in about_small_residuals(GoodnessOfFit(0.25, Outcome.EXPLAINED))
