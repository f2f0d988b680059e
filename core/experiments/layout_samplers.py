"""The tables of the samplers: how they agree with the exact posterior, and which find all of its pieces."""

from core.experiments.estimators import ONE_PIECE
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, metrics

_AGREEMENT = ("traces_agreed", "worst_error", "mean_off", "sd_off", "effective_per_thousand", "energy_ratio")
_PIECES = ("pieces_found", "evaluations_to_find", "share_off")


def samplers(result: Result, figures: Figures) -> list[Table]:
    """Return a table of the posteriors in one piece, and one of each that is in several."""
    settings = result.settings
    rows: list[Line] = [(f"{name} ({kind})", {"estimator": name}) for name, kind in settings["methods"].items()]
    title = f"Posteriors of {len(settings['traces'])} traces, in one piece: largest errors, medians of the rest"
    columns = metrics(*((name, "") for name in _AGREEMENT))
    tables = [figures.table(title, "sampler", rows, columns, {"regime": ONE_PIECE})]
    columns = metrics(*((name, "") for name in _PIECES))
    for regime, each in settings["several"].items():
        masses = ", ".join(f"{mass:.1%}" for mass in each["masses"])
        title = f"Trace {each['trace']} at temperature {each['temperature']:g}, in pieces that hold {masses}"
        tables.append(figures.table(title, "sampler", rows, columns, {"regime": regime}))
    return tables
