"""What a teacher gives to a class: an experiment of which parts are locked, and a problem for each student."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl

import numpy as np

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.spikes import spike_timing
from core.published import published_prior, time_grid
from dashboard.scene.address import LONGEST_ADDRESS, difference, from_address
from dashboard.scene.changes import change
from dashboard.scene.experiment import Experiment

NOT_OF_STUDENTS = ("upload",)  # which no address of an exercise holds
AXES = ("axis_x", "axis_y")
# What makes the data, so that a student could take the noise off them: pinned where the truth is sealed.
OF_DATA = (*PARAMETER_NAMES, "sigma", "rho", "seed")
MOST_ROUNDS = 20  # in which neurons are drawn
LARGEST_SEED, LARGEST_SECRET_SEED = 10**6, 2**62  # one is shown; nobody can try out all of the others
TOO_FEW_SPIKE = (
    "With this stimulus, damping and window too few neurons of the prior spike: choose others, or give no names."
)


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

    A silent neuron tells next to nothing of θ, and would be an unfair problem. Raises ValueError with a sentence where
    too few are found.
    """
    rng = np.random.default_rng(exercise.seed)
    largest = LARGEST_SECRET_SEED if exercise.sealed else LARGEST_SEED
    given, _ = from_address(exercise.query)
    times, n_drawn = time_grid(given.t_end), max(50, 2 * len(exercise.names))
    found: dict[tuple[float, float], StudentProblem] = {}
    for _ in range(MOST_ROUNDS):
        if len(found) >= len(exercise.names):
            break
        drawn = np.round(published_prior().sample(n_drawn, rng), 6)
        neurons = np.column_stack([drawn, np.tile((given.zeta, given.gamma), (len(drawn), 1))])
        rates, _ = spike_timing(simulate_potential(neurons, times), times)
        seeds = rng.integers(largest, size=len(drawn))
        for (theta0, theta1), rate, seed in zip(drawn.tolist(), rates, seeds, strict=True):
            if np.isfinite(rate):
                found.setdefault((theta0, theta1), StudentProblem(theta0, theta1, int(seed)))
    if len(found) < len(exercise.names):
        raise ValueError(TOO_FEW_SPIKE)
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
        if self.exercise.sealed:
            secret = np.random.default_rng([self.exercise.seed, 1]).integers(LARGEST_SECRET_SEED)
            experiment = replace(experiment, seed=int(secret))
        if self.student is not None:
            problem = problems(self.exercise)[self.student]
            experiment = replace(experiment, theta0=problem.theta0, theta1=problem.theta1, seed=problem.seed)
        return replace(experiment, hidden=self.hides)

    @cached_property
    def pinned(self) -> frozenset[str]:
        """The settings that the student cannot change."""
        of_seal = (*OF_DATA, *AXES, "hidden") if self.exercise.sealed else ()
        pinned = {*self.exercise.locked, *self.exercise.absent, *of_seal}
        # One axis alone could be made the other's.
        return frozenset(pinned.union(AXES) if pinned.intersection(AXES) else pinned)

    @property
    def _not_in_address(self) -> frozenset[str]:
        return self.pinned.union(NOT_OF_STUDENTS)

    @property
    def gone(self) -> frozenset[str]:
        """The settings without a control: those that are taken away, and what would give a sealed truth away."""
        return frozenset((*self.exercise.absent, *(("seed", "hidden") if self.exercise.sealed else ())))

    def over(self, experiment: Experiment) -> Experiment:
        """Return an experiment with all that is pinned as the exercise has it."""
        kept = {name: getattr(self.start, name) for name in self.pinned if name != "hidden"}
        hidden = self.hides or (experiment.hidden and not self.exercise.sealed)
        return replace(experiment, **kept, hidden=hidden)

    def address(self, experiment: Experiment) -> str:
        """Return the query string of what the student has changed."""
        return difference(experiment, self.start, self._not_in_address)

    def experiment(self, query: str) -> tuple[Experiment, tuple[str, ...]]:
        """Return the experiment after the changes in a query string, and a sentence for each that is not valid."""
        given = dict(parse_qsl(query[:LONGEST_ADDRESS], keep_blank_values=True))
        allowed = {name: text for name, text in given.items() if name not in self._not_in_address}
        changed, sentences = change(self.start, allowed)
        return self.over(changed), sentences
