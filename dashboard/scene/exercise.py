"""What a teacher gives to a class: an experiment of which parts are locked, and a problem for each student."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl, urlencode

import numpy as np

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.spikes import spike_timing
from core.published import published_prior, time_grid
from dashboard.scene.address import LONGEST_ADDRESS, from_address, parts_of
from dashboard.scene.changes import change
from dashboard.scene.experiment import Experiment

NOT_OF_STUDENTS = ("hidden", "upload", "own_maps")  # which no address of an exercise holds


@dataclass(frozen=True)
class Exercise:
    """What the link to a class holds.

    query: the experiment, as an address holds it.
    pages: titles of the pages that are there.
    locked: settings that are seen and cannot be changed. absent: settings without a control.
    sealed: whether the truth is kept from the class until someone types the code word.
    word: the code word; with it one sees the answer key, too.
    names: of the students, who have a problem each; none where all have the same.
    seed: from which the problems are drawn.
    """

    query: str
    pages: tuple[str, ...]
    locked: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    sealed: bool = False
    word: str = ""
    names: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class StudentProblem:
    """The truth and the seed of the noise in the data of one student."""

    theta0: float
    theta1: float
    seed: int


@lru_cache(maxsize=64)
def problems(exercise: Exercise) -> tuple[StudentProblem, ...]:
    """Return the problem of each student: different neurons that spike, drawn from the published prior.

    A silent neuron tells next to nothing of θ, and would be an unfair problem.
    """
    rng = np.random.default_rng(exercise.seed)
    given, _ = from_address(exercise.query)
    found: dict[tuple[float, float], StudentProblem] = {}
    while len(found) < len(exercise.names):
        drawn = np.round(published_prior().sample(2 * len(exercise.names), rng), 6)
        neurons = np.column_stack([drawn, np.tile((given.zeta, given.gamma), (len(drawn), 1))])
        times = time_grid(given.t_end)
        rates, _ = spike_timing(simulate_potential(neurons, times), times)
        seeds = rng.integers(10**6, size=len(drawn))  # as many digits as the box of the seed shows
        for (theta0, theta1), rate, seed in zip(drawn.tolist(), rates, seeds, strict=True):
            if np.isfinite(rate):
                found.setdefault((theta0, theta1), StudentProblem(theta0, theta1, int(seed)))
    return tuple(found.values())[: len(exercise.names)]


@dataclass(frozen=True)
class Sitting:
    """An exercise as one student has it.

    token: of the exercise, in the address. student: the index of the name; None before one is chosen.
    is_open: whether the truth was opened with the code word.
    """

    exercise: Exercise
    token: str
    student: int | None = None
    is_open: bool = False

    @property
    def lacks_name(self) -> bool:
        """Whether the student has still to say which problem is theirs."""
        return bool(self.exercise.names) and self.student is None

    @property
    def hides(self) -> bool:
        """Whether the truth is kept from the student now."""
        return self.exercise.sealed and not self.is_open

    @cached_property
    def start(self) -> Experiment:
        """The experiment with which the student begins."""
        experiment, _ = from_address(self.exercise.query)
        if self.student is not None:
            problem = problems(self.exercise)[self.student]
            experiment = replace(experiment, theta0=problem.theta0, theta1=problem.theta1, seed=problem.seed)
        return replace(experiment, hidden=self.hides or (experiment.hidden and not self.exercise.sealed))

    @cached_property
    def pinned(self) -> frozenset[str]:
        """The settings that the student cannot change."""
        truth = PARAMETER_NAMES if self.exercise.sealed else ()
        return frozenset((*self.exercise.locked, *self.exercise.absent, *truth))

    def over(self, experiment: Experiment) -> Experiment:
        """Return an experiment with all that is pinned as the exercise has it."""
        hidden = self.hides or (experiment.hidden and not self.exercise.sealed)
        return replace(experiment, **{name: getattr(self.start, name) for name in self.pinned}, hidden=hidden)

    def address(self, experiment: Experiment) -> str:
        """Return the query string of what the student has changed."""
        now, before = parts_of(experiment), parts_of(self.start)
        kept = {*self.pinned, *NOT_OF_STUDENTS}
        return urlencode({name: text for name, text in now.items() if name not in kept and text != before[name]})

    def experiment(self, query: str) -> tuple[Experiment, tuple[str, ...]]:
        """Return the experiment after the changes in a query string, and a sentence for each that is not valid."""
        given = dict(parse_qsl(query[:LONGEST_ADDRESS], keep_blank_values=True))
        kept = {*self.pinned, *NOT_OF_STUDENTS}
        changed, sentences = change(self.start, {name: text for name, text in given.items() if name not in kept})
        return self.over(changed), sentences
