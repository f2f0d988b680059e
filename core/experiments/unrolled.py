"""A learned optimiser: from anywhere in the prior beside other methods, and from the best map's estimate."""

from core.experiments import steps_anywhere, steps_from_best
from core.experiments.context import Context
from core.experiments.estimators import BEST
from core.experiments.over_limit import N_RESAMPLES, RESAMPLING_SEED
from core.experiments.records import Result
from core.experiments.shipped_maps import shipped
from core.learned_optimiser.method import BUDGET
from core.learned_optimiser.recipe import ANYWHERE, FROM_BEST, RECIPES
from core.learned_optimiser.store import fingerprint


def run(context: Context) -> Result:
    """Run the methods from anywhere, and the steps from the best map's estimates."""
    n_anywhere, anywhere, first = steps_anywhere.measured(context)
    n_from_best, from_best, second = steps_from_best.measured(context)
    n_steps = RECIPES[ANYWHERE].n_steps
    return Result(
        f"The learned optimiser from one draw of the prior on each of {n_anywhere} fresh traces, with the noise known, "
        f"beside other methods: {n_steps} learned steps, then damped Gauss–Newton from the lowest iterate, at most "
        f"{BUDGET} evaluations in all. A step reads the whitened residual at the iterate, the loss and its derivatives "
        "there, the noise, and what the step before it has left. It gets no other network’s estimate. Then learned "
        f"steps from the best map’s estimates of {n_from_best:,} fresh traces, with the noise unknown, over the errors "
        "of the exact posterior mean; ± is the sd of a paired bootstrap. Simulations are counted after those of the "
        "map itself, which takes two learned steps of its own.",
        {
            "n_traces": n_anywhere,
            "n_from_best": n_from_best,
            "seed": steps_anywhere.SEED,
            "budget": BUDGET,
            "n_steps": n_steps,
            "steps": {name: fingerprint(name) for name in (ANYWHERE, FROM_BEST)},
            "map": shipped(BEST).fingerprint,
            "reached": steps_anywhere.REACHED_RISE,
            "resamples": N_RESAMPLES,
            "resampling_seed": RESAMPLING_SEED,
        },
        (*anywhere, *from_best),
        () if context.quick else (*first, *second),
    )
