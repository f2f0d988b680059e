"""The verdict on data in a sentence: does the model explain them, and how far are they from it?"""

from core.estimate import GoodnessOfFit, Outcome
from dashboard.wording.numbers import fixed, times

NO_NOISE = 0.05  # of the noise: residuals below it are those of clean data
TOO_QUIET = 0.7  # of the noise: residuals below it show a noise that is smaller than what was set


def verdict(fit: GoodnessOfFit) -> str:
    """Say whether the best fit explains the data, and how large its residuals are."""
    if fit.outcome == Outcome.UNEXPLAINED:
        return f"No parameters explain these data: the best fit leaves residuals {_ratio(fit)} times the noise."
    if fit.residual_ratio < NO_NOISE:
        return "These data fit the model: residuals far below the noise."
    return f"These data fit the model: residuals {_ratio(fit)} times the noise."


def _ratio(fit: GoodnessOfFit) -> str:
    return fixed(fit.residual_ratio, 1) if fit.residual_ratio < 10 else times(fit.residual_ratio)


def about_small_residuals(fit: GoodnessOfFit) -> str:
    """Say that the noise of the sidebar is too large where the residuals are far below it, or return ""."""
    if not fit.residual_ratio < TOO_QUIET:
        return ""
    if fit.residual_ratio < NO_NOISE:
        return "The data have next to no noise: set σ of the sidebar far lower, or each ± is too large."
    return f"The noise of the data is smaller than σ of the sidebar: multiply σ by {fixed(fit.residual_ratio, 2)}."


def about_likeness(score: float) -> str:
    """Say that a trace is like those that a map was trained on; score: its out-of-distribution score, at most 1."""
    return f"This trace looks like its training traces (score {fixed(score, 1)}; strange above 1)."
