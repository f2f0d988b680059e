"""The trainings of this server: whose they are, how many are at work at once, and that the queue goes on."""

import hashlib
import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from core.jobs.folder import has_ended, runs_in
from core.jobs.queue import PLACES, tend
from core.jobs.request import read_request
from core.jobs.runs import sweep
from dashboard.maps import own_maps, runs, show_newest
from dashboard.scene.changes import NONE
from dashboard.scene.settings import NEWEST_OWN_MAPS

TENDING_SECONDS = 2.0
MOST_UNFINISHED = 200  # trainings of a folder of runs, at work or waiting
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rules:
    """What the server was told about trainings.

    places: trainings at work at once, over all servers of a folder of runs. cluster: the address of a Dask cluster that
    does them, or "". private: whether nobody looks at those of others.
    """

    places: int = PLACES
    cluster: str = ""
    private: bool = False


_rules = [Rules()]


def use_rules(rules: Rules) -> None:
    """Set the rules, once, when the server starts."""
    _rules[0] = rules
    show_newest(0 if rules.private else NEWEST_OWN_MAPS)


def rules() -> Rules:
    """Return the rules."""
    return _rules[0]


def owner_of(visitor: str) -> str:
    """Return the owner that a visitor's trainings have: a hash, from which nobody learns the visitor's secret."""
    return hashlib.sha256(visitor.encode()).hexdigest() if visitor else ""


def is_owner(folder: Path, owner: str) -> bool:
    """Return whether a training belongs to an owner, who alone may stop, rename or delete it."""
    try:
        return bool(owner) and read_request(folder).owner == owner
    except (ValueError, OSError):
        return False


def may_see(folder: Path, owner: str) -> bool:
    """Return whether an owner may look at a training: at the own ones, and at ended ones unless they are private."""
    return (not rules().private and has_ended(folder)) or is_owner(folder, owner)


def listed_maps(owner: str) -> tuple[str, ...]:
    """Return the names of the maps trained here that an owner may look at, the newest first."""
    names = own_maps()
    return tuple(name for name in names if is_owner(runs() / name, owner)) if rules().private else names


def newest_maps(owner: str) -> str:
    """Return the setting own_maps that shows the newest of the maps that an owner may look at."""
    none = NONE if rules().private else ""
    return ",".join(listed_maps(owner)[:NEWEST_OWN_MAPS][::-1]) or none


def check_room() -> None:
    """Raise ValueError with a sentence where so many trainings have not ended that no other may wait."""
    if sum(not has_ended(folder) for folder in runs_in(runs())) >= MOST_UNFINISHED:
        raise ValueError(f"{MOST_UNFINISHED} trainings have not ended, which is the limit: start it when one has.")


def see_to_queue() -> None:
    """Start processes for the trainings that wait, as far as there are places."""
    try:
        tend(runs(), rules().places, rules().cluster or None)
    except OSError as error:  # a full disk or a lack of processes, which may pass
        _log.warning("The trainings that wait could not be started: %s", error)


def keep_queue_going() -> None:
    """See to the queue again and again, in a thread of its own."""
    sweep(runs())

    def go_on() -> None:
        while True:
            see_to_queue()
            time.sleep(TENDING_SECONDS)

    threading.Thread(target=go_on, daemon=True).start()
