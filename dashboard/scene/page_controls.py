"""Which settings have a control on which page, as a teacher calls them."""

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from core.published import published_prior
from dashboard.scene.kinds import Area, Choice, Number, Setting
from dashboard.scene.settings import SETTINGS, shown_at

CANDIDATE = "candidate_"  # begins the names of its parameters
# By title: the areas of a page besides the sidebar, and its settings that stand in none.
PAGE_CONTROLS: dict[str, tuple[tuple[Area, ...], tuple[str, ...]]] = {
    "Start": ((), (f"{CANDIDATE}theta0", f"{CANDIDATE}theta1")),
    "Neuron": ((Area.NEURON,), ()),
    "Landscape": (
        (Area.LANDSCAPE, Area.METHODS, Area.SAMPLERS, Area.RACE, Area.BASINS),
        (*(f"{CANDIDATE}{name}" for name in PARAMETER_NAMES), "starts"),
    ),
    "Inverse map": ((Area.INVERSE_MAP, Area.TEST_SAMPLES), ("own_maps",)),
    "Uncertainty": ((Area.UNCERTAINTY, Area.SUPPORT), ("compared", "own_maps")),
    "Trust": (
        (Area.TRUST, Area.PERTURBATION, Area.TRANSFER, Area.DENOISING, Area.STEPS),
        ("perturbed", "made_for", "target_theta0", "target_theta1", "own_maps"),
    ),
    "Train": ((Area.PARTICLES,), ()),
    "Your data": ((Area.YOUR_DATA,), ("own_maps",)),
}
NAMED_HERE = {
    "starts": "starts of the race",
    "compared": "estimates that are compared",
    "methods": "methods of the race",
    "samplers": "samplers of the race",
    "axis_x": "horizontal axis",
    "axis_y": "vertical axis",
}


def label_of(row: Setting) -> str:
    """Return what a teacher calls a setting: two of one label are told apart by their choices."""
    if row.name in NAMED_HERE:
        return NAMED_HERE[row.name]
    if isinstance(row, Number):
        whose = " of the candidate" if row.name.startswith(CANDIDATE) else ""
        if row.name in published_prior().names:
            whose = " of the truth"
        return f"{row.symbol} {row.label}{whose}" if row.symbol != row.name else row.label
    if isinstance(row, Choice):
        return f"{row.label}: {' / '.join(list(row.choices.values())[:3])}"
    return row.label


def controls_on(pages: tuple[str, ...]) -> dict[str, str]:
    """Return label by setting for all that the sidebar and pages of these titles have a control of."""
    found = [row for row in shown_at(Area.SIDEBAR) if row.name != "hidden" and not row.name.startswith(CANDIDATE)]
    for areas, names in (PAGE_CONTROLS[page] for page in pages):
        found += [SETTINGS[name] for name in names]
        found += [row for area in areas for row in shown_at(area)]
    return {row.name: label_of(row) for row in found}
