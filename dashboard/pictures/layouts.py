"""Where the parts of a stage stand: one row a layout, for the live component."""

from dataclasses import dataclass
from typing import Any

PARTS = {"player", "tools", "table", "metrics", "said"}  # of a stage, beside its plots


def _window(least: str, taken: str, most: str) -> str:
    """Return the height that the window leaves for plots, in CSS; the strip of a lesson takes some more of it."""
    return f"clamp(var(--lab-least, {least}), 100vh - {taken} - var(--lab-strip, 0rem), {most})"


# The height that the window leaves for plots above the metrics; a window that is tall makes no towers of them.
WINDOW = _window("33rem", "17.5rem", "56rem")
INVERSE_MAP = _window("26rem", "25.75rem", "48rem")  # the same, above the tabs of what stands below
# The same, where options stand above the plots and a player among them.
BELOW_OPTIONS = _window("27.5rem", "22.5rem", "56rem")
NARROW_PLOT = "20rem"  # the height of each plot in a window too narrow for two beside each other


@dataclass(frozen=True)
class Layout:
    """A grid of areas, each named after the plot or the part of the stage that stands there.

    columns: their widths in CSS.
    rows: the areas of each row, and its height in CSS or as a share of `height`.
    height: what the window leaves for plots.
    least: the least height of the whole, as a share of `height`.
    looks: names of styles in the style sheet.
    """

    columns: str
    rows: tuple[tuple[str, str | float], ...]
    height: str = WINDOW
    least: float = 0.0
    looks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the grid templates of a wide and of a narrow window, the least height, and the looks."""
        heights = [row if isinstance(row, str) else f"calc({row} * {self.height})" for _, row in self.rows]
        wide = " ".join(f'"{areas}" {height}' for (areas, _), height in zip(self.rows, heights, strict=True))
        areas = dict.fromkeys(area for row, _ in self.rows for area in row.split())
        narrow = " ".join(f'"{area}" {"auto" if area in PARTS else NARROW_PLOT}' for area in areas)
        return {
            "wide": f"{wide} / {self.columns}",
            "narrow": f"{narrow} / minmax(0, 1fr)",
            "least": f"calc({self.least} * {self.height})",
            "looks": list(self.looks),
        }


def _beside_map(*rows: tuple[str, str | float]) -> Layout:
    """Return a layout of the Landscape page: the map stands where it is, whatever stands beside it."""
    around = [("player player", "auto"), *rows, ("metrics metrics", "auto"), ("said said", "auto")]
    if not any("table" in areas for areas, _ in rows):
        around.append(("table table", "auto"))
    return Layout(
        "minmax(0, 1.3fr) minmax(0, 1fr)", tuple(around), BELOW_OPTIONS, looks=("dense-table", "metrics-line")
    )


def _neuron(*rows: tuple[str, str | float]) -> Layout:
    return Layout("1.35fr 1fr", (*rows, ("said said", "auto")), _window("31rem", "17.75rem", "56rem"))


def _one(plot: str) -> Layout:
    return Layout("1fr", ((plot, 0.62), ("table", "auto"), ("metrics", "auto"), ("said", "auto")))


def _accuracy(columns: str, *rows: tuple[str, str | float]) -> Layout:
    return Layout(columns, rows, looks=("ruled-tools", "wide-tools"))


def _under_tabs(columns: str, *rows: tuple[str, str | float]) -> Layout:
    """Return a layout below the posterior: tabs stand above its question, and the table of estimators below."""
    areas = " ".join(["table"] * len(columns.split()))
    return Layout(columns, (*rows, (areas, "auto")), looks=("under-tabs",))


def _played(plots: str) -> Layout:
    """Return a layout of the Uncertainty page with a player above two plots below the posterior."""
    rows = (
        ("player player", "auto"), (plots, "28rem"), ("metrics metrics", "auto"), ("said said", "auto"),
        ("table table", "auto"),
    )  # fmt: skip
    return Layout("1fr 1fr", rows, looks=("under-tabs", "metrics-line"))


def _columns(places: str, n: int, height: str) -> Layout:
    """Return a layout with a row for each place, and n columns: the plot of a place in the second is place-2."""
    rows = [(" ".join(f"{place}-{i}" for i in range(1, n + 1)), height) for place in places.split()]
    across = [(" ".join([part] * n), "auto") for part in ("tools", "said", "table")]
    return _accuracy(" ".join(["1fr"] * n), *across[:2], *rows, across[2])


def _stacked(place: str, n: int, height: str) -> Layout:
    """Return a layout with n plots below each other."""
    plots = ((f"{place}-{i}", height) for i in range(1, n + 1))
    return _accuracy("1fr", ("tools", "auto"), ("said", "auto"), *plots, ("table", "auto"))


def _pair(first: str, second: str) -> Layout:
    """Return a layout of the Uncertainty page with two plots below the posterior."""
    return _under_tabs("1fr 1fr", (f"{first} {second}", "21rem"), ("metrics metrics", "auto"))


EXAMINATION: tuple[tuple[str, str | float], ...] = (
    ("tools tools", "auto"),
    ("said said", "auto"),
    ("coverage ranks", "19rem"),
    ("distances scores", "19rem"),
    ("table table", "auto"),
)
LAYOUTS = {
    "poster": Layout(
        "1fr",
        (("player", "auto"), ("recording", 1.0), ("tools", "auto")),
        _window("20rem", "26.75rem", "36rem"),
        looks=("cards",),
    ),
    "lessons": Layout("1fr", (("tools", "auto"),), looks=("cards", "card-grid")),
    "neuron": _neuron(("player player", "auto"), ("potential phase", 0.53), ("recovery rates", 0.47)),
    "neuron-several": _neuron(("potential phase", 0.53), ("table rates", 0.47)),
    "neuron-spectrum": _neuron(("player player", "auto"), ("potential phase", 0.53), ("spectrum rates", 0.47)),
    "neuron-data": _neuron(("potential rates", 1.0)),
    "neuron-data-spectrum": _neuron(("potential rates", 0.53), ("spectrum rates", 0.47)),
    "landscape-fit": _beside_map(("map fit", 0.45), ("map slice", 0.55)),
    "landscape-residual": _beside_map(("map fit", 0.5), ("map residual", 0.5)),
    "landscape-surface": _beside_map(("map surface", f"calc({BELOW_OPTIONS} + 0.4rem)")),
    "landscape-race": _beside_map(
        ("map table", "10.5rem"),
        ("map course", f"calc(0.56 * ({BELOW_OPTIONS} - 11.3rem))"),
        ("map fit", f"calc(0.44 * ({BELOW_OPTIONS} - 11.3rem))"),
    ),
    "landscape-distance": _beside_map(
        ("map table", "auto"),
        ("map distance", f"max(11rem, calc(0.56 * ({BELOW_OPTIONS} - 11.3rem)))"),
        ("map variation", f"max(9rem, calc(0.44 * ({BELOW_OPTIONS} - 11.3rem)))"),
    ),
    "landscape-basins": _beside_map(
        ("map tools", "5.6rem"),
        ("map basins", f"calc(0.58 * ({BELOW_OPTIONS} - 6.4rem))"),
        ("map waterfall", f"calc(0.42 * ({BELOW_OPTIONS} - 6.4rem))"),
    ),
    "inverse-map": Layout(
        "1.1fr 1fr",
        (
            ("estimates table", "auto"),
            ("estimates spread", f"minmax(9rem, calc(0.34 * {INVERSE_MAP}))"),
            ("estimates resimulated", f"minmax(8.2rem, calc(0.3 * {INVERSE_MAP}))"),
        ),
        looks=("dense-table",),
    ),
    "inverse-map-alone": Layout(
        "1.1fr 1fr", (("estimates table", "auto"), ("estimates resimulated", f"calc(0.7 * {INVERSE_MAP})"))
    ),
    "inverse-map-noise": Layout(
        "1.1fr 1fr", (("estimates table", "auto"), ("estimates spectrum", f"calc(0.7 * {INVERSE_MAP})"))
    ),
    **{f"accuracy-network-{n}": _stacked("network", n, "14rem") for n in range(4)},
    "accuracy-training": _columns("training", 4, "21rem"),
    **{f"accuracy-scatter-{n}": _columns("first second", n, "18rem") for n in range(1, 7)},
    "accuracy-regimes": _columns("first second", 3, "18rem"),
    "accuracy-series": _stacked("series", 3, "12.5rem"),
    "accuracy-noise": _accuracy("1.7fr 1fr", ("tools tools", "auto"), ("against-noise said", "26rem")),
    "accuracy-samples": _accuracy(
        "1.7fr 1fr", ("tools tools", "auto"), ("against-samples said", "22rem"), ("table table", "auto")
    ),
    "accuracy-joint": _accuracy("1fr", ("tools", "auto"), ("said", "auto"), ("table", "auto")),
    "accuracy-width": _accuracy(
        "1.7fr 1fr", ("tools tools", "auto"), ("against-width said", "30rem"), ("table table", "auto")
    ),
    "accuracy-errors": _accuracy(
        "1.15fr 1fr", ("tools tools", "auto"), ("errors table", "auto"), ("errors said", "minmax(15rem, 1fr)")
    ),
    "accuracy-search": _accuracy("1fr 1fr", ("tools tools", "auto"), ("said said", "auto"), ("trials table", "26rem")),
    "accuracy-examination": _accuracy("1fr 1fr", *EXAMINATION),
    "accuracy-none": _accuracy("1fr", ("tools", "auto"), ("said", "auto")),
    "uncertainty": Layout(
        "1.5fr 1fr",
        (("posterior table", "auto"), ("posterior tools", "auto"), ("posterior said", "minmax(2rem, 1fr)")),
        least=1.0,
    ),
    "uncertainty-prediction": _under_tabs("1fr", ("prediction", "17rem")),
    "uncertainty-profiles": _pair("profile-first", "profile-second"),
    "uncertainty-noise": _pair("regions", "autocorrelation"),
    "uncertainty-calibration": _under_tabs("35rem 1fr", ("calibration said", "28rem")),
    "uncertainty-covariances": _under_tabs("35rem 1fr", ("covariances said", "28rem")),
    "uncertainty-learned": _played("learned carried"),
    "uncertainty-samplers": _played("draws distance"),
    "uncertainty-none": _under_tabs("1fr"),
    "trust-one": Layout(
        "1.15fr 1fr",
        (
            ("plane trace", f"calc(0.5 * {BELOW_OPTIONS})"),
            ("plane movements", f"calc(0.5 * {BELOW_OPTIONS})"),
            ("table table", "auto"),
            ("said said", "auto"),
        ),
        looks=("dense-table",),
    ),
    "trust-many": Layout(
        "1fr 1.3fr",
        (("table table", "auto"), ("direction methods", "23rem"), ("said said", "auto")),
        looks=("dense-table",),
    ),
    "trust-cures": Layout(
        "1fr 1fr",
        (("worst alarms", "25rem"), ("table table", "auto"), ("said said", "auto")),
        looks=("dense-table",),
    ),
    "trust-denoising": Layout(
        "1.3fr 1fr",
        (("curves course", f"calc(0.85 * {BELOW_OPTIONS})"), ("table table", "auto"), ("said said", "auto")),
        looks=("dense-table",),
    ),
    "trust-surrogates": Layout(
        "1.3fr 1fr",
        (
            ("traces drift", f"calc(0.5 * {BELOW_OPTIONS})"),
            ("course drift", f"calc(0.5 * {BELOW_OPTIONS})"),
            ("table table", "auto"),
            ("said said", "auto"),
        ),
        looks=("dense-table",),
    ),
    "trust-steps": Layout("1.15fr 1fr", (("descent errors", f"calc(0.85 * {BELOW_OPTIONS})"), ("said said", "auto"))),
    "trust-none": Layout("1fr", (("said", "auto"),)),
    "states": Layout(
        "1.3fr 1fr",
        (
            ("states-u table", f"minmax(calc(0.42 * {WINDOW}), auto)"),
            ("states-v table", f"minmax(calc(0.36 * {WINDOW}), auto)"),
        ),
    ),
    "head": Layout("1fr", (("said", "auto"),)),
    "train-prior": Layout("1fr", (("prior", 0.82), ("tools", "auto"))),
    "train-begun": Layout("1fr", (("tools", "auto"), ("said", "auto"), ("table", "auto")), looks=("train-run",)),
    "train-run": Layout(
        "1fr", (("tools", "auto"), ("losses", "20rem"), ("said", "auto"), ("table", "auto")), looks=("train-run",)
    ),
    "train-tested": Layout(
        "1fr 1fr 1fr",
        (
            ("tools tools tools", "auto"),
            ("losses first second", "22rem"),
            ("said said said", "auto"),
            ("table table table", "auto"),
        ),
        looks=("train-run",),
    ),
    "train-story": Layout("1fr", (("tools", "auto"), ("table", "auto"), ("said", "auto"))),
    "train-table": Layout("1fr", (("table", "auto"), ("said", "auto"), ("tools", "auto"))),
    "train-overview": Layout("1fr", (("table", "auto"), ("said", "auto"), ("tools", "auto"), ("overlaid", "20rem"))),
    "train-examination": Layout("1fr 1fr", EXAMINATION[1:]),
    "train-folded": Layout("1fr", (("said", "auto"),)),
    "train-particles": Layout(
        "1.25fr 1fr 1fr",
        (
            ("player player player", "auto"),
            ("tracks excess success", "25rem"),
            ("said said said", "auto"),
        ),
        looks=("said-below",),
    ),
    "trace": _one("trace"),
    "trace-spectrum": _one("spectrum"),
}
