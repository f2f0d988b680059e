"""The race of a session: optimisers and samplers, two at a time in the background, and the paths that were found."""

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from threading import Lock
from types import MappingProxyType

from core.optimisation.path import OptimiserPath
from core.problem.problem import Problem
from dashboard.background.optimisers import optimised
from dashboard.background.sampling import Aim, Sampled, Sampling, aim, sampled
from dashboard.background.task import Task

Start = tuple[float, float]
Racer = str | Sampling  # one of KINDS, or a sampler
Run = tuple[Start, Racer]
Ran = OptimiserPath | Sampled

AT_ONCE = 2  # runs
SOON = 0.5  # s for which the page waits for a race before it shows how far it is


@dataclass(frozen=True, eq=False)
class Race:
    """What a session holds of its race. It is replaced as a whole, so that another thread can read it.

    problem: the identity of the problem that is raced on; "" for none.
    paths: of the runs that have ended.
    shown: the paths on screen: those of the last race, until the next is complete.
    starts: of the last race; None before any page has shown one.
    given_up: the runs that were wanted when the race was stopped.
    task: what is being computed, and runs, its keys.
    """

    problem: str = ""
    paths: Mapping[Run, Ran] = field(default_factory=lambda: MappingProxyType({}))
    shown: tuple[Ran, ...] = ()
    starts: tuple[Start, ...] | None = None
    given_up: tuple[Run, ...] = ()
    task: Task[Run, Ran] | None = None
    runs: tuple[Run, ...] = ()

    def shown_for(self, problem: Problem) -> tuple[OptimiserPath, ...]:
        """Return the paths of optimisers on screen, if they are those of this problem."""
        shown = self.shown if problem.identity == self.problem else ()
        return tuple(each for each in shown if isinstance(each, OptimiserPath))

    def sampled_for(self, problem: Problem) -> tuple[Sampled, ...]:
        """Return the samplers on screen, if they are those of this problem."""
        shown = self.shown if problem.identity == self.problem else ()
        return tuple(each for each in shown if isinstance(each, Sampled))

    @property
    def missing(self) -> int:
        """How many runs were given up."""
        return sum(run not in self.paths for run in self.given_up)


def race(problem: Problem, runs: tuple[Run, ...]) -> Task[Run, Ran]:
    """Start a race. When it is stopped, runs under way finish and their paths are dropped."""
    _ = problem.step  # computed once, here, rather than in each thread

    def work(unwanted: Callable[[], bool]) -> Generator[tuple[Run, Ran]]:
        aims: dict[float, Aim] = {}
        aiming = Lock()

        def run_of(start: Start, racer: Racer) -> Ran | None:
            if unwanted():
                return None
            if isinstance(racer, str):
                return optimised(problem, start, racer)
            with aiming:
                if racer.temperature not in aims:
                    aims[racer.temperature] = aim(problem, racer.temperature)
            return sampled(aims[racer.temperature], start, racer)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            ends: dict[Future[Ran | None], Run] = {pool.submit(run_of, *run): run for run in runs}
            for end in as_completed(ends):
                path = end.result()
                if path is not None:
                    yield ends[end], path

    return Task(work, len(runs))


def attended(
    held: Race, problem: Problem | None, starts: tuple[Start, ...], methods: tuple[Racer, ...], give_up: bool
) -> Race:
    """Return the race after looking at it: runs that have ended are collected, those that are wanted begin.

    Each method and each sampler runs from each start. Until all have ended, the last race of the problem is shown.
    give_up: begin none of the runs that are missing, and stop those under way.
    """
    identity = "" if problem is None else problem.identity
    if held.problem != identity:
        _stop(held)
        held = Race(identity, starts=held.starts)
    if held.starts is None:
        held = replace(held, starts=starts)
    wanted = tuple((start, method) for start in starts for method in methods)
    if give_up:
        held = replace(held, given_up=wanted)
    if problem is not None:
        held = _advanced(held, problem, wanted, is_new=starts != held.starts)
    if wanted != held.given_up:
        held = replace(held, given_up=())
    if held.task is None:
        shown = tuple(held.paths[run] for run in wanted if run in held.paths)
        held = replace(held, starts=starts, shown=held.shown if _same(shown, held.shown) else shown)
    return held


def _same(some: tuple[Ran, ...], others: tuple[Ran, ...]) -> bool:
    return len(some) == len(others) and all(one is other for one, other in zip(some, others, strict=True))


def _advanced(held: Race, problem: Problem, wanted: tuple[Run, ...], is_new: bool) -> Race:
    """Collect the runs that have ended, and begin those that are wanted and missing, unless they were given up."""
    missing = tuple(run for run in wanted if run not in held.paths)
    if held.task is not None and (held.runs != missing or held.given_up == wanted):
        held = _stop(held)
        missing = tuple(run for run in wanted if run not in held.paths)
    if not missing or held.given_up == wanted:
        return held
    if held.task is None:
        held = replace(held, task=race(problem, missing), runs=missing)
        # New starts are waited for; other data are shown first.
        if is_new and held.task is not None:
            held.task.wait(SOON)
    assert held.task is not None
    progress = held.task.progress()
    if progress.active:
        return held
    ended = _stop(held)
    kept = {run: path for run, path in ended.paths.items() if run in wanted}
    # What has failed once would fail again.
    return replace(ended, paths=kept, given_up=wanted if progress.state == "failed" else ())


def _stop(held: Race) -> Race:
    """Stop what is being computed, and keep what it has found."""
    if held.task is None:
        return held
    held.task.stop()
    return replace(held, paths={**held.paths, **held.task.pieces()}, task=None, runs=())
