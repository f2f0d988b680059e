"""The fit of a deep prior in the background: its curve after each iteration, for one session."""

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.noise import Noise
from dashboard.background.task import HasTask, Progress, Task
from dashboard.background.wish import Wish

if TYPE_CHECKING:
    from core.denoising.deep_prior import Iterate

_one_at_a_time = threading.Lock()  # fits of several sessions: each keeps a core busy


@dataclass(frozen=True, eq=False)
class NoisyTrace:
    """A trace, (n_times,), its noise, the correlation by which the loss whitens, and the truth where it is known.

    truth: (n_times,), or None.
    """

    data: NDArray[np.float64]
    noise: Noise
    rho: float
    truth: NDArray[np.float64] | None

    @property
    def key(self) -> str:
        """What tells it from other traces."""
        return f"{self.rho!r} {sha256(self.data.tobytes()).hexdigest()}"


@dataclass(frozen=True, eq=False)
class Denoised(HasTask):
    """What a session holds of a fit. It is replaced as a whole, so that another thread can read it.

    key: of the trace that is fitted; "" for none.
    task: the computation. found: its iterates so far, in order.
    """

    key: str = ""
    task: "Task[int, Iterate] | None" = None
    found: "tuple[Iterate, ...]" = ()

    def found_for(self, trace: NoisyTrace) -> "tuple[Iterate, ...]":
        """Return what was found, if it is of this trace."""
        return self.found if self.key == trace.key else ()

    def progress_for(self, trace: NoisyTrace) -> Progress | None:
        """Return how far the fit of this trace is; None where there is none."""
        return self.progress if self.key == trace.key else None


def _fit(trace: NoisyTrace) -> "Task[int, Iterate]":
    from core.denoising.deep_prior import ITERATIONS, iterates

    def work(_: Callable[[], bool]) -> "Generator[tuple[int, Iterate]]":
        for each in iterates(trace.data, trace.rho):
            yield each.number, replace(each, curve=each.curve.astype(np.float32))  # half the memory

    return Task(work, ITERATIONS, _one_at_a_time)


def attended(held: Denoised, trace: NoisyTrace | None, wish: str | None) -> Denoised:
    """Return the fit after looking at it: one of another trace is stopped, and one that is asked for begins.

    wish: what the page was asked to do; a browser can send any text.
    """
    key = "" if trace is None else trace.key
    begins = wish == Wish.FIT_NETWORK and trace is not None
    if held.task is not None and (begins or held.key != key or wish == Wish.STOP_FITTING):
        held.task.stop()
    if trace is not None and begins:
        return Denoised(key, _fit(trace))
    if held.key != key:
        return Denoised()
    if held.task is None:
        return held
    pieces = held.task.pieces()
    return replace(held, found=tuple(pieces[number] for number in sorted(pieces)))
