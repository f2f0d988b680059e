from pathlib import Path

import pytest

from dashboard import trainings


def test_no_training_may_wait_beyond_the_most_that_have_not_ended(monkeypatch):
    unfinished = [Path(f"map-{i}") for i in range(trainings.MOST_UNFINISHED)]
    monkeypatch.setattr(trainings, "runs_in", lambda _: [*unfinished, Path("ended")])
    monkeypatch.setattr(trainings, "has_ended", lambda folder: folder.name == "ended")
    with pytest.raises(ValueError, match="200 trainings have not ended"):
        trainings.check_room()
    unfinished.pop()
    trainings.check_room()
