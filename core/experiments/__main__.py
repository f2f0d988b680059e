"""The command `python -m core.experiments NAME`: run an experiment, print what it found, and store it as JSON."""

import argparse
import sys

from core.experiments.limit import run as limit
from core.experiments.magi import run as magi
from core.experiments.optimisers import run as optimisers
from core.experiments.record import RESULTS
from core.files import write_json

EXPERIMENTS = {"limit": limit, "magi": magi, "optimisers": optimisers}


def report(line: str) -> None:
    """Print a line of progress at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Run the experiment that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m core.experiments",
        description="Run an experiment, print what it found and store it as JSON in core/experiments/results.",
        epilog="limit: the yardstick, and calibration of the exact posterior; magi: least squares on other people's "
        "data, both states observed; optimisers: how often each method finds the global minimum.",
    )
    parser.add_argument("name", choices=EXPERIMENTS, metavar="NAME", help=", ".join(EXPERIMENTS))
    name = parser.parse_args().name
    result = EXPERIMENTS[name](report)
    report(f"\n{result}")
    write_json(RESULTS / f"{name}.json", result.as_json())


if __name__ == "__main__":
    main()
