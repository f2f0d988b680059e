import json
import re

import pytest

from dashboard.server import FILES

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
