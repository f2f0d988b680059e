"""The command `python -m core.experiments NAME`: run an experiment, print what it found, and store it as JSON."""

import argparse
from pathlib import Path

from core.experiments.accuracy import run as accuracy
from core.experiments.best_map import run as calibration
from core.experiments.conditional import run as conditional
from core.experiments.context import Context
from core.experiments.four import run as four
from core.experiments.joint import run as joint
from core.experiments.least_squares_of_others import run as magi
from core.experiments.limit import run as limit
from core.experiments.noise_levels import run as noise
from core.experiments.noise_regimes import run as regimes
from core.experiments.optimisers import run as optimisers
from core.experiments.records import store
from core.experiments.reports import text
from core.experiments.training_size import run as training_size
from core.experiments.trajectories_of_estimates import run as time_series
from core.experiments.width import run as width
from core.experiments.windows import run as window
from core.learning.wide_networks import gpu_name
from core.parallel import PROCESSES, report, workers
from core.terminal_encoding import replace_unencodable_characters

# In this order, because later experiments quote figures of earlier ones.
EXPERIMENTS = {
    "limit": limit,
    "training-size": training_size,
    "accuracy": accuracy,
    "regimes": regimes,
    "time-series": time_series,
    "calibration": calibration,
    "noise": noise,
    "optimisers": optimisers,
    "magi": magi,
    "width": width,
    "joint": joint,
    "conditional": conditional,
    "window": window,
    "four": four,
}


def main() -> None:
    """Run the experiment that the command line names, or all of them."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(
        prog="python -m core.experiments",
        description="Run an experiment, print what it found and store it as JSON in core/experiments/results. The "
        "folder of --work keeps intermediate results, from which an interrupted run resumes. Delete the folder "
        "after changing the engine.",
        epilog="limit: the best possible accuracy, and calibration of the exact posterior; training-size, accuracy, "
        "regimes, time-series: the paper's tables, with its networks and with ours; calibration: the best map against "
        "the limit; noise: every map against the noise level; optimisers: how often each method finds the global "
        "minimum; magi: least squares on problems of other authors; width: the time of a training against the width "
        "of the network, where each run replaces the figures of its device and keeps the others; joint: the paper's "
        "table of joint estimates of the parameters and the noise, with its CNN and with ours; conditional, window, "
        "four: the shipped maps that are told ζ and γ, that read windows, and that estimate all four parameters, "
        "against their limits.",
    )
    parser.add_argument("name", choices=(*EXPERIMENTS, "all"), metavar="NAME", help=", ".join((*EXPERIMENTS, "all")))
    parser.add_argument("--quick", action="store_true", help="a small version, which is printed and not stored")
    parser.add_argument("--work", type=Path, default=Path("runs/experiments"), help="folder of intermediate results")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="tasks at a time on this machine")
    parser.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler, whose workers are to do the tasks")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where width trains")
    options = parser.parse_args()
    if options.device != "cpu" and options.name != "width":
        parser.error("Only width can run on a GPU: name it, or leave out --device.")
    if options.device == "cuda":
        try:
            gpu_name()
        except ValueError as error:
            parser.error(str(error))
    folder = options.work / "quick" if options.quick else options.work
    context = Context(report, folder, options.quick, options.device)
    with workers(options.dask, options.processes):
        for name in EXPERIMENTS if options.name == "all" else (options.name,):
            report(f"{name}:")
            result = EXPERIMENTS[name](context)
            if not options.quick:
                store(name, result)
            report(f"\n{text(name, result)}\n")


if __name__ == "__main__":
    main()
