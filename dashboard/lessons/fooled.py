"""Lesson: how a perturbation that the noise hides fools a network, and when the data themselves are to blame."""

from dashboard.lessons import facts_perturbed as facts
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import Choice, Option
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.scene.settings import CHOICES

BEST, CLEAN = "best", "cnn-clean"
SMALL, LARGE = 3.0, 10.0  # sizes of perturbations
HIDING = ("plane", "movements", "table")
MANY, TARGET = list(CHOICES["trust"])[1], list(CHOICES["perturbation"])[1]


def _noise(scene: Scene) -> int:
    size = facts.size_of_noise()
    return 0 if size < 10 else 1 if size < 100 else 2


def _far(scene: Scene) -> int:
    moved = facts.effect(facts.NETWORK, scene.experiment).moved
    return 0 if moved < 5 else 1 if moved < 20 else 2


def _exact(scene: Scene) -> int:
    moved = facts.effect(facts.NETWORK, scene.experiment).exact_moved
    return 0 if moved < 5 else 1 if moved < 20 else 2


def _fooled(scene: Scene) -> int:
    return 0 if facts.effect(BEST, scene.experiment).is_fooled else 1


def _carries_over(scene: Scene) -> int:
    return 0 if facts.carried(CLEAN, facts.NETWORK) > 2 else 1


def _needs(scene: Scene) -> int:
    network, data = facts.sizes_to_target(scene.experiment)
    return 0 if network < 0.75 * data else 2 if network > 1.33 * data else 1


