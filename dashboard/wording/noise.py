"""What the data say about the noise, and what an assumption about it does."""

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.maps.differences_from_training import listed
from core.posterior.exact import Posterior
from core.published import SAMPLING_INTERVAL
from dashboard.wording.numbers import compact, fixed, sds, times

FAR_OFF = 3.0  # standard deviations between an assumed noise and what the data say

Array = NDArray[np.float64]


def about_noise(found: Posterior) -> str:
    """Say what the data made of a noise that was not known."""
    sigma, rho = found.problem.noise[0].marginal_sd * SAMPLING_INTERVAL, found.problem.noise[0].rho
    return (
        "σ and ρ of the sidebar are not used: both are integrated out, and the data themselves put them at about "
        f"{fixed(sigma, 3)} ms and {fixed(rho, 2)}."
    )


def about_noise_models(
    ratio: float, rho: float, held: tuple[float, float] | None, lags: tuple[Array, Array], n_times: int
) -> str:
    """Say what taking the noise as white does; ratio: area of the AR(1) region over that of the white one.

    held: the mass of all that is more probable than the truth under AR(1) and white; lags: the autocorrelation
    (n_lags + 1,) of the whitened residual under each.
    """
    if rho == 0:
        return "With ρ = 0 the noise is white, and both models are the same."
    if ratio > 1.1:
        text = (
            f"Taken as white, the same data give a 90 % region of 1/{times(ratio)} of the area: overconfident, since "
            "neighbouring errors are alike and tell less than as many independent ones."
        )
    elif ratio < 1 / 1.1:
        text = (
            f"Taken as white, the same data give a 90 % region {times(1 / ratio)} times as large: what the correlation "
            "of the errors tells is thrown away."
        )
    else:
        text = "Taken as white, the same data give a 90 % region of about the same area, in another place."
    if held is not None:
        coloured, white = (mass <= 0.9 for mass in held)
        if coloured == white:
            text += f" Both regions {'hold' if white else 'miss'} the truth."
        else:
            text += f" The {'AR(1)' if coloured else 'white'} region holds the truth, the other misses it."
    half = 1.96 / np.sqrt(n_times)
    beyond = [int(np.sum(np.abs(each[1:]) > half)) for each in lags]
    n = lags[0].size - 1
    return text + (
        f" The whitened residual judges between the models without the truth: of {n} lags, {beyond[1]} leave the band "
        f"under the white one and {beyond[0]} under AR(1), where chance alone puts about {compact(0.05 * n, 1)}."
    )


def about_given_noise(given: tuple[float, float], joint: Estimate) -> str:
    """Say where the noise that is assumed, (ρ, σ [ms]), is not what the data say; joint: with it in the last places."""
    if joint.covariance is None:
        return ""
    off = np.abs(joint.mean[0, -2:] - given) / sds(joint.covariance[0])[-2:]
    far = [symbol for symbol, distance in zip(("ρ", "σ"), off, strict=True) if distance > FAR_OFF]
    if not far:
        return ""
    return (
        f" The data themselves say another {listed(far)} than is assumed: set the sidebar to it, or untick “noise "
        "known”."
    )
