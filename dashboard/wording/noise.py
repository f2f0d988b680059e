"""What the data say about the noise, and what an assumption about it does."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from core.estimate import Estimate
from core.maps.differences_from_training import listed
from core.posterior.exact import Posterior
from core.published import SAMPLING_INTERVAL
from dashboard.wording.numbers import compact, fixed, sds, times, with_sd

ALIKE = 1.2  # ratio of two areas that count as the same
CHANCE = 0.05  # of the lags of white noise lie outside their band
FAR_OFF = 3.0  # standard deviations between an assumed noise and what the data say

Array = NDArray[np.float64]


def about_least_sigma(least: float) -> str:
    """Say with which noise a posterior is drawn where there is none; least: its σ in ms."""
    return f"Without noise the posterior is a point: it is drawn for σ = {compact(least)} ms."


ABOUT_NOISE_LEFT = (
    "σ and ρ of the noise are estimated from the residuals of the best fit: σ/Δt is their sd, and ρ the correlation of "
    "neighbouring samples. ± is one sd of what these residuals leave open."
)


def about_noise_left(noise: Estimate, explained: bool) -> str:
    """Say what the residuals of the best fit tell of the noise; noise: of (rho, sigma [ms])."""
    assert noise.covariance is not None
    rho, sigma = (with_sd(*each) for each in zip(noise.mean[0], sds(noise.covariance[0]), strict=True))
    said = f"σ = {sigma} ms, ρ = {rho}."
    return f"Noise: {said}" if explained else f"If all that is left were noise, it would have {said}"


def about_other_noise(given: tuple[float, float], noise: Estimate) -> str:
    """Say which of σ and ρ of the sidebar, (ρ, σ [ms]), are not those of the data; noise: estimated."""
    far = _far_off(given, noise)
    return f"The sidebar has another {listed(far)}: set it to the estimate, or each ± is off." if far else ""


def about_noise(found: Posterior) -> str:
    """Say what the data made of a noise that was not known."""
    sigma, rho = found.problem.noise[0].marginal_sd * SAMPLING_INTERVAL, found.problem.noise[0].rho
    return (
        "σ and ρ of the sidebar are not used: both are integrated out. The data themselves put σ at about "
        f"{fixed(sigma, 3)} ms and ρ at {fixed(rho, 2)}."
    )


def about_noise_models(ratio: float, rho: float, held: tuple[float, float] | None) -> str:
    """Say what taking the noise as white does; ratio: area of the AR(1) region over that of the white one.

    held: the mass of all that is more probable than the truth under AR(1) and white.
    """
    if rho == 0:
        return "With ρ = 0 the noise is white, and both models are the same."
    text = "Taken as white, the same data give "
    if ratio > ALIKE:
        text += f"a 90 % region {times(ratio)} times smaller: overconfident."
    elif ratio < 1 / ALIKE:
        text += f"a 90 % region {times(1 / ratio)} times larger: what the correlation tells is thrown away."
    else:
        text += "a 90 % region of about the same area, in another place."
    if held is None:
        return text
    coloured, white = (mass <= 0.9 for mass in held)
    if coloured == white:
        return f"{text} Both regions {'hold' if white else 'miss'} the truth."
    return f"{text} The {'AR(1)' if coloured else 'white'} region holds the truth, the other misses it."


def about_residuals(lags: tuple[Array, Array], n_times: int) -> str:
    """Say which noise model the data speak for; lags: the whitened residual's autocorrelation (n_lags + 1,) under each.

    The order is AR(1) and white. For white noise of n samples an autocorrelation has an sd of 1/√n.
    """
    half = 1.96 / np.sqrt(n_times)
    coloured, white = (int(np.sum(np.abs(each[1:]) > half)) for each in lags)
    n = lags[0].size - 1
    text = (
        "What is left of the data after the right noise model is unpredictable. "
        f"White leaves {white} of {n} lags outside the band of chance, AR(1) {coloured}; chance leaves about "
        f"{compact(CHANCE * n, 1)}"
    )
    most = binom.ppf(0.999, n, CHANCE)
    wrong = [name for name, count in (("white", white), ("AR(1)", coloured)) if count > most]
    return f"{text}: {' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} wrong." if wrong else f"{text}."


def about_given_noise(given: tuple[float, float], joint: Estimate) -> str:
    """Say where the noise that is assumed, (ρ, σ [ms]), is not what the data say; joint: with it in the last places."""
    far = _far_off(given, joint)
    if not far:
        return ""
    return (
        f"The data themselves say another {listed(far)} than is assumed: set the sidebar to it, or untick “noise "
        "known”."
    )


def _far_off(given: tuple[float, float], joint: Estimate) -> list[str]:
    """Return the symbols of (ρ, σ [ms]), the last ones of an estimate, that are given far from it."""
    if joint.covariance is None:
        return []
    off = np.abs(joint.mean[0, -2:] - given) / sds(joint.covariance[0])[-2:]
    return [symbol for symbol, distance in zip(("ρ", "σ"), off, strict=True) if distance > FAR_OFF]
