"""What is asked of every parser of input from outside, and how it is tried with many inputs."""

import atexit
import gc
import json
import re
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis.errors import HypothesisWarning
from hypothesis.strategies import SearchStrategy

MOST_SECONDS = 1.0  # of the processor, for one input
LONGEST_SENTENCE = 400  # characters
LEAST_SHARE = 0.02  # of the inputs: so many are read, and so many are refused or spoken of
LONGEST_FAILURE = 2000  # characters that are kept of what went wrong
# How Python and its libraries speak.
NOT_PLAIN = re.compile(
    r"argument|NoneType|__|Traceback|Error\b|unexpected keyword|unhashable|iterable|subscriptable|codec|zip\(|"
    r"'(int|float|str|bytes|list|tuple|dict|set|bool)'|not supported between|object (is|has)|0x|size mismatch|"
    r"could not convert|index out|out of range|invalid literal|unpack|recursion|surrogate|\bnan\b|\binf\b|\(\)"
)


@dataclass(frozen=True)
class Parser:
    """A parser of input from outside.

    name: of what it reads.
    inputs: gives valid inputs with more or less of them changed.
    valid: inputs that are read, each of which may compile and import what the others do not.
    read: reads an input within the time; raises ValueError with a sentence for an input that is refused.
    look: looks at what `read` gives, for as long as it takes, and returns the sentences that come with it.
    """

    name: str
    inputs: SearchStrategy[Any]
    valid: tuple[Any, ...]
    read: Callable[[Any], Any]
    look: Callable[[Any], Iterable[str]] = tuple


@dataclass
class Tally:
    """What became of the inputs; failures: what went wrong, with the smallest input that was found for it."""

    parser: str
    examples: int = 0
    slowest_s: float = 0.0
    results: int = 0
    sentences: int = 0
    failures: list[str] = field(default_factory=list)

    def hold(self, parser: Parser, example: Any) -> None:
        """Read an input; raises AssertionError for what takes too long or is no plain sentence."""
        self.examples += 1
        gc.disable()  # what the trial itself leaves behind costs the parser no time
        start = time.process_time()  # other processes share this machine's cores
        try:
            result = parser.read(example)
        except ValueError as error:
            result, refused = None, str(error)
        else:
            refused = ""
        spent = time.process_time() - start
        gc.enable()
        self.slowest_s = max(self.slowest_s, spent)
        said = [refused] if refused else list(parser.look(result))
        self.results += not refused
        self.sentences += bool(said)
        assert spent <= MOST_SECONDS, f"It took {spent:.2f} s."
        for sentence in said:
            assert_plain(sentence)


@cache
def folder() -> Path:
    """Return a folder for the files that are read, which goes with this process."""
    made = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def assert_plain(sentence: str) -> None:
    """Fail unless a text is a sentence that says what is wrong to someone who knows no Python."""
    assert not re.match(r"[a-z]{2}|$", sentence), f"It has no capital: {sentence}"
    assert sentence.endswith("."), f"It has no full stop: {sentence}"
    assert len(sentence) <= LONGEST_SENTENCE, f"It has {len(sentence)} characters: {sentence}"
    quoted = re.sub(r"“[^”]*”|'[^']*'", "“”", sentence)  # what was typed may say anything
    assert not NOT_PLAIN.search(quoted), f"It is not plain: {sentence}"
    sentence.encode()  # a text that no browser can be sent raises


def assert_shown(content: Any) -> None:
    """Fail unless a browser can be sent a value: JSON without NaN, in UTF-8."""
    json.dumps(content, allow_nan=False, ensure_ascii=False).encode()


def tried(parser: Parser, n: int) -> Tally:
    """Try a parser with n inputs, always the same ones, up to the first that goes wrong."""
    for valid in parser.valid:  # what is compiled and imported takes its time once
        parser.look(parser.read(valid))
    tally = Tally(parser.name)

    @settings(max_examples=n, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(parser.inputs)
    def hold(example: Any) -> None:
        tally.hold(parser, example)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", HypothesisWarning)  # about the size of what is printed
            hold()
    except Exception as error:
        for each in error.exceptions if isinstance(error, ExceptionGroup) else (error,):
            notes = "\n".join(getattr(each, "__notes__", []))
            tally.failures.append(f"{type(each).__name__}: {each}\n{notes}"[:LONGEST_FAILURE])
    return tally
