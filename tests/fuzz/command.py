"""Try every parser with 10,000 inputs, and keep what was found: `python -m tests.fuzz`."""

import gc
import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import torch

from core.files import write_bytes
from core.terminal_encoding import replace_unencodable_characters
from dashboard.maps import use_runs
from tests.fuzz.parser import LEAST_SHARE, LONGEST_SENTENCE, MOST_SECONDS, Tally, folder, tried
from tests.fuzz.parsers import PARSERS

EXAMPLES = 10_000
RESULTS = Path(__file__).parent / "results.json"


def _prepare() -> None:
    if hasattr(os, "nice"):
        os.nice(19)
    torch.set_num_threads(1)
    use_runs(folder())
    gc.freeze()  # what is imported costs the collections among the inputs no time


def _tried(place: int) -> Tally:
    return tried(PARSERS[place], EXAMPLES)


def main() -> int:
    """Try all parsers, print a line for each, write the results; return 1 where something went wrong."""
    replace_unencodable_characters()
    tallies = []
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), _prepare, max_tasks_per_child=1) as pool:
        for tally in pool.map(_tried, range(len(PARSERS))):
            tallies.append(asdict(tally))
            print(
                f"{tally.parser:<28} {tally.examples:>6,} inputs, {tally.results:>6,} read, {tally.sentences:>6,} with "
                f"sentences, slowest {tally.slowest_s:.3f} s, {len(tally.failures)} failures",
                *tally.failures,
                sep="\n",
                flush=True,
            )
    limits = {"seconds": MOST_SECONDS, "characters of a sentence": LONGEST_SENTENCE, "least share": LEAST_SHARE}
    content = {"command": "python -m tests.fuzz", "examples": EXAMPLES, "limits": limits, "parsers": tallies}
    write_bytes(RESULTS, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
    return int(any(tally["failures"] for tally in tallies))
