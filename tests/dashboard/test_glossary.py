import json
import re

import pytest

from dashboard.lessons.attendance import attendance_from
from dashboard.serving.files import FILES
from tests.dashboard.lessons.answers import sentences

MEANINGS = json.loads(FILES["glossary.json"].read_text())
# What a new user found on screen without a definition.
ASKED_FOR = ("prior", "MAP", "posterior", "Laplace", "whitened", "R²", "Median-APE", "candidate", "inverse map",
             "misfit", "AR(1)", "residual", "profile", "basin", "nullcline")  # fmt: skip


def test_what_the_pages_speak_of_has_a_meaning():
    assert [term for term in ASKED_FOR if term not in MEANINGS] == []


@pytest.mark.parametrize("term", MEANINGS)
def test_a_meaning_is_short_and_says_more_than_its_term(term):
    meaning = MEANINGS[term]
    assert 20 < len(meaning) <= 260
    assert meaning[-1] == "."
    assert len(re.findall(r"[.:](?: |$)", meaning)) <= 4
    assert not meaning.startswith(term)


@pytest.mark.parametrize(("term", "step"), json.loads(FILES["glossary_lessons.json"].read_text()).items())
def test_a_term_leads_to_a_step_that_speaks_of_it(term, step):
    assert term in MEANINGS
    assert term.lower() in " ".join(sentences(attendance_from(step).shown)).lower()
