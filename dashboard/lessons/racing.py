"""Lesson: where methods that go downhill end, and what it costs to look everywhere."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.optimisation.basins import explore, start_grid
from core.optimisation.methods import NEGLIGIBLE, descend
from core.optimisation.path import OptimiserPath
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import Choice, Option, Order, Pin, Typed
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Number
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene

START = (0.57, 0.5)  # in a narrow valley that is not the truth's
OTHER_START = (0.65, 0.8)  # above a wide valley that is not the truth's
STARTS_A_SIDE = 4  # of the grid from which L-BFGS-B starts
RACERS = ("Gradient descent", "L-BFGS-B", "Differential evolution")
ENTRIES = (RACERS[1], RACERS[0], RACERS[2])  # neither the right order nor its reverse
AT_START = {"candidate_theta0": START[0], "candidate_theta1": START[1]}
AT_OTHER_START = {"candidate_theta0": OTHER_START[0], "candidate_theta1": OTHER_START[1]}
COSTS = (1, 20, 400)  # times as many evaluations, which are offered to choose from


@lru_cache(maxsize=32)
def _path(experiment: Experiment, method: str, start: tuple[float, float]) -> OptimiserPath:
    return descend(problem_of(experiment, Scene(experiment, experiment).observation), start, method)


def _end(scene: Scene, method: str, start: tuple[float, float]) -> tuple[float, float]:
    first, second = _path(scene.experiment, method, start).positions[-1].tolist()
    return first, second


def _loss(scene: Scene, method: str) -> float:
    return float(_path(scene.experiment, method, START).losses[-1])


def _order(scene: Scene) -> tuple[int, ...]:
    """Return the indices of ENTRIES by the loss at which the methods end, the lowest first."""
    return tuple(np.argsort([_loss(scene, method) for method in ENTRIES]).tolist())


def _only_evolution_finds_the_best_fit() -> bool:
    """Return whether differential evolution ends at the lowest loss of all racers, and no other one there."""
    experiment = Experiment()
    scene = Scene(experiment, experiment)
    *others, evolution = (_loss(scene, method) for method in RACERS)
    return min(others) > evolution + NEGLIGIBLE and evolution <= _lowest(experiment) + NEGLIGIBLE


def _fate_of_simplex(scene: Scene) -> int:
    """Return 0 where Nelder–Mead finds the best fit, 1 where it ends in another valley."""
    return 0 if _loss(scene, "Nelder–Mead") <= _loss(scene, "Differential evolution") + NEGLIGIBLE else 1


def _cost(scene: Scene) -> int:
    """Return which of COSTS is nearest to what differential evolution costs, in evaluations of L-BFGS-B."""
    spent = [int(_path(scene.experiment, method, START).evaluations[-1]) for method in RACERS[1:]]
    return int(np.argmin(np.abs(np.log(COSTS) - np.log(spent[1] / spent[0]))))


@lru_cache(maxsize=4)
def _ends(experiment: Experiment) -> NDArray[np.float64]:
    """Return the losses, (n,), at which L-BFGS-B ends from a grid of starts."""
    problem = problem_of(experiment, Scene(experiment, experiment).observation)
    starts = start_grid(problem.bounds, STARTS_A_SIDE)
    return np.array([path.losses[-1] for _, path in explore(problem, RACERS[1], starts)])


def _lowest(experiment: Experiment) -> float:
    """Return the lowest loss that L-BFGS-B finds from a grid of starts."""
    return float(_ends(experiment).min())


def _share(experiment: Experiment) -> float:
    """Return from what share of a grid of starts L-BFGS-B ends in the lowest minimum, in per cent."""
    return 100 * float(np.mean(_ends(experiment) <= _lowest(experiment) + NEGLIGIBLE))


RACING = Lesson(
    "racing",
    "Who wins the race, and why gradients fail",
    "You can say where a method ends from a given start, why it ends there, and what it costs to look everywhere.",
    (
        Step(
            title="Downhill from here",
            text=(
                "The map shows the loss J over both parameters: dark is low. The orange candidate marks a start.",
                "Gradient descent goes from there against the gradient of J, in steps that each lower the loss.",
            ),
            page="Landscape",
            sets=AT_START,
            then={"methods": ("Gradient descent",), "starts": (START,)},
            shows=("map",),
            question=Pin(
                ask="Drop a pin where gradient descent ends.",
                hint="A step is only taken if it lowers the loss. Look for the ridges around the start.",
                right="It only creeps along the bottom of the narrow valley in which it starts.",
                near="It ends even closer to its start: in a narrow valley it zigzags from wall to wall.",
                far="It does not cross the ridges around its start, because each step must lower the loss.",
                plot="map",
                pinned="The end of gradient descent",
                truth=lambda scene: _end(scene, "Gradient descent", START),
                close=0.07,
                rough=0.18,
            ),
        ),
        Step(
            title="The next start",
            text=(
                "L-BFGS-B also needs gradients, but it learns the curvature of the valley from its earlier steps. So "
                "it does not zigzag in a narrow valley. It now starts at the orange candidate.",
            ),
            page="Landscape",
            sets=AT_OTHER_START,
            then={"methods": ("L-BFGS-B",), "starts": (OTHER_START,)},
            shows=("map",),
            question=Pin(
                ask="Drop a pin where L-BFGS-B ends.",
                hint="Its first step is long, and leads across ridges. It ends to the right of its start, where no "
                "direction leads down any more.",
                right="Its first step was long; then it went down to the lowest place around, and every direction "
                "leads uphill from there.",
                near="Close, but there is a lower place nearby, further to the right.",
                far="It ends a little to the right of its start, at the lowest place of the dark area there.",
                plot="map",
                pinned="The end of L-BFGS-B",
                truth=lambda scene: _end(scene, "L-BFGS-B", OTHER_START),
                close=0.07,
                rough=0.18,
            ),
        ),
        Step(
            title="Three methods, one start",
            text=(
                "Now three methods start at the orange candidate, where the lesson began. L-BFGS-B tries a long first "
                "step. Differential evolution needs no gradient: it keeps many candidates all over the map.",
            ),
            page="Landscape",
            sets=AT_START,
            then={"methods": RACERS, "starts": (START,)},
            shows=("map",),
            question=Order(
                ask="Order the methods by the loss at which they end, the lowest first.",
                hint="The further a method looks around, the more valleys it can compare.",
                right="The further a method looks, the lower it ends: in its own valley, in a better one, in the best.",
                near="One pair is the wrong way round: think of how far each method looks.",
                far="Gradient descent knows only the slope where it stands; a population knows the whole map.",
                entries=ENTRIES,
                truth=_order,
            ),
        ),
        Step(
            title="A simplex without gradients",
            text=(
                "Nelder–Mead needs no gradient either. It compares the loss at the corners of a triangle and moves the "
                "worst corner; the triangle begins with sides of a tenth of the map. It starts at the same place.",
            ),
            page="Landscape",
            sets=AT_START,
            then={"methods": ("Nelder–Mead",), "starts": (START,)},
            shows=("map",),
            question=Choice(
                ask="Where does Nelder–Mead end?",
                hint="Compare the size of the triangle with the distance to the truth’s valley, with the best fit.",
                options=(
                    Option(
                        "at the best fit",
                        "That would need a corner of the triangle in the right valley, which is too far away.",
                    ),
                    Option(
                        "in another valley",
                        "A method without gradients is not a global method: the triangle also shrinks into a valley "
                        "near its start.",
                    ),
                    Option(
                        "nowhere: it wanders on",
                        "The triangle shrinks where no corner can be improved, so it does come to rest.",
                    ),
                ),
                truth=_fate_of_simplex,
            ),
        ),
        Step(
            title="What it costs to look everywhere",
            text=(
                "Here is the race of the three methods. Only differential evolution finds the best fit.",
                "What a method costs is the number of its evaluations. An evaluation simulates the neuron once, with "
                "the gradient if the method needs it.",
            ),
            page="Landscape",
            sets={**AT_START, "beside": "race", "methods": RACERS, "starts": (START,)},
            shows=("map", "course", "player", "table"),
            covers=("course", "player", "table"),
            question=Choice(
                ask="How many times as many evaluations as L-BFGS-B does differential evolution need?",
                hint="It simulates a whole population of neurons again and again, until all lie in one valley.",
                options=(
                    Option("about as many", "Each generation of the population costs as much as many single steps."),
                    Option(
                        "about twenty times as many",
                        "A local method is cheap but sees one valley. The table now shows the evaluations of each run.",
                    ),
                    Option(
                        "some hundreds of times as many",
                        "With two unknown parameters a small population is enough. With more it would cost far more.",
                    ),
                ),
                truth=_cost,
            ),
            holds=(_only_evolution_finds_the_best_fit,),
        ),
        Step(
            title="Many cheap starts",
            text=(
                "Another way is to start a local method from many places and to keep the best end. Take L-BFGS-B and "
                "16 starts, evenly placed over the map.",
            ),
            page="Landscape",
            sets=AT_START,
            shows=("map",),
            question=Typed(
                ask="From how many per cent of the starts does L-BFGS-B end in the lowest minimum?",
                hint="Its long first steps cross some ridges. Neither nearly all nor nearly none succeed.",
                right="So a few starts at random are likely to find the best fit, and still cost little.",
                near="Not quite. Each run alone is a gamble; several together are a method.",
                far="One start alone is a gamble. Its long first steps make L-BFGS-B more than a walk downhill.",
                number=Number(name="share", symbol="share", default=0, least=0, most=100),
                unit="%",
                truth=lambda scene: _share(scene.experiment),
                close=10,
                rough=25,
            ),
            claims=(Claim("16 starts", lambda: STARTS_A_SIDE**2),),
        ),
        Step(
            title="What you know now",
            text=(
                "A gradient tells the way down in one valley, and nothing about the others. A better end needs a wider "
                "look: many starts, or a population.",
                "Click on the map to race from another start, and choose the methods. “Basins” beside the map shows "
                "which start leads to which minimum.",
            ),
            page="Landscape",
            sets={**AT_START, "beside": "race", "starts": (START,)},
            free=("start", "starts", "adding", "methods", "beside", "explorer", "explored", "wish"),
        ),
    ),
)
