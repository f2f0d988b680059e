"""What the Train page shows of a training: its curve, and at its end the metrics of its map."""

from core.jobs.folder import Progress
from dashboard.figures import training as figures
from dashboard.maps import inverse_maps
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.wording.numbers import fixed


def picture(name: str, progress: Progress) -> Shown:
    """Return the loss curve of a training, and the table of its map once it has ended."""
    plots = [Plot("losses", figures.losses(progress))] if progress.validation_loss else []
    rows = [] if progress.active else _metrics(name)
    said = "The map stands beside the shipped ones on the pages Inverse map and Your data." if rows else ""
    return Shown("losses", plots, table=rows, said=[said])


def _metrics(name: str) -> list[list[Cell]]:
    """Return the table of a map's metrics, on its own prior and on the published one, as far as its card has them."""
    maps, _ = inverse_maps()
    metrics = maps[name].card.get("metrics", {}) if name in maps else {}
    rows: list[list[Cell]] = [
        [label, kind, *(_pair(metrics[prior][kind][metric]) for metric in ("r2", "median_ape"))]
        for prior, label in (("own", "its own prior"), ("published", "the published prior"))
        if prior in metrics
        for kind in ("clean", "noisy")
    ]
    return [["tested on", "traces", "R² (θ₀, θ₁)", "Median-APE (θ₀, θ₁)"], *rows] if rows else []


def _pair(figures: dict[str, float]) -> str:
    return ", ".join(fixed(figures[name], 3) for name in ("theta0", "theta1"))