FOOLED = Lesson(
    "fooled",
    "A network fooled",
    "You can tell a network that is fooled from a problem that is ill-posed.",
    (
        Step(
            title="How large is small?",
            text=(
                "Below the trace stands δ, a change that is added to it. Its size is counted by the noise: whiten it, "
                "which takes the correlation out and makes the noise of each sample have variance 1, then take the "
                "root of the sum of squares.",
                "The trace has 1,000 samples.",
            ),
            page="Trust",
            sets={"perturbation_size": SMALL},
            shows=("trace",),
            question=Choice(
                ask="Which size has the noise itself, counted like this?",
                hint="Each whitened sample of noise adds a square of about 1 to the sum.",
                options=(
                    Option("about 1", "That is the size of one sample’s noise. The squares of all samples add up."),
                    Option("about 30", "The squares add up to about 1,000, and its root is 31.6."),
                    Option("about 1,000", "That is the sum of squares. The size is its root."),
                ),
                truth=_noise,
            ),
            claims=(
                Claim("1,000 samples", lambda: round(facts.size_of_noise() ** 2)),
                Claim("about 1,000", lambda: round(facts.size_of_noise() ** 2)),
                Claim("31.6", facts.size_of_noise),
                Claim("about 30", lambda: 10 * round(facts.size_of_noise() / 10)),
                Claim("about 1", lambda: 1),
                Claim("variance 1", lambda: 1),
            ),
        ),
        Step(
            title="The worst direction",
            text=(
                "This δ has size |δ| = 3, a tenth of the noise’s. Nobody sees it. It points in the direction that "
                "moves the estimate of “dense-noisy” most, a published network that was trained on noisy traces.",
                "Movements are counted in sd: the standard deviation of the exact posterior.",
            ),
            page="Trust",
            sets={"perturbation_size": SMALL, "perturbed": facts.NETWORK},
            covers=HIDING,
            question=Choice(
                ask="How far does this δ move the estimate of dense-noisy?",
                hint="An estimator without folly would move by about one sd for each unit of size.",
                options=(
                    Option("by less than 5 sd", "So little is what the data demand. The network amplifies more."),
                    Option("by 5 to 20 sd", "It is more still: the network’s weights agree with δ everywhere."),
                    Option(
                        "by more than 20 sd",
                        "A thousand samples, each changed by little, add up where the weights of the network agree.",
                    ),
                ),
                truth=_far,
            ),
            claims=(
                Claim("than 5 sd", lambda: 5),
                Claim("by 5 to", lambda: 5),
                Claim("20 sd", lambda: 20),
            ),
            holds=(lambda: 0.11 * facts.size_of_noise() > SMALL,),
        ),
        Step(
            title="Is it the problem’s fault?",
            text=(
                "A problem is ill-posed where the data themselves hardly tell two neurons apart. Then every estimator "
                "has to move, and no network is to blame.",
                "The same δ, made for dense-noisy, is given to the exact posterior. Nothing uses the data better.",
            ),
            page="Trust",
            sets={"perturbation_size": SMALL, "perturbed": facts.NETWORK},
            covers=HIDING,
            question=Choice(
                ask="How far does this δ move the exact posterior’s mean?",
                hint="It moves by about one sd for each unit of size at most, and δ was not made for it.",
                options=(
                    Option(
                        "by less than 5 sd",
                        "The data hardly change what can be known: it is the network that is fooled.",
                    ),
                    Option("by 5 to 20 sd", "That would be more than the size of δ: small changes cannot do this."),
                    Option("as far as the network", "Then the problem would be ill-posed. Here it is not."),
                ),
                truth=_exact,
            ),
            claims=(
                Claim("than 5 sd", lambda: 5),
                Claim("by 5 to", lambda: 5),
                Claim("20 sd", lambda: 20),
            ),
        ),
        Step(
            title="Right to follow",
            text=(
                "Now δ has size |δ| = 10 and is the worst for “best”, the map whose network is followed by steps that "
                "simulate the neuron. It moves best by more than 10 sd.",
            ),
            page="Trust",
            sets={"perturbation_size": LARGE, "perturbed": BEST},
            covers=HIDING,
            question=Choice(
                ask="Is best fooled?",
                hint="Ask where the exact posterior of the changed data lies.",
                options=(
                    Option(
                        "yes, it moved far",
                        "How far it moved is not the question, but whether the exact posterior moved as well.",
                    ),
                    Option(
                        "no, the exact posterior moves as far",
                        "The changed data speak of another neuron, and best reads them rightly: it is not fooled.",
                    ),
                    Option(
                        "in part: it moves twice as far",
                        "It would be off then. Both move by the same, and stay together.",
                    ),
                ),
                truth=_fooled,
            ),
            claims=(Claim("than 10 sd", lambda: 10),),
            holds=(lambda: facts.moves(Experiment(perturbed=BEST), BEST, LARGE).moved > 10,),
        ),
        Step(
            title="To a place of your choice",
            text=(
                "The orange target is a θ that is not the truth. The smallest δ is sought that takes the estimate of "
                "dense-noisy there.",
                "The data would need a δ of their own to have their best fit at the target.",
            ),
            page="Trust",
            sets={"perturbation": TARGET, "perturbed": facts.NETWORK},
            covers=HIDING,
            question=Choice(
                ask="Which δ is smaller?",
                hint="Think of how far the same δ moved the network and the exact posterior.",
                options=(
                    Option("that for the network", "Whoever knows its weights takes it where they like, unseen."),
                    Option("both are about the same", "They would be for an estimator that uses the data rightly."),
                    Option("that for the data", "The data resist: to speak of another neuron, they change more."),
                ),
                truth=_needs,
            ),
        ),
        Step(
            title="Does it carry over?",
            text=(
                "One δ was made from many traces for “cnn-clean”, a convolutional network, and is given to "
                "dense-noisy, which has other layers and other training data.",
            ),
            page="Trust",
            sets={"trust": MANY, "made_for": CLEAN},
            covers=("table", "methods"),
            question=Choice(
                ask="Does it move dense-noisy more than twice as far as random noise of the same size?",
                hint="Both networks had to find the same features of a trace.",
                options=(
                    Option(
                        "yes",
                        "What fools one network fools others: they share what they look at, and the weakness with it.",
                    ),
                    Option("no", "One could think so: it has never seen the other network. But both look at the same."),
                    Option("no, less than random noise", "It was made to move an estimate; random noise was not."),
                ),
                truth=_carries_over,
            ),
        ),
    ),
)
