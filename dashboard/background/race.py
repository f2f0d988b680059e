"""The race of a session: its runs two at a time in the background, and the paths that were found."""

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from core.optimisation.methods import descend
from core.optimisation.path import OptimiserPath
from core.problem.problem import Problem
from dashboard.background.task import Task

Start = tuple[float, float]
Run = tuple[Start, str]  # a start and a method

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
    paths: Mapping[Run, OptimiserPath] = field(default_factory=lambda: MappingProxyType({}))
    shown: tuple[OptimiserPath, ...] = ()
    starts: tuple[Start, ...] | None = None
    given_up: tuple[Run, ...] = ()
    task: Task[Run, OptimiserPath] | None = None
    runs: tuple[Run, ...] = ()

    def shown_for(self, problem: Problem) -> tuple[OptimiserPath, ...]:
        """Return the paths on screen, if they are those of this problem."""
        return self.shown if problem.identity == self.problem else ()

    @property
    def missing(self) -> int:
        """How many runs were given up."""
        return sum(run not in self.paths for run in self.given_up)


def race(problem: Problem, runs: tuple[Run, ...]) -> Task[Run, OptimiserPath]:
    """Start a race. When it is stopped, runs under way finish and their paths are dropped."""
    _ = problem.step  # computed once, here, rather than in each thread

    def work(unwanted: Callable[[], bool]) -> Generator[tuple[Run, OptimiserPath]]:
        def run_of(start: Start, method: str) -> OptimiserPath | None:
            return None if unwanted() else descend(problem, start, method)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            ends: dict[Future[OptimiserPath | None], Run] = {pool.submit(run_of, *run): run for run in runs}
            for end in as_completed(ends):
                path = end.result()
                if path is not None:
                    yield ends[end], path

    return Task(work, len(runs))


def attended(
    held: Race, problem: Problem | None, starts: tuple[Start, ...], methods: tuple[str, ...], give_up: bool
) -> Race:
    """Return the race after looking at it: runs that have ended are collected, those that are wanted begin.

    Each method runs from each start. Until all have ended, the last race of the same problem is shown.
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


def _same(some: tuple[OptimiserPath, ...], others: tuple[OptimiserPath, ...]) -> bool:
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
