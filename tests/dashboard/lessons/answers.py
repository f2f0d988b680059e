"""All that a step says; right and wrong answers to each kind of question, from what it takes for right itself."""

from dataclasses import replace

import numpy as np

from dashboard.lessons.attendance import experiment_of
from dashboard.lessons.lesson import Step
from dashboard.lessons.questions import Choice, Move, Order, Pin, Region, Typed
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.scene import Scene

Given = tuple[Scene, str]


def scene_of(step: Step, **changes: object) -> Scene:
    """Return the scene that a step opens, with some settings moved."""
    experiment = replace(experiment_of(step, Experiment()), **changes)
    return Scene(experiment, experiment, holdings=Holdings(upload=step.trace() if step.trace else None))


def sentences(step: Step) -> list[str]:
    """Return all that a step says, and all that it can say of an answer."""
    question = step.question
    said = [step.title, *step.text]
    if question is None:
        return said
    said += [question.ask, question.hint, question.right, question.near, question.far]
    if isinstance(question, Choice):
        said += [text for option in question.options for text in (option.label, option.alt, option.said)]
    return said


def right(step: Step) -> Given:
    """Return the scene and the answer that are right."""
    scene, question = scene_of(step), step.question
    match question:
        case Pin():
            return scene, ",".join(map(repr, map(float, question.truth(scene))))
        case Move():
            return scene_of(step, **dict(zip(question.fields, question.truth(scene), strict=True))), "moved"
        case Typed():
            return scene, repr(question.truth(scene)).removesuffix(".0")
        case Choice():
            return scene, str(question.truth(scene))
        case Order():
            return scene, ",".join(map(str, question.truth(scene)))
        case Region():
            found = question.posterior(scene)
            lengths, ways = np.linalg.eigh(found.covariance)
            first, second = np.sqrt(-2 * np.log(0.1) * lengths)
            x, y = found.mean
            return scene, ",".join(map(repr, map(float, (x, y, *(first * ways[:, 0]), second))))
    raise TypeError(f"No answer is known for {question}.")


def wrong(step: Step) -> list[Given]:
    """Return two scenes and answers that are not right."""
    scene, question = scene_of(step), step.question
    match question:
        case Pin():
            x, y = question.truth(scene)
            side = -1 if y > 0.4 else 1  # away from the edge of the plot
            return [(scene, f"{x!r},{y + side * off!r}") for off in _off(question.close, question.rough)]
        case Move():
            true = question.truth(scene)
            return [
                (
                    scene_of(step, **{field: value + off for field, value in zip(question.fields, true, strict=True)}),
                    "moved",
                )
                for off in _off(question.close, question.rough)
            ]
        case Typed():
            true = question.truth(scene)
            least = 1.0 if question.number.whole else 0.0
            offs = [max(off, least) for off in _off(question.close, question.rough)]
            if question.number.whole:
                offs = [float(np.ceil(off)) for off in offs]
            signs = [1 if true + off <= question.number.most else -1 for off in offs]
            return [(scene, f"{true + sign * off:.10g}") for sign, off in zip(signs, offs, strict=True)]
        case Choice():
            return [(scene, str(i)) for i in range(len(question.options)) if i != question.truth(scene)]
        case Order():
            given = list(question.truth(scene))
            near = [given[1], given[0], *given[2:]]
            return [(scene, ",".join(map(str, order))) for order in (near, given[::-1])]
        case Region():
            found = question.posterior(scene)
            x, y = map(float, found.mean)
            sd = float(np.sqrt(np.trace(found.covariance)))
            return [(scene, f"{x!r},{y!r},{size!r},0.0,{size!r}") for size in (0.01 * sd, 100 * sd)]
    raise TypeError(f"No answer is known for {question}.")


def _off(close: float, rough: float) -> tuple[float, float]:
    """Return how far a near answer is off, and one that is not."""
    return (close + rough) / 2 if rough > close else 1.5 * rough, 2 * rough
