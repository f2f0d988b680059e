"""What a session has beside its experiment. The live route finds it by an unguessable key."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from dashboard.background.basins import Explored
from dashboard.background.race import Race
from dashboard.scene.observation import Trace

if TYPE_CHECKING:
    from dashboard.scene.states_fit import Fitting

MOST_SESSIONS = 500  # the sessions that were opened last keep their holdings

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

    The live route reads from another thread what the pages write: a value is replaced as a whole, never changed.
    """

    upload: Trace | None = None
    recording: Trace | None = None
    race: Race = field(default_factory=Race)
    basins: Explored = field(default_factory=Explored)
    fitting: "Fitting | None" = None


def keep(holdings: Holdings) -> str:
    """Keep a session's holdings, and return their key."""
    key = secrets.token_urlsafe(16)
    with _lock:
        _holdings[key] = holdings
        while len(_holdings) > MOST_SESSIONS:
            _holdings.popitem(last=False)
    return key


def find(key: str) -> Holdings | None:
    """Return the holdings with a key, or None where there are none any more."""
    return _holdings.get(key)
