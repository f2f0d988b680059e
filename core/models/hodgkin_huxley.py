"""The Hodgkin–Huxley neuron: the squid's giant axon at 6.3 °C, in the modern sign convention.

    C dV/dt = I − ḡ_Na m³ h (V − E_Na) − ḡ_K n⁴ (V − E_K) − g_L (V − E_L)
    dx/dt = α_x (1 − x) − β_x x = α_x − (α_x + β_x) x    for x = m, h, n

V in mV, time in ms, I in µA/cm², conductances in mS/cm², C in µF/cm², α and β, functions of V, in 1/ms.

The paper measures −(V + 65): V is the inside's potential here, a depolarisation is positive, and the neuron rests at
−65.0 mV. A. L. Hodgkin and A. F. Huxley, A quantitative description of membrane current and its application to
conduction and excitation in nerve, Journal of Physiology 117 (1952): constants of Table 3, rates of equations 12 to 24.

Spikes repeat under a constant current of 6.26 µA/cm² at least, where a stable and an unstable limit cycle merge, and
shrink as the current grows. The fixed point is unstable from 9.78 to 154.5 µA/cm², between a subcritical and a
supercritical Hopf bifurcation. B. Hassard, Journal of Theoretical Biology 71 (1978); J. Rinzel and R. N. Miller,
Numerical calculation of stable and unstable periodic solutions to the Hodgkin–Huxley equations, Mathematical
Biosciences 49 (1980).
"""

from typing import Any

from core.models.model import Quantity
from core.models.taylor_models import taylor_model

CAPACITANCE_UF_CM2 = 1.0
LEAK_MS_CM2 = 0.3
SODIUM_REVERSAL_MV, POTASSIUM_REVERSAL_MV, LEAK_REVERSAL_MV = 50.0, -77.0, -54.387


def rates(state: Any, parameters: Any, functions: Any) -> tuple[Any, Any, Any, Any]:
    """Return dV/dt [mV/ms], dm/dt, dh/dt, dn/dt [1/ms] of the state (V, m, h, n), with (ḡ_Na, ḡ_K, I)."""
    v, m, h, n = state
    sodium, potassium, applied = parameters
    opening_m = functions.exp_linear((v + 40) / 10)
    closing_m = 4 * functions.exp(-(v + 65) / 18)
    opening_h = 0.07 * functions.exp(-(v + 65) / 20)
    closing_h = 1 / (1 + functions.exp(-(v + 35) / 10))
    opening_n = 0.1 * functions.exp_linear((v + 55) / 10)
    closing_n = 0.125 * functions.exp(-(v + 65) / 80)
    ionic = (
        sodium * m * m * m * h * (v - SODIUM_REVERSAL_MV)
        + potassium * (n * n) * (n * n) * (v - POTASSIUM_REVERSAL_MV)
        + LEAK_MS_CM2 * (v - LEAK_REVERSAL_MV)
    )
    return (
        (applied - ionic) / CAPACITANCE_UF_CM2,
        opening_m - (opening_m + closing_m) * m,
        opening_h - (opening_h + closing_h) * h,
        opening_n - (opening_n + closing_n) * n,
    )


# The conductances' ranges are those that Hodgkin and Huxley measured (Table 3). The default initial state is the fixed
# point without applied current.
HODGKIN_HUXLEY = taylor_model(
    rates,
    name="hodgkin-huxley",
    title="Hodgkin–Huxley",
    parameters=(
        Quantity("sodium", "ḡ_Na", "sodium conductance", "mS/cm²", 65.0, 260.0, 120.0, positive=True),
        Quantity("potassium", "ḡ_K", "potassium conductance", "mS/cm²", 26.0, 49.0, 36.0, positive=True),
        Quantity("current", "I", "applied current", "µA/cm²", 0.0, 180.0, 10.0),
    ),
    states=(
        Quantity("v", "V", "membrane potential", "mV", -90.0, 60.0, -64.996379),
        Quantity("m", "m", "sodium activation", "", 0.0, 1.0, 0.052955),
        Quantity("h", "h", "sodium inactivation", "", 0.0, 1.0, 0.595994),
        Quantity("n", "n", "potassium activation", "", 0.0, 1.0, 0.317732),
    ),
    observed="v",
    # With the default conductances, a neuron at rest stays below −59 mV, up to the current that makes it spike. Spikes
    # rise through −30 mV and fall below −58 mV up to 120 µA/cm²; the oscillations beyond stay between these levels.
    spike_level=-30.0,
    excited_floor=-58.0,
)
