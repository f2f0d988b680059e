"""The colours of the roles: one role, one colour, on every page, with a tone for each theme.

Figures name a colour "theme:NAME", or "theme:NAME@OPACITY"; the browser knows the theme and puts its tone in the place.
"""

from dashboard.wording.numbers import compact

# By role: its tones in the light and in the dark theme, each with a contrast of at least 3 to 1 against the ground.
TONES: dict[str, tuple[str, str]] = {
    "data": ("#868E96", "#8F979F"),
    "candidate": ("#B36B00", "#E69F00"),
    "limit": ("#007F5C", "#1FBF8F"),  # the exact posterior, which no method can beat
    "prior": ("#6B46C1", "#A78BFA"),
    # Inverse maps are blue; tone and mark tell which.
    "best": ("#0B62B0", "#4DA3F5"),
    "cnn": ("#3B8FDB", "#8CC7F7"),
    "dense": ("#12406F", "#BFDDF5"),
    "narrow": ("#3D4FB8", "#8C9BFF"),
    "conditional": ("#2C62C4", "#86AEF7"),
    "window": ("#00609C", "#66BDF0"),
    "joint": ("#274B9F", "#7B9BF0"),
    "four": ("#4A6FA5", "#B3C7E6"),
    "own-1": ("#4C6FD1", "#93A9F5"),
    "own-2": ("#5B7FA6", "#9DB9D6"),
    "own-3": ("#1D5A8F", "#A9CDEE"),
    # Optimisers have a hue for each family.
    "first-order": ("#007C89", "#38BDC9"),
    "second-order": ("#B3337B", "#EC85BC"),
    "without-derivatives": ("#7A6F00", "#C7B93A"),
    "global": ("#8A5A2E", "#CF9C6E"),
    # Samplers have a colour each: their swarms show no marks.
    "random-walk": ("#C81E1E", "#F87171"),
    "langevin": ("#1F7A1F", "#6FCF5B"),
    "mala": ("#3730A3", "#A5B4FC"),
    "hamiltonian": ("#7E22CE", "#C58BFF"),
    "affine-ensemble": ("#BE185D", "#FF8FB8"),
    "parallel-tempering": ("#5B7300", "#B5D33D"),
    "stein": ("#7C2D12", "#E0967B"),
    "ensemble-kalman": ("#334155", "#CBD5E1"),
    # Several values of one parameter, from low to high: viridis, cut off where it is too near the ground.
    "value-1": ("#440154", "#2F7F8E"),
    "value-2": ("#443A83", "#1F988B"),
    "value-3": ("#31688E", "#35B779"),
    "value-4": ("#21868D", "#8FD744"),
    "value-5": ("#2A9670", "#FDE725"),
}
GROUNDS = (("#FFFFFF", "#F3F5F8"), ("#12161C", "#1C222B"))  # of pages and of controls, in the light and the dark theme
TEXTS = ("#1B2430", "#E8ECF1")
ACCENTS = ("#0B62B0", "#4DA3F5")  # of what is active among the controls

# The theme's text colour mixed with the ground: how much of the text each has.
_GREYS = {"muted": 66, "faint": 49, "grid": 11}


def themed(name: str) -> str:
    """Return what a figure writes for the colour of a role."""
    return f"theme:{name}"


def translucent(colour: str, opacity: float) -> str:
    """Return a colour of a role with an opacity."""
    return f"{colour}@{compact(opacity)}"


def style_sheet() -> str:
    """Return the colours as variables of CSS, which follow the theme of the page."""
    rules = {name: f"light-dark({light}, {dark})" for name, (light, dark) in TONES.items()}
    rules |= {"text": "var(--st-text-color)", "background": "var(--st-background-color)"}
    rules |= {
        name: f"color-mix(in srgb, var(--st-text-color) {share}%, var(--st-background-color))"
        for name, share in _GREYS.items()
    }
    lines = "\n".join(f"  --lab-{name}: {value};" for name, value in rules.items())
    return f".lab-controls, .lab-plots, .lab-lesson {{\n{lines}\n}}\n"
