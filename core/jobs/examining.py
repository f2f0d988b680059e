"""What a training finds out about its map at its end: its examination, and its out-of-distribution reference."""

from dataclasses import replace

import numpy as np

from core.files import write_json
from core.jobs.clock import N_REFERENCE, examining_work
from core.jobs.folder import EXAMINATION
from core.jobs.record import Record
from core.maps.examination.examination import can_examine, examined
from core.maps.examination.examination_file import examination_as_json
from core.maps.inverse_map import InverseMap
from core.maps.out_of_distribution import can_score, novelty_reference
from core.maps.stages import Stage
from core.maps.test_sets import noisy_task

NOT_EXAMINED = "Its examination could not be finished."
NOT_POSITIVE = "The covariance of an estimate or of a fit was not positive definite."


def with_examination(record: Record, trained: InverseMap) -> tuple[InverseMap, str]:
    """Examine a map on traces of its own task, and return it with its reference, and why that was left unfinished.

    The folder holds the examination so far. Raises StoppedError where the training is asked to end or to pause.
    """
    first, second = examining_work(trained.recipe, 1.0)
    share_of_first = first / max(first + second, 1.0)
    try:
        if can_examine(trained):
            record.tell(Stage.EXAMINE, 0.0)
            for share, found in examined(trained, noisy_task(trained.recipe.task)):
                write_json(record.folder / EXAMINATION, examination_as_json(found))
                record.tell(Stage.EXAMINE, share_of_first * share)
        if can_score(trained.recipe):
            reference = novelty_reference(
                trained,
                N_REFERENCE,
                lambda share: record.tell(Stage.EXAMINE, share_of_first + (1 - share_of_first) * share),
            )
            trained = replace(trained, card={**trained.card, "novelty": reference.as_json()})
    except np.linalg.LinAlgError:  # a ValueError too, but its text is no sentence
        return trained, f"{NOT_EXAMINED} {NOT_POSITIVE}"
    except ValueError as error:  # of a trace that no estimate or posterior fits: the map is kept
        return trained, f"{NOT_EXAMINED} {error}"
    return trained, ""
