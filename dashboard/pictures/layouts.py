"""Where the parts of a stage stand: one row a layout, for the live component."""

from dataclasses import dataclass
from typing import Any

PARTS = {"player", "tools", "table", "metrics", "said"}  # of a stage, beside its plots
WINDOW = "max(33rem, 100vh - 17.5rem)"  # the height that the window leaves for plots above the metrics
BELOW_OPTIONS = "max(31rem, 100vh - 21rem)"  # the same where options stand above the plots and a player among them
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
    around = (("player player", "auto"), *rows, ("metrics metrics", "auto"), ("said said", "auto"))
    return Layout("1.25fr 1fr", (*around, ("table table", "auto")), BELOW_OPTIONS)


def _one(plot: str) -> Layout:
    return Layout("1fr", ((plot, 0.62), ("table", "auto"), ("metrics", "auto"), ("said", "auto")))


def _accuracy(columns: str, *rows: tuple[str, str | float]) -> Layout:
    return Layout(columns, rows, looks=("ruled-tools", "wide-tools"))


def _uncertainty(columns: str, *rows: tuple[str, str | float]) -> Layout:
    return Layout(columns, rows, looks=("wide-tools", "wide-said"))


def _pair(first: str, second: str) -> Layout:
    """Return a layout of the Uncertainty page with two plots below the posterior."""
    rest = (("said said", "auto"), ("metrics metrics", "auto"), ("table table", "auto"))
    return _uncertainty("1fr 1fr", ("tools tools", "auto"), (f"{first} {second}", "21rem"), *rest)


LAYOUTS = {
    "neuron": Layout(
        "1.45fr 1fr",
        (
            ("potential phase", 0.54),
            ("potential rates", 0.46),
            ("metrics metrics", "auto"),
            ("said said", "auto"),
        ),
    ),
    "landscape-fit": _beside_map(("map fit", 0.5), ("map residual", 0.5)),
    "landscape-surface": _beside_map(("map surface", f"calc({BELOW_OPTIONS} + 0.4rem)")),
    "landscape-race": _beside_map(("map course", 0.55), ("map fit", 0.45)),
    "landscape-basins": _beside_map(
        ("map tools", "4rem"),
        ("map basins", f"calc(0.56 * {BELOW_OPTIONS} - 2.2rem)"),
        ("map waterfall", f"calc(0.44 * {BELOW_OPTIONS} - 2.2rem)"),
    ),
    "inverse-map": Layout(
        "1fr 1.1fr",
        (
            ("estimates table", "auto"),
            ("estimates said", "auto"),
            ("estimates resimulated", "minmax(13rem, 1fr)"),
        ),
        least=0.95,
    ),
    "accuracy-scatter": _accuracy(
        "1fr 1fr", ("tools tools", "auto"), ("first second", "25rem"), ("said said", "auto"), ("table table", "auto")
    ),
    "accuracy-noise": _accuracy("1.7fr 1fr", ("tools tools", "auto"), ("against-noise said", "26rem")),
    "accuracy-samples": _accuracy("1.7fr 1fr", ("tools tools", "auto"), ("against-samples said", "26rem")),
    "accuracy-errors": _accuracy(
        "1.15fr 1fr", ("tools tools", "auto"), ("errors table", "auto"), ("errors said", "minmax(15rem, 1fr)")
    ),
    "accuracy-none": _accuracy("1fr", ("tools", "auto"), ("said", "auto")),
    "uncertainty": _uncertainty(
        "1.3fr 1fr", ("posterior first", 0.46), ("posterior second", 0.46), ("said said", "auto")
    ),
    "uncertainty-prediction": _uncertainty(
        "1fr", ("tools", "auto"), ("prediction", "17rem"), ("said", "auto"), ("table", "auto")
    ),
    "uncertainty-profiles": _pair("profile-first", "profile-second"),
    "uncertainty-noise": _pair("regions", "autocorrelation"),
    "uncertainty-calibration": _uncertainty(
        "35rem 1fr", ("tools tools", "auto"), ("calibration said", "28rem"), ("table table", "auto")
    ),
    "uncertainty-none": _uncertainty("1fr", ("tools", "auto"), ("said", "auto"), ("table", "auto")),
    "states": Layout(
        "1.5fr 1fr",
        (
            ("states-u table", f"minmax(calc(0.42 * {WINDOW}), auto)"),
            ("states-v said", f"minmax(calc(0.36 * {WINDOW}), auto)"),
        ),
    ),
    "head": Layout("1fr", (("said", "auto"),)),
    "train-prior": Layout("1fr", (("prior", 0.82), ("tools", "auto"))),
    "train-begun": Layout("1fr", (("tools", "auto"), ("said", "auto")), looks=("train-run",)),
    "train-run": Layout("1fr", (("tools", "auto"), ("losses", "20rem"), ("said", "auto")), looks=("train-run",)),
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
    "trace": _one("trace"),
}
