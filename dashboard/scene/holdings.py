"""What a session has beside its experiment. The live route finds it by an unguessable key."""

import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from dashboard.background.basins import Explored
from dashboard.background.denoising import Denoised
from dashboard.background.examination import Examined
from dashboard.background.race import Race
from dashboard.background.search import Sought
from dashboard.scene.observation import Trace
from dashboard.scene.overview import Overview
from dashboard.scene.training import Form

if TYPE_CHECKING:
    from dashboard.scene.exercise import Sitting
    from dashboard.scene.states_fit import Fitting

MOST_SESSIONS = 500  # those that were last used keep their holdings
HAND_S = 1.0  # after the last request of a drag, for which a hand is taken to be on a control

_holdings: "OrderedDict[str, Holdings]" = OrderedDict()
_lock = Lock()


@dataclass(eq=False)
class Holdings:
    """What no address can hold.

    upload: a trace that stands in place of the simulated data on every page.
    recording: a recording that the page Your data alone can take.
    race: the optimisers' race on the page Landscape.
    fitting: what the form of the fit on that page was left at, and the last fit; None until it is first shown.
    basins: what was explored on the page Landscape.
    examined: the examination of a map on the page Inverse map. denoised, sought: the deep prior and the
    smallest perturbation on the page Trust.
    training: the form of the page Train. overview: what is chosen in its overview of trainings.
    sitting: the exercise that a student attends.
    session: Streamlit's name of the session; "" for holdings that belong to none.
    owner: whose trainings are the visitor's.

    dragged_at, here_at: when the live route was last asked, and when the browser was last seen, in s of the monotonic
    clock.

    The live route reads from another thread what the pages write: a value is replaced as a whole, never changed.
    """

    upload: Trace | None = None
    recording: Trace | None = None
    race: Race = field(default_factory=Race)
    basins: Explored = field(default_factory=Explored)
    examined: Examined = field(default_factory=Examined)
    denoised: Denoised = field(default_factory=Denoised)
    sought: Sought = field(default_factory=Sought)
    fitting: "Fitting | None" = None
    training: Form = field(default_factory=Form)
    overview: Overview = field(default_factory=Overview)
    sitting: "Sitting | None" = None
    session: str = ""
    owner: str = ""
    dragged_at: float = -math.inf
    here_at: float = field(default_factory=time.monotonic)

    @property
    def is_dragged(self) -> bool:
        """Whether a hand is on a control of this session, as far as the live route knows."""
        return time.monotonic() - self.dragged_at < HAND_S


def keep(holdings: Holdings, key: str = "") -> str:
    """Keep a session's holdings, and return their key; key: the one they had, "" for a new one."""
    key = key or secrets.token_urlsafe(16)
    with _lock:
        _holdings[key] = holdings
        _holdings.move_to_end(key)
        while len(_holdings) > MOST_SESSIONS:
            _holdings.popitem(last=False)
    return key


def find(key: str) -> Holdings | None:
    """Return the holdings with a key, or None where there are none any more."""
    with _lock:
        if key in _holdings:
            _holdings.move_to_end(key)
        return _holdings.get(key)


def n_sessions() -> int:
    """Return how many sessions have holdings."""
    return len(_holdings)


def departed(is_here: Callable[[str], bool], away_s: float, most_away: int) -> list[str]:
    """Drop the holdings of sessions that are away for longer than away_s, and return Streamlit's names of them.

    is_here: whether the browser of a session is connected. most_away: of more sessions than these that are away, the
    first that left are dropped too.
    """
    now = time.monotonic()
    with _lock:
        away = []
        for key, holdings in _holdings.items():
            if not holdings.session or is_here(holdings.session):
                holdings.here_at = now
            else:
                away.append((holdings.here_at, key))
        away.sort()
        gone = [key for i, (left_at, key) in enumerate(away) if now - left_at > away_s or i < len(away) - most_away]
        return [_holdings.pop(key).session for key in gone]
