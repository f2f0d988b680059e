"""How our learned posterior of θ compares with sbi's neural posterior estimation, on the same simulations and traces.

Run as `python -m tests.benchmarks.npe`, in an environment that has what `requirements.txt` beside this file pins. It
takes about an hour on two cores. What has been trained and computed is kept in the folder of work, with which a
run that was stopped goes on; `--train` trains one contender alone, so that others can be trained beside it.

sbi's NPE has its default density estimator and settings; the exact posteriors, the test traces and the figures are
those of `python -m core.experiments posteriors`. The table stands in the README of the experiments.
"""

import argparse
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.experiments.context import Context
from core.experiments.labels import figure_label
from core.experiments.limit_traces import N_FRESH_LIMIT
from core.experiments.posteriors import N_COMPARED, N_COVERED, NAME
from core.files import read_json
from core.maps.inverse_map import PRETRAINED
from core.maps.learned_posterior.posterior_map import POSTERIORS
from core.parallel import PROCESSES, report, workers
from core.terminal_encoding import replace_unencodable_characters
from tests.benchmarks.npe_contenders import CONTENDERS, LABELS, SHIPPED, STENCIL, code_of
from tests.benchmarks.npe_figures import N_DRAWS, figures
from tests.benchmarks.npe_training import train
from tests.benchmarks.record import RESULTS, Record

EXPERIMENTS = Path("runs/experiments")  # where the experiments keep the exact posteriors


def shipped_record() -> dict[str, Any]:
    """Return how the shipped posterior was trained, from its card and that of the map that it begins with."""
    card = read_json(POSTERIORS / f"{NAME}.json")
    base = read_json(PRETRAINED / f"{card['recipe']['base']}.json")
    data, epochs, stages = base["recipe"]["data"], base["recipe"]["optimiser"]["epochs"], card["recipe"]["simulations"]
    return {
        "simulations": data["n"] * (epochs // data["epochs_each"]) + sum(stages),
        "stencil": STENCIL * sum((i + 1) * n for i, n in enumerate(stages)),
        "seconds": base["training"]["seconds"] + card["training"]["seconds"],
        "device": card["training"]["device"],
    }


def fingerprint(name: str, work: Path) -> str:
    """Return a hash of the weights of a contender."""
    return sha256((work / f"{name}.safetensors").read_bytes()).hexdigest()[:12]


def main() -> None:
    """Train what is missing, measure, print and store."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.npe", description=__doc__)
    parser.add_argument("--out", type=Path, default=RESULTS / "npe.json", help="JSON file (default: %(default)s)")
    parser.add_argument("--work", type=Path, default=Path("runs/npe"), help="folder of what is trained and computed")
    parser.add_argument("--experiments", type=Path, default=EXPERIMENTS, help="folder of the experiments")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS, help="which to compare")
    parser.add_argument("--train", choices=CONTENDERS, help="train this one alone, and measure nothing")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="of the figures, one thread each")
    options = parser.parse_args()
    if options.train:
        report(f"{options.train}: {train(options.train, options.work)}")
        return
    names = tuple(name for name in CONTENDERS if name in options.contenders)
    trained = {SHIPPED: shipped_record(), **{name: train(name, options.work) for name in names}}
    settings = {
        "sbi": version("sbi"),
        "torch": version("torch"),
        "n_compared": N_COMPARED,
        "n_covered": N_COVERED,
        "n_shipped": N_FRESH_LIMIT,
        "draws": N_DRAWS,
        "trained": trained,
    }
    record = Record("npe", settings)
    for name, how in trained.items():
        record.note(f"{LABELS[name]}: traces simulated", how["simulations"], code=f"{name}/simulations")
        record.note(f"{LABELS[name]}: further trajectories", how["stencil"], code=f"{name}/stencil")
        record.note(f"{LABELS[name]}: training", how["seconds"] / 60, "min", code=f"{name}/minutes")
    versions = {name: fingerprint(name, options.work) for name in names}
    context = Context(report, options.experiments)
    with workers(None, options.processes):
        found = figures(names, versions, options.work.resolve(), context, (N_COMPARED, N_COVERED, N_COVERED))
    for each in found:
        key = each.key
        what = f"{LABELS[key.estimator]}: {figure_label(key.metric, key.parameter, key.at)}"
        record.note(what, each.value, code=code_of(key))
        if each.spread is not None:
            record.note(f"{what}, sd", each.spread, quoted=False, code=f"{code_of(key)}/sd")
    record.save(options.out)


if __name__ == "__main__":
    main()
