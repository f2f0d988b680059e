"""What stands beside the maps in tables and legends; no map can be called like any of it."""

from dashboard.figures.plain import SHIPPED_MAPS

DATA = "data"
TRUTH = "truth"
PRIOR = "prior"
MAP = "MAP"
LAPLACE = "Laplace"
MAP_AND_LAPLACE = "MAP and Laplace"
MAP_WITH_NOISE = "MAP together with σ and ρ"
EXACT = "exact"
EXACT_POSTERIOR = "exact posterior"
EXACT_MEAN = "exact posterior mean"
BOUNDS = "bounds of the prior"
EXACT_MEANS = "exact posterior means"
SIGMA_NOW = "σ now"
# Curves of the stored experiments.
STORED = ("best after polishing", "best after weighted draws", "published", "CNN", "dense", "ours", "limit")
IDEAL = "as it should be"

RESERVED = frozenset(
    name.casefold()
    for name in (
        DATA, TRUTH, PRIOR, MAP, LAPLACE, MAP_AND_LAPLACE, MAP_WITH_NOISE, EXACT, EXACT_POSTERIOR, EXACT_MEAN,
        BOUNDS, EXACT_MEANS, SIGMA_NOW, *STORED, IDEAL, *SHIPPED_MAPS,
    )
)  # fmt: skip
