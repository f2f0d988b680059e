"""The tables of the samplers: how they agree with the exact posterior, and which find all of its pieces."""

from core.experiments.estimators import ONE_PIECE, ROUGH
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, metrics

_AGREEMENT = ("worst_error", "mean_off", "sd_off", "effective_per_thousand", "energy_ratio")
_PIECES = ("pieces_found", "evaluations_to_find", "share_off")


def samplers(result: Result, figures: Figures) -> list[Table]:
    """Return a table of the posteriors in one piece, one of that with dips beside it, and one of each in several."""
    settings = result.settings
    rows: list[Line] = [(f"{name} ({kind})", {"estimator": name}) for name, kind in settings["methods"].items()]
    rough = f"Trace {settings['rough_trace']}: one piece, but dips of the loss beside it hold chains"
    of_one = {
        ONE_PIECE: f"Posteriors of {len(settings['traces'])} traces, in one piece: largest errors, medians of the rest",
        ROUGH: rough,
    }
    columns = metrics(*((name, "") for name in _AGREEMENT))
    tables = [figures.table(title, "sampler", rows, columns, {"regime": regime}) for regime, title in of_one.items()]
    columns = metrics(*((name, "") for name in _PIECES))
    for regime, each in settings["several"].items():
        masses = ", ".join(f"{mass:.1%}" for mass in each["masses"])
        title = f"Trace {each['trace']} at temperature {each['temperature']:g}, in pieces that hold {masses}"
        tables.append(figures.table(title, "sampler", rows, columns, {"regime": regime}))
    return tables
