"""The table of settings: one row each, which drives what may be typed, the address, the controls and their tests."""

from dataclasses import replace
from typing import Any

from core.experiments.estimators import BEST
from core.experiments.labels import REGIME_LABELS, ratio_label
from core.mean_field import sparse_spikes, two_layer
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.optimisation.methods import METHODS
from core.published import RHO, SAMPLING_INTERVAL, SIGMA, T_END
from core.sampling.langevin import UnadjustedLangevin
from core.symbols import symbol_of
from dashboard.background.basins import StartSet
from dashboard.scene.kinds import (
    Area,
    Choice,
    Compared,
    MapName,
    Methods,
    Number,
    OwnMaps,
    Samplers,
    Setting,
    Slider,
    Starts,
    Toggle,
)
from dashboard.scene.trust_settings import ROWS as TRUST_ROWS
from dashboard.wording.numbers import compact

MOST_STARTS = 5
FURTHEST_START = 100  # on both axes
LONGEST_NAME = 40  # characters of a map's name
MOST_COMPARED = 12  # beside the exact posterior
MOST_OWN_MAPS = 5  # trained here, beside the shipped ones
NEWEST_OWN_MAPS = 3  # of which so many are shown before the visitor has chosen any
# The starts of an exploration, by what an address calls them.
START_SETS = {
    "grid-10": StartSet("grid", 10),
    "grid-15": StartSet("grid", 15),
    "grid-20": StartSet("grid", 20),
    "grid-30": StartSet("grid", 30),
    "prior-100": StartSet("prior", 100),
    "prior-400": StartSet("prior", 400),
}

_QUANTITIES = {quantity.name: quantity for quantity in FITZHUGH_NAGUMO.parameters}
_SYMBOLS = {name: symbol_of(name) for name in _QUANTITIES}


def _parameter(name: str, label: str, step: float, least: float, most: float) -> Slider:
    """Return the row of a parameter of the model, whose label there is longer than a slider has room for."""
    quantity = _QUANTITIES[name]
    return Slider(
        name=name, symbol=quantity.symbol, label=label, unit=quantity.unit, default=quantity.default,
        low=quantity.lower, high=quantity.upper, step=step, least=least, most=most, shown=(Area.SIDEBAR,),
    )  # fmt: skip


def _numbers(name: str, default: int, label: str, widths: tuple[int, ...]) -> Choice:
    """Return the row of how many particles descend."""
    choices = {str(m): str(m) for m in widths}
    return Choice(name=name, default=str(default), label=label, choices=choices, shown=(Area.PARTICLES,))


def _ratios(name: str, ratios: tuple[float, ...]) -> Choice:
    """Return the row of how fast places move beside sizes."""
    choices = {compact(ratio): ratio_label(ratio) for ratio in ratios}
    return Choice(name=name, default="1", label="steps", choices=choices, shown=(Area.PARTICLES,))


_TRUTH = (
    _parameter("theta0", "offset", 0.005, -100, 100),
    _parameter("theta1", "slope", 0.005, -100, 100),
    _parameter("zeta", "stimulus", 0.005, -10, 10),
    _parameter("gamma", "damping", 0.01, 0.1, 20),
)
# The candidate starts off the truth, which it would give away.
_CANDIDATE = {"theta0": 0.6, "theta1": _TRUTH[1].default, "zeta": -0.2, "gamma": 3.5}

SEVERAL = {"offsets": "theta0", "slopes": "theta1"}  # by choice: the parameter that takes several values

OF_A_RACE = ("race", "distance")  # what stands beside the map with the table of a race
PLANES = {"theta": ("theta0", "theta1"), "noise": ("sigma", "rho"), "neuron": ("zeta", "gamma")}  # by choice

