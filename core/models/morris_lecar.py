"""The Morris–Lecar neuron, with two sets of constants from Rinzel and Ermentrout.

C dV/dt = I − g_L (V − V_L) − g_Ca m∞(V) (V − V_Ca) − g_K w (V − V_K),    dw/dt = φ (w∞(V) − w) / τ_w(V)

with m∞ = ½ (1 + tanh((V − V₁)/V₂)), w∞ = ½ (1 + tanh((V − V₃)/V₄)) and τ_w = 1 / cosh((V − V₃)/(2 V₄)). V in mV, time
in ms, I in µA/cm², conductances g in mS/cm², C in µF/cm².

A rising current starts the spikes. With the Hopf set, the fixed point loses its stability in a Hopf bifurcation. With
the SNIC set, a saddle and a node merge on the limit cycle, so that the spike rate starts from zero.

C. Morris and H. Lecar, Biophysical Journal 35 (1981); J. Rinzel and B. Ermentrout, Analysis of neural excitability and
oscillations, in Methods in Neuronal Modeling (Koch and Segev, 1989 and 1998).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.model import Model, Quantity
from core.models.taylor_models import taylor_model

CAPACITANCE_UF_CM2 = 20.0
LEAK_MS_CM2, POTASSIUM_MS_CM2 = 2.0, 8.0
LEAK_REVERSAL_MV, CALCIUM_REVERSAL_MV, POTASSIUM_REVERSAL_MV = -60.0, 120.0, -84.0
V1_MV, V2_MV = -1.2, 18.0
POTENTIAL_MV = (-80.0, 80.0)  # range of the axis; above potassium's reversal potential, where the nullcline has a pole
RECOVERY = (0.0, 1.0)  # range of the axis


@dataclass(frozen=True)
class MorrisLecar:
    """The equations for one set of constants: V₃ and V₄ in mV, and φ in 1/ms, all of the potassium channels."""

    v3: float
    v4: float
    phi: float

    def rates(self, state: Any, parameters: Any, functions: Any) -> tuple[Any, Any]:
        """Return dV/dt [mV/ms] and dw/dt [1/ms] of the state (V, w), with the parameters (I, g_Ca)."""
        v, w = state
        potassium = POTASSIUM_MS_CM2 * w * (v - POTASSIUM_REVERSAL_MV)
        rate = self.phi * functions.cosh((v - self.v3) / (2 * self.v4))
        return (
            (_inward(v, parameters, functions) - potassium) / CAPACITANCE_UF_CM2,
            rate * (self._open_potassium(v, functions) - w),
        )

    def nullclines(self, parameters: ArrayLike, n: int = 400) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the nullclines of V and of w, each (n, 2), points (V, w)."""
        v = np.linspace(*POTENTIAL_MV, n)
        still = _inward(v, np.asarray(parameters, dtype=float), np) / (POTASSIUM_MS_CM2 * (v - POTASSIUM_REVERSAL_MV))
        return np.column_stack([v, still]), np.column_stack([v, self._open_potassium(v, np)])

    def _open_potassium(self, v: Any, functions: Any) -> Any:
        return (1 + functions.tanh((v - self.v3) / self.v4)) / 2


def _inward(v: Any, parameters: Any, functions: Any) -> Any:
    """Return the current into the neuron without that of potassium, in µA/cm²."""
    applied, calcium = parameters
    open_calcium = (1 + functions.tanh((v - V1_MV) / V2_MV)) / 2
    return applied - LEAK_MS_CM2 * (v - LEAK_REVERSAL_MV) - calcium * open_calcium * (v - CALCIUM_REVERSAL_MV)


HOPF = MorrisLecar(v3=2.0, v4=30.0, phi=0.04)
SNIC = MorrisLecar(v3=12.0, v4=17.4, phi=0.067)


def _model(
    equations: MorrisLecar, name: str, title: str, current: Quantity, calcium: Quantity, rest: tuple[float, float]
) -> Model:
    return taylor_model(
        equations.rates,
        name=name,
        title=title,
        parameters=(current, calcium),
        states=(
            Quantity("v", "V", "membrane potential", "mV", *POTENTIAL_MV, rest[0]),
            Quantity("w", "w", "recovery variable", "", *RECOVERY, rest[1]),
        ),
        observed="v",
        # A spike rises to 17 mV at least and falls below −4 mV; an excited neuron rests between 6 and 20 mV.
        spike_level=15.0,
        excited_floor=0.0,
        nullclines=equations.nullclines,
    )


# The default initial state of both is the fixed point without applied current.
MORRIS_LECAR_HOPF = _model(
    HOPF,
    "morris-lecar-hopf",
    "Morris–Lecar, Hopf set",
    Quantity("current", "I", "applied current", "µA/cm²", 0.0, 250.0, 120.0),
    Quantity("calcium", "g_Ca", "calcium conductance", "mS/cm²", 3.5, 5.5, 4.4, positive=True),
    (-60.855382, 0.014915),
)
MORRIS_LECAR_SNIC = _model(
    SNIC,
    "morris-lecar-snic",
    "Morris–Lecar, SNIC set",
    Quantity("current", "I", "applied current", "µA/cm²", 0.0, 120.0, 60.0),
    Quantity("calcium", "g_Ca", "calcium conductance", "mS/cm²", 3.0, 5.0, 4.0, positive=True),
    (-59.473998, 0.000270),
)
