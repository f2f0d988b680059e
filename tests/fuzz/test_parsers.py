"""Every parser of input from outside: in short, and in the long form with 10,000 inputs."""

import pytest

from dashboard import maps as registry
from tests.fuzz.command import EXAMPLES
from tests.fuzz.parser import LEAST_SHARE, Parser, tried
from tests.fuzz.parsers import PARSERS

EXAMPLES_IN_SHORT = 40


@pytest.fixture(autouse=True)
def _own_folder_of_runs(tmp_path):
    before = registry.runs()
    registry.use_runs(tmp_path)
    yield
    registry.use_runs(before)


def hold(parser: Parser, n: int) -> None:
    tally = tried(parser, n)
    assert tally.failures == []
    assert tally.examples >= n / 2  # fewer where there are no more different ones
    assert min(tally.results, tally.sentences) >= LEAST_SHARE * n


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_every_input_is_read_or_refused_in_a_plain_sentence(parser):
    hold(parser, EXAMPLES_IN_SHORT)


@pytest.mark.long
@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_ten_thousand_inputs_are_read_or_refused(parser):
    hold(parser, EXAMPLES)
