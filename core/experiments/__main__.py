"""The command `python -m core.experiments NAME`: run an experiment, print what it found, and store it as JSON."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from core.experiments.catalogue import EXPERIMENTS
from core.experiments.context import Context
from core.experiments.records import Result, store
from core.experiments.reports import text
from core.learning.wide_networks import gpu_name
from core.parallel import PROCESSES, report, workers
from core.terminal_encoding import replace_unencodable_characters

DESCRIPTION = """\
Run an experiment, print what it found and store it as JSON in core/experiments/results.
The folder of --work keeps intermediate results, from which an interrupted run resumes.
Delete the folder after changing the engine."""


def _about(run: Callable[[Context], Result]) -> str:
    """Return the first line of the documentation of an experiment's file."""
    return (sys.modules[run.__module__].__doc__ or "").partition("\n")[0]


def main() -> None:
    """Run the experiment that the command line names, or all of them."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(
        prog="python -m core.experiments",
        description=DESCRIPTION,
        epilog="\n".join(f"{name:14} {_about(each.run)}" for name, each in EXPERIMENTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
            result = EXPERIMENTS[name].run(context)
            if not options.quick:
                store(name, result)
            report(f"\n{text(name, result)}\n")


if __name__ == "__main__":
    main()
