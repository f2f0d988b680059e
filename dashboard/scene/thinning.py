"""Thin a long recording to the number of samples that can be fitted."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from core.problem.observation import equally_spaced
from dashboard.wording.numbers import count

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
    kept, filtered, unfiltered = {"time": times[::k]}, [], {}
    for state, values in recording.items():
        if state == "time":
            continue
        if equal and not np.any(np.isnan(values)):
            # Beyond its ends the state goes on along the line through them, so that it does not fall to zero there.
            kept[state] = resample_poly(values, 1, k, padtype="line")
            filtered.append(state)
            continue
        kept[state] = values[::k]
        if not np.all(np.isnan(values)):
            unfiltered[state] = f"{state} has gaps" if equal else "the samples are not equally far apart"
    every = f"Every {'second' if k == 2 else 'third' if k == 3 else f'{k}th'} is kept"
    without = f"without a filter because {' and '.join(dict.fromkeys(unfiltered.values()))}"
    if not filtered:
        return kept, f"{every}, {without}."
    cut_off = 500 / (kept["time"][1] - kept["time"][0])
    said = (
        f"{every} after an anti-aliasing filter (a Kaiser-windowed low-pass at {count(cut_off)} Hz): σ and ρ are those "
        "of the noise that it leaves."
    )
    if unfiltered:
        said += f" The filter is that of {filtered[0]}; {' and '.join(unfiltered)} is kept {without}."
    return kept, said
