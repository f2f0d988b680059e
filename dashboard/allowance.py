"""How much each visitor may ask for within an hour of what costs much."""

import math
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

HOUR_S = 3600.0
MOST_COUNTED = 5000  # visitors


@dataclass(eq=False)
class Allowance:
    """What each visitor may take within an hour, and what has been taken.

    most: in all; what was taken more than an hour ago is free again.
    refusal: the sentence for who asks for more, in which {minutes} stands for how long to wait.
    """

    most: float
    refusal: str
    _taken: "OrderedDict[str, list[tuple[float, float]]]" = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, visitor: str, amount: float = 1.0) -> None:
        """Count an amount for a visitor.

        Raises ValueError with a sentence, and counts nothing, where too little is left.
        """
        now = time.monotonic()
        with self._lock:
            recent = [(at, taken) for at, taken in self._taken.pop(visitor, ()) if now - at < HOUR_S]
            self._taken[visitor] = recent
            while len(self._taken) > MOST_COUNTED:
                self._taken.popitem(last=False)
            over = sum(taken for _, taken in recent) + amount - self.most
            if over <= 0:
                recent.append((now, amount))
                return
            free_at = now + HOUR_S
            for at, taken in recent:
                over -= taken
                if over <= 0:
                    free_at = at + HOUR_S
                    break
            minutes = math.ceil((free_at - now) / 60)
        raise ValueError(self.refusal.format(minutes=f"{minutes} minute{'' if minutes == 1 else 's'}"))


UPLOADED_BYTES = Allowance(
    50 * 2**20, "You have uploaded 50 MB within an hour, which is the limit: upload it again in {minutes}."
)
STARTED_TRAININGS = Allowance(
    12, "You have started 12 trainings within an hour, which is the limit: start it again in {minutes}."
)
