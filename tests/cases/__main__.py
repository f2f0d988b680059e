"""Run every test that is marked as the check of a case, and print a line for each case: python -m tests.cases."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from core.terminal_encoding import replace_unencodable_characters

CASES = {  # number → what is tried, and the right answer
    "01": ("times in seconds by their heading", "t to 199.8 ms, MAP 0.3108, 0.5958"),
    "03": ("u in millivolts", "asked; with V₀ = −70, g = 30 MAP 0.3108, 0.5958"),
    "05": ("an index before the time", "asked; MAP 0.3108, 0.5958"),
    "07": ("text formats people have", "t to 199.8 ms, MAP 0.3108, 0.5958 for each"),
    "09": ("no column of times", "“does not look like” a time; with an interval of 0.2 ms t to 199.8 ms"),
    "10": ("12,000 rows", "4,000 rows, said; MAP 0.3, 0.6"),
    "11": ("posterior of a trace that no parameters explain", "residuals about 230 times the noise, said"),
    "13": ("read-only checkout, user without a home", "[0, −0.31543, −0.80576, −1.34053, −1.63748]"),
    "14": ("cache that this user cannot write, equations changed", "101.0, the new equations, for both users"),
    "15": ("cache that cannot be written, full disk", "the result, and one warning"),
    "16": ("cut cache files", "compiled anew: 11.0 30.0"),
    "18": ("terminal in Latin-1", "starts; signs that it lacks are replaced by ?"),
    "20": ("under a path, behind a proxy", "9 plots, nothing asked outside the path"),
    "22": ("server open to the network", "nothing asked of other hosts"),
    "24": ("files that the browser has", "304, 0 bytes"),
    "26": ("a dead training’s number, given away", "failed"),
    "28": ("pool of forked processes", "equal to their parent"),
    "29": ("forked, one trajectory each", "equal to their parent"),
    "30": ("user without name and home", "serves"),
    "31": ("a host that is none", "one sentence, exit 2; http://[::1]:8501"),
    "32": ("advice that was followed already", "no advice to choose what is chosen; it can be followed"),
    "33": (
        "the textbook’s convention",
        "θ₀ 0.7059, θ₁ 0.8147, ζ −0.5050, γ 3.5140 (τ 12.35), u₀ 0.9487, v₀ 0.9927",
    ),
    "36": ("map with NaN weights", "left out with a sentence: not finite"),
}


@dataclass
class Outcome:
    """What the tests of a case have said so far."""

    waiting: int = 0
    passed: int = 0
    measured: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


class Cases:
    """A plugin of pytest that prints a line for each case when its last test is done."""

    def __init__(self) -> None:
        self.outcomes = defaultdict[str, Outcome](Outcome)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the tests of each case."""
        for item in session.items:
            for number in _numbers(item):
                self.outcomes[number].waiting += 1
                item.user_properties.append(("case", number))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test said, and print the cases that it was the last one of."""
        for number in (value for name, value in report.user_properties if name == "case"):
            outcome = self.outcomes[number]
            if report.failed:
                outcome.failed.append(f"{report.nodeid}: {report.longreprtext}")
            elif report.skipped:
                outcome.skipped.append(report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped")
            elif report.when == "call":
                outcome.passed += 1
            if report.when == "teardown":
                outcome.waiting -= 1
                said = [str(value) for name, value in report.user_properties if name == "measured"]
                outcome.measured = list(dict.fromkeys([*outcome.measured, *said]))
                if outcome.waiting == 0:
                    _print(number, outcome)


def _numbers(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers("case"):
        if mark.args[0] not in CASES:
            raise pytest.UsageError(f"{item.nodeid} is marked as the check of {mark.args[0]}, which is no case.")
        yield mark.args[0]


def _print(number: str, outcome: Outcome) -> None:
    title, right = CASES[number]
    measured = "; ".join(outcome.measured[:3]) or "nothing"
    verdict = "WRONG" if outcome.failed else "ok" if outcome.passed else f"NOT RUN ({outcome.skipped[0]})"
    print(f"{number} {title}: {measured} (right: {right}) {verdict}", flush=True)
    for each in outcome.failed:
        print(f"{each}\n")


def main(place: str = "tests") -> int:
    """Run the checks in a folder; return 1 if an answer is wrong or a case has no check."""
    replace_unencodable_characters()
    cases = Cases()
    settings = [
        "-c",
        "pyproject.toml",
        "-o",
        "addopts=--strict-markers",
        "-p",
        "no:terminal",
        "-p",
        "no:xdist",
        "-m",
        "case",
    ]
    status = pytest.main([*settings, place], plugins=[cases])
    missing = [number for number in CASES if not cases.outcomes[number].passed + len(cases.outcomes[number].skipped)]
    for number in missing:
        print(f"{number} {CASES[number][0]}: no check has run")
    return int(status != 0 or bool(missing))


if __name__ == "__main__":
    sys.exit(main())
