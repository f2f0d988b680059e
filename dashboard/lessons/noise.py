"""Lesson: what noise does to data and to estimates."""

from functools import partial

import numpy as np

from core.noise import spectral_density
from core.published import RHO, SAMPLING_INTERVAL, SIGMA, published_noise, published_noise_prior
from dashboard.lessons import facts, facts_noise
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import Choice, Option, Order, Typed
from dashboard.scene.kinds import Number
from dashboard.scene.scene import Scene

PICTURED = (0.0, 0.98, RHO)  # ρ of the small curves
TWICE_SIGMA = 2 * SIGMA
LARGE_SIGMA = 0.2  # ms, beyond what the maps were trained for
COMPARED = ("cnn-clean", facts_noise.MAP, "cnn-noisy")
AS_LITTLE = 1.1  # times the scatter of the MAP, up to which a map scatters as little
FLAT = 0.05  # relative difference of slow and fast power up to which a spectrum counts as flat


def _pictured(scene: Scene) -> int:
    """Return which small curve's neighbouring samples are correlated most nearly as on screen."""
    curves = [facts_noise.noise_curve(rho) for rho in PICTURED]
    correlations = [float(np.corrcoef(curve[:-1], curve[1:])[0, 1]) for curve in curves]
    return int(np.argmin([abs(each - scene.experiment.rho) for each in correlations]))


def _sign_changes(rho: float) -> int:
    """Return how often the noise of a small curve changes its sign."""
    return int(np.sum(np.diff(np.sign(facts_noise.noise_curve(rho))) != 0))


def _where_it_is_strong(scene: Scene) -> int:
    """Return where the noise on screen has most power: at slow frequencies, at fast ones, or everywhere alike."""
    noise = published_noise(scene.experiment.rho, scene.experiment.sigma)
    slow, fast = spectral_density(noise, [0.0, 0.5 / SAMPLING_INTERVAL], SAMPLING_INTERVAL)
    if abs(slow / fast - 1) < FLAT:
        return 2
    return 1 if slow > fast else 0


def _growth(sigma: float) -> float:
    """Return how many times the smallest sd of θ₀ grows from the published σ on."""
    return facts_noise.smallest_sd(sigma=sigma) / facts_noise.smallest_sd()


def _coloured_over_white() -> float:
    """Return how many times as widely θ₀ scatters at best under AR(1) noise as under white noise of the same sd."""
    return facts_noise.smallest_sd() / facts_noise.smallest_sd(rho=0.0)


def _colour_costs(scene: Scene) -> int:
    ratio = _coloured_over_white()
    return 2 if ratio < 1 else 0 if ratio > 1.5 else 1


def _by_scatter(scene: Scene) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argsort([facts_noise.scatter(each) for each in COMPARED]))


def _map_growth() -> float:
    """Return how many times the scatter of the best map grows from the published σ to the large one."""
    return facts_noise.scatter("best", LARGE_SIGMA) / facts_noise.scatter("best")


def _beyond_training(scene: Scene) -> int:
    ratio = _map_growth() / _growth(LARGE_SIGMA)
    return 0 if ratio < 0.5 else 1 if ratio < 2 else 2