# The order is that of the controls in each place, and of the parts of an address.
_ROWS: tuple[Setting, ...] = (
    *_TRUTH,
    Slider(
        name="sigma", symbol="σ", label="noise", unit="ms", default=SIGMA,
        low=0.0, high=0.4, step=0.001, least=0, most=100, twin=("sd", 1 / SAMPLING_INTERVAL), shown=(Area.SIDEBAR,),
    ),
    Slider(
        name="rho", symbol="ρ", label="correlation", default=RHO,
        low=0.0, high=0.98, step=0.01, least=-0.999, most=0.999, shown=(Area.SIDEBAR,),
    ),
    Slider(
        name="t_end", symbol="T", label="window", unit="ms", default=T_END,
        low=20.0, high=400.0, step=2.0, least=2, most=1000, shown=(Area.SIDEBAR,),
    ),
    Number(
        name="seed", symbol="seed", label="noise draw", default=7, least=0, most=2**31 - 1, whole=True,
        shown=(Area.SIDEBAR,),
    ),
    Toggle(
        name="hidden", default=False, label="hide the truth",
        help="Hide the truth from the class. The address holds it encrypted.", shown=(Area.SIDEBAR,),
    ),
    Choice(
        name="several", default="one", label="draw", tabs=True,
        choices={"one": "one θ", "offsets": "several θ₀", "slopes": "several θ₁"}, shown=(Area.NEURON,),
    ),
    Choice(
        name="firing", default="rate", label="map", tabs=True,
        choices={"rate": "spike rate", "duration": "spike duration"}, shown=(Area.NEURON,),
    ),
    Choice(
        name="under_potential", default="recovery", label="below u", tabs=True,
        choices={"recovery": "recovery", "spectrum": "spectrum"}, shown=(Area.NEURON,),
    ),
    Choice(
        name="phase_plane", default="trajectory", label="phase plane",
        choices={"trajectory": "with nullclines", "field": "with arrows"}, shown=(Area.NEURON,),
    ),
    *(replace(row, name=f"candidate_{row.name}", default=_CANDIDATE[row.name]) for row in _TRUTH),
    Choice(
        name="axis_x", default="theta0", label="axes", choices=_SYMBOLS, shown=(Area.LANDSCAPE, Area.UNCERTAINTY),
    ),
    Choice(
        name="axis_y", default="theta1", label="and", choices=_SYMBOLS, shown=(Area.LANDSCAPE, Area.UNCERTAINTY),
    ),
    Choice(
        name="misfit", default="ar1", label="noise model",
        choices={"ar1": "AR(1), as simulated", "white": "white, as published"},
        shown=(Area.LANDSCAPE, Area.UNCERTAINTY),
    ),
    Toggle(
        name="noise_known", default=True, label="σ and ρ are known",
        help="On: use σ and ρ from the sidebar. Off: average over all that fit the data.",
        shown=(Area.UNCERTAINTY,),
    ),
    Choice(
        name="grid", default="100", label="grid", choices={"100": "100 × 100", "200": "200 × 200"},
        shown=(Area.LANDSCAPE,),
    ),
    Toggle(
        name="regularised", default=True, label="use the prior", help="Add the prior’s regularisation to the loss.",
        help_at={Area.UNCERTAINTY: "Weigh the prior’s box by the prior."}, shown=(Area.LANDSCAPE, Area.UNCERTAINTY),
    ),
    Slider(
        name="prior_width", symbol="w", label="prior width", default=1.0, low=0.02, high=2.0, step=0.02,
        least=0.005, most=100, shown=(Area.LANDSCAPE, Area.UNCERTAINTY),
    ),
    Toggle(
        name="whole_prior", default=False, label="show the whole prior", help="Show all of the prior’s box.",
        shown=(Area.UNCERTAINTY,),
    ),
    # Its control lists what is there.
    Compared(name="compared", default=(BEST,)),
    Choice(
        name="map_shows", default="loss", label="map", tabs=True, choices={"loss": "loss J", "gradient": "gradient ∇J"},
        shown=(Area.LANDSCAPE,),
    ),
    # What stands beside the map.
    Choice(
        name="beside", default="fit", label="beside the map", tabs=True,
        choices={
            "fit": "fit and slice", "residual": "fit and residual", "surface": "surface", "race": "race",
            "distance": "distance", "basins": "basins",
        },
        shown=(Area.LANDSCAPE,),
    ),
    Methods(
        name="methods", default=("Gradient descent", "Adam", "L-BFGS-B", "Levenberg–Marquardt", "Nelder–Mead"),
        shown=(Area.METHODS,),
    ),
    Samplers(name="samplers", label="samplers", shown=(Area.SAMPLERS,)),
    Slider(
        name="sampler_temperature", symbol="T", label="temperature", default=1.0, low=0.01, high=1e4, step=0.1,
        least=1e-4, most=1e6, logarithmic=True, shown=(Area.SAMPLERS,),
    ),
    Slider(
        name="langevin_step", symbol="h", label="step size", default=UnadjustedLangevin.step_size,
        low=1e-3, high=2.0, step=0.1, least=1e-6, most=10, logarithmic=True, shown=(Area.SAMPLERS,),
    ),
    Starts(name="starts"),
    Toggle(
        name="adding", default=False, label="a click adds a start",
        help=f"Otherwise a click replaces the starts. At most {MOST_STARTS} race at once.", shown=(Area.RACE,),
    ),
    Choice(
        name="explorer", default="L-BFGS-B", label="method", choices={method: method for method in METHODS},
        shown=(Area.BASINS,),
    ),
    Choice(
        name="explored", default="grid-15", label="from",
        choices={name: starts.label for name, starts in START_SETS.items()},
        shown=(Area.BASINS,),
    ),
    Choice(
        name="test_view", default="scatter", label="maps", tabs=True,
        choices={
            "network": "network",
            "training": "training data",
            "scatter": "predicted / true",
            "regimes": "noise regimes",
            "series": "trajectories",
            "samples": "size N",
            "noise": "noise σ",
            "errors": "worst cases",
            "examination": "exam",
            "joint": "joint σ, ρ",
            "search": "search",
            "width": "training time",
        },
        shown=(Area.TEST_SAMPLES,),
    ),
    Choice(
        name="regime", default="noisy-noisy", label="traces", tabs=True,
        choices={regime: REGIME_LABELS[regime] for regime in ("noisy-noisy", "clean-noisy", "clean-clean")},
        shown=(Area.TEST_SAMPLES,),
    ),
    Choice(
        name="network", default="published-cnn", label="published network", tabs=True,
        choices={"published-cnn": "CNN", "published-dense": "dense"}, shown=(Area.TEST_SAMPLES,),
    ),
    MapName(name="test_map", label="map"),
    # Its control offers what some map estimates.
    Choice(
        name="plane", default="theta", label="estimates of", tabs=True,
        choices={"theta": "θ₀, θ₁", "noise": "noise σ, ρ", "neuron": "ζ, γ"}, shown=(Area.INVERSE_MAP,),
    ),
    Toggle(
        name="limit", default=False, label="zoom in, with MAP and exact posterior",
        help="Show what an optimiser and the exact posterior make of the same data and noise.",
        shown=(Area.INVERSE_MAP,),
    ),
    Choice(
        name="below", default="prediction", label="look at", tabs=True,
        choices={
            "prediction": "prediction of the data",
            "profiles": "profiles of the likelihood",
            "noise": "white against AR(1) noise",
            "calibration": "calibration of regions",
            "learned": "learned posterior",
            "samplers": "draws of samplers",
            "covariances": "learned covariances",
        },
        shown=(Area.SUPPORT,),
    ),
    Samplers(
        name="drawn_by", label="drawn by", default=("Random walk", "HMC", "SVGD"), shown=(Area.SUPPORT,),
    ),
    Toggle(
        name="all_unknown", default=False, label="all four unknown",
        help="Choose the best values of all other parameters, not of one alone.", shown=(Area.SUPPORT,),
    ),
    Choice(
        name="trace_shows", default="potential", label="look at", tabs=True,
        choices={"potential": "potential of each estimate", "spectrum": "spectrum of the residual"},
        shown=(Area.YOUR_DATA,),
    ),
    Choice(
        name="particles", default="folded", label="as particles", tabs=True,
        choices={"folded": "folded", "spikes": "spikes on the circle", "network": "two-layer network"},
        shown=(Area.PARTICLES,),
    ),
    _numbers("spikes_m", 10, "particles m", sparse_spikes.WIDTHS),
    _ratios("spikes_ratio", sparse_spikes.RATIOS),
    _numbers("student_m", 7, "neurons m", two_layer.WIDTHS),
    _ratios("student_ratio", two_layer.RATIOS),
    Number(
        name="draw", symbol="problem", label="no.", default=34, least=0, most=2**31 - 1, whole=True,
        shown=(Area.PARTICLES,),
    ),
    *TRUST_ROWS,
    # No control changes this, the name of an upload.
    Setting(name="upload"),
    # Its control lists what is there.
    OwnMaps(name="own_maps", label="maps trained here"),
)  # fmt: skip

SETTINGS = {row.name: row for row in _ROWS}
NUMBERS = {name: row for name, row in SETTINGS.items() if isinstance(row, Number)}
SLIDERS = {name: row for name, row in NUMBERS.items() if isinstance(row, Slider)}
CHOICES = {name: row.choices for name, row in SETTINGS.items() if isinstance(row, Choice)}
DEFAULTS: dict[str, Any] = {name: row.default for name, row in SETTINGS.items()}


def shown_at(area: Area) -> list[Setting]:
    """Return the settings whose controls stand in an area, in order."""
    return [row for row in SETTINGS.values() if area in row.shown]
