"""Thin a long recording to the number of samples that can be fitted."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from dashboard.observation import equally_spaced

MAX_SAMPLES = 5000

Array = NDArray[np.float64]


def thinned(recording: Mapping[str, Array]) -> tuple[dict[str, Array], str]:
    """Return every k-th sample of time, u and v, (n_samples,) each, and what was done in a sentence, "" for nothing.

    k is the least that leaves 5,000 samples. A state at equal steps without a gap goes through a low-pass filter first
    (`scipy.signal.resample_poly`: linear phase, a Kaiser window, cut off at half the new sampling rate), so that faster
    noise does not fold into the samples that stay; one with gaps or at unequal steps cannot be filtered.
    """
    times = recording["time"]
    k = -(-times.size // MAX_SAMPLES)
    if k == 1:
        return dict(recording), ""
    equal = equally_spaced(times)
    kept = {"time": times[::k]}
    for state, values in recording.items():
        if state != "time":
            can_be_filtered = equal and not np.any(np.isnan(values))
            # Beyond its ends the state goes on along the line through them, so that it does not fall to zero there.
            kept[state] = resample_poly(values, 1, k, padtype="line") if can_be_filtered else values[::k]
    every = f"Every {'second' if k == 2 else 'third' if k == 3 else f'{k}th'} is kept"
    if np.array_equal(kept["u"], recording["u"][::k], equal_nan=True):
        why = "u has gaps" if equal else "the samples are not equally far apart"
        return kept, f"{every}, without a filter because {why}."
    cut_off = 500 / (kept["time"][1] - kept["time"][0])
    return kept, (
        f"{every} after an anti-aliasing filter (a Kaiser-windowed low-pass at {cut_off:,.0f} Hz): σ and ρ are those "
        "of the noise that it leaves."
    )