NOISE = Lesson(
    "noise",
    "What noise does: the white and the coloured",
    "You can say how large and how slow the noise is, and what it does to different estimates of θ.",
    (
        Step(
            title="White and coloured noise",
            text=(
                "The dots are the potential u plus noise. White noise is drawn anew for each sample. Here the noise is "
                "coloured, AR(1): each sample is ρ times the one before plus something new.",
                "Each small curve shows 120 samples of noise alone, for different values of ρ.",
            ),
            page="Neuron",
            sets={"t_end": 60.0},
            shows=("potential",),
            question=Choice(
                ask="Which small curve is noise with ρ = 0.8?",
                hint="With a larger ρ a sample is more like its neighbour, so the curve wanders more slowly.",
                options=(
                    Option(
                        "A",
                        "Here neighbours have nothing in common: this is white noise, ρ = 0.",
                        partial(facts_noise.noise_curve, PICTURED[0]),
                        "noise that changes its sign 57 times in 120 samples",
                    ),
                    Option(
                        "B",
                        "This one hardly changes from sample to sample: ρ = 0.98.",
                        partial(facts_noise.noise_curve, PICTURED[1]),
                        "noise that never changes its sign in 120 samples",
                    ),
                    Option(
                        "C",
                        "Neighbours are alike, but after about ten samples the noise has forgotten where it was.",
                        partial(facts_noise.noise_curve, PICTURED[2]),
                        "noise that changes its sign 19 times in 120 samples",
                    ),
                ),
                truth=_pictured,
            ),
            claims=(
                Claim("120 samples", lambda: facts_noise.noise_curve(RHO).size),
                Claim("57 times", lambda: _sign_changes(PICTURED[0])),
                Claim("19 times", lambda: _sign_changes(PICTURED[2])),
                Claim("ρ = 0.98", lambda: PICTURED[1]),
                Claim("ρ = 0.", lambda: PICTURED[0]),
            ),
            holds=(lambda: _sign_changes(PICTURED[1]) == 0,),
        ),
        Step(
            title="How large is it?",
            text=(
                "The size of the noise is given as σ = 0.07 ms. The standard deviation of one sample is σ divided by "
                "the time between two samples, Δt = 0.2 ms.",
                "For comparison: u runs from about −2 to 2.",
            ),
            page="Neuron",
            sets={"t_end": 60.0},
            shows=("potential",),
            question=Typed(
                ask="What is the standard deviation of the noise in one sample?",
                hint="Divide σ by Δt. The unit ms cancels, as u has no unit.",
                right="So about two dots in three lie within that distance of the curve.",
                near="The size is about right. Divide σ by Δt exactly.",
                far="Look at the dots: most of them lie closer to the curve, or further from it, than you say.",
                number=Number(name="sd", symbol="sd", default=0, least=0, most=100),
                truth=lambda scene: scene.experiment.marginal_sd,
                close=0.005,
                rough=0.1,
            ),
            claims=(
                Claim("Δt = 0.2 ms", lambda: SAMPLING_INTERVAL),
                Claim("about −2 ", lambda: facts.potential(facts.THETA[0]).min()),
                Claim("to 2.", lambda: facts.potential(facts.THETA[0]).max()),
            ),
        ),
        Step(
            title="Slow or fast",
            text=(
                "A spectrum shows how the power of a signal is distributed over the frequencies: slow changes on "
                "the left, fast ones on the right. For white noise it is flat.",
            ),
            page="Neuron",
            sets={"under_potential": "spectrum"},
            shows=("spectrum", "potential"),
            covers=("spectrum",),
            question=Choice(
                ask="Where does noise with ρ = 0.8 have most of its power?",
                hint="Think of the small curves, and of what noise with ρ = 0.8 does more slowly than white noise.",
                options=(
                    Option("at high frequencies", "That would be noise that jumps from side to side: a negative ρ."),
                    Option(
                        "at low frequencies",
                        "Neighbours are alike, so slow changes are strong and fast ones weak: see the spectrum.",
                    ),
                    Option("equally at all", "That is white noise, ρ = 0. A positive ρ moves power to one side."),
                ),
                truth=_where_it_is_strong,
            ),
            claims=(Claim("ρ = 0.", lambda: 0.0),),
        ),
        Step(
            title="Twice the noise",
            text=(
                "Draw new noise, estimate θ₀ again, and again: the estimates scatter. The best possible estimate at "
                "σ = 0.07 ms scatters with a standard deviation of about 0.0016 in θ₀. Suppose that σ were 0.14 ms.",
            ),
            page="Uncertainty",
            free=("sigma",),
            covers=("posterior", "table", "said", "tools"),
            question=Typed(
                ask="By which factor does that standard deviation grow?",
                hint="Near the truth u changes in proportion to θ₀. So an error in u makes a proportional error in θ₀.",
                right="Small noise and its scatter grow in proportion. Move σ and watch the region.",
                near="It is simpler: near the truth an error in the data and the error in θ₀ are proportional.",
                far="The variance grows by the square of that factor. Asked is the standard deviation.",
                number=Number(name="factor", symbol="factor", default=1, least=0, most=100),
                truth=lambda scene: _growth(TWICE_SIGMA),
                close=0.05,
                rough=0.6,
            ),
            claims=(
                Claim("about 0.0016", facts_noise.smallest_sd),
                Claim("0.14 ms", lambda: TWICE_SIGMA),
            ),
        ),
        Step(
            title="Does the colour matter?",
            text=(
                "If one had to estimate a constant from these samples, coloured noise with ρ = 0.8 would be harmful: "
                "the mean scatters 3 times as widely as under white noise of the same size. Slow noise does not "
                "average out.",
                "Now estimate θ₀ from spikes instead. The estimator knows which kind of noise it is.",
            ),
            page="Neuron",
            sets={"under_potential": "spectrum"},
            shows=("spectrum", "potential"),
            question=Choice(
                ask="How much more widely does the best estimate of θ₀ scatter under coloured noise than under white?",
                hint="The steep flanks of the spikes tell most about θ₀. The spectrum shows how strong the noise is in "
                "such fast changes.",
                options=(
                    Option(
                        "just as for a constant",
                        "A constant is slow, as the noise is. The flanks of spikes are fast, where it is weak.",
                    ),
                    Option(
                        "only a little",
                        "It scatters 1.11 times as widely: slow noise hides slow changes, but hardly the steep flanks.",
                    ),
                    Option(
                        "less widely",
                        "It would if only the fastest changes counted. The slow part of a spike loses a little more.",
                    ),
                ),
                truth=_colour_costs,
            ),
            claims=(
                Claim("scatters 3 times", facts_noise.widening_of_mean),
                Claim("scatters 1.11 times", _coloured_over_white),
            ),
        ),
        Step(
            title="Three estimators",
            text=(
                "The MAP estimate minimises the loss and uses the equations. cnn-noisy and cnn-clean are networks that "
                "learned to read θ from simulated traces: the first from traces with noise, the other without.",
            ),
            page="Inverse map",
            covers=("estimates", "spread", "resimulated", "table"),
            question=Order(
                ask="Put them in order: first the one whose estimates scatter least under new noise.",
                hint="Ask of each one what it knows: the equations, the noise, both or neither.",
                right="Knowing the equations helps most. A network that never saw noise takes it for a signal.",
                near="Two of them are the wrong way round. Compare what each one knows about the noise.",
                far="The network that never saw noise cannot know what to ignore.",
                entries=COMPARED,
                truth=_by_scatter,
            ),
        ),
        Step(
            title="More noise than it was trained for",
            text=(
                "The map called best is a network trained with noise. At σ = 0.07 ms it scatters as little as the MAP. "
                "In its training σ was at most about 0.1 ms; now it is 0.2 ms, and the best possible estimate scatters "
                "2.9 times as widely.",
            ),
            page="Inverse map",
            sets={"sigma": LARGE_SIGMA},
            covers=("estimates", "spread", "resimulated", "table"),
            question=Choice(
                ask="How much does the scatter of this map grow?",
                hint="What a network does is known only for data like those of its training.",
                options=(
                    Option("hardly", "A network that ignored the noise would have to know the truth beforehand."),
                    Option("by the same factor", "That is what an estimator with the equations does, the MAP."),
                    Option(
                        "far more",
                        "It scatters tens of times as widely: it was never shown traces with so much noise.",
                    ),
                ),
                truth=_beyond_training,
            ),
            claims=(
                Claim("0.07 ms", lambda: SIGMA),
                Claim("about 0.1 ms", lambda: published_noise_prior().upper[1]),
                Claim("2.9 times", lambda: _growth(LARGE_SIGMA)),
            ),
            holds=(
                lambda: 20 < _map_growth() < 100,  # tens of times
                lambda: facts_noise.scatter("best") < AS_LITTLE * facts_noise.scatter(facts_noise.MAP),
            ),
        ),
        Step(
            title="What you know now",
            text=(
                "Noise has a size and a colour. Small noise moves every good estimate in proportion. A learned map is "
                "good for the noise that it was trained with, and not beyond.",
                "Move σ and ρ, and watch the clouds: each point is the estimate for one draw of the noise.",
            ),
            page="Inverse map",
            free=("sigma", "rho", "seed", "limit"),
        ),
    ),
)
