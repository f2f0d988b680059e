import numpy as np
import pytest

from core.estimate import GoodnessOfFit, Outcome
from core.posterior.profile import Profile
from dashboard.wording.profiles import about_profile


@pytest.mark.parametrize(
    ("interval", "fragment"),
    [
        ((0.39, 0.41), "identifiable: 0.3900 to 0.4100 at 95 %."),
        ((None, 0.41), "bounded above only: at 95 % below 0.410."),
        ((0.39, None), "bounded below only: at 95 % above 0.390."),
        ((None, None), "not identifiable: no 95 % bound"),
    ],
)
def test_a_profile_is_put_in_words(interval, fragment):
    fits = GoodnessOfFit(1.0, Outcome.EXPLAINED)
    assert fragment in about_profile(Profile("theta0", np.zeros(2), np.zeros(2), interval, fits))
