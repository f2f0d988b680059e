"""How far perturbations of a trace move each estimator in the noise's norm, and whether universal ones carry over."""

from core.experiments.amplifications import REGIME, amplifications
from core.experiments.context import Context
from core.experiments.estimators import BEST, FIRST_NETWORK, LINEARISED
from core.experiments.records import Key, Result, Target
from core.experiments.transfer import N_RANDOM, SEED, SIZE, SUP_NORM, Q, transfer

# Medians measured before this experiment was made, in sds of the bound at the truth; 20 % either way are allowed.
EXPECTED = {"dense-noisy": 38.0, "cnn-noisy": 53.0, "dense-clean": 123.0, "cnn-clean": 402.0}
ALLOWED = 0.2
# In posterior sds. In those of the bound at the truth, the exact mean itself moves by more.
MOST_OF_BEST = {
    "amplification": 1.2, "amplification_90": 3.0, "amplification_exact": 1.2, "amplification_exact_90": 3.0,
}  # fmt: skip
EARLIER_FIRST_NETWORK = 3.3  # of the best map that was shipped then


def run(context: Context) -> Result:
    """Compute what is missing, and compare."""
    found, n = amplifications(context)
    carried, sizes = transfer(context)
    return Result(
        f"On {n} fresh traces of the published prior and noise, the worst direction of each estimator: how many "
        "posterior sds its estimate of θ moves by for a perturbation of size one in the norm of the trace's noise, in "
        "which noise has the size 31.6. The sds are those of the Gauss–Newton approximation at the MAP, of the exact "
        "posterior, or of the Cramér–Rao bound at the truth. The data say more of some parameters than of others, so "
        "that in the last of these even the exact mean moves by more than one. The linearised MAP moves by one; an "
        "estimator that knows less than MAP and exact mean may move by more: most maps do not know the noise, four "
        "knows neither ζ nor γ, "
        "and narrow was trained for a part of these traces alone. Derivatives leave out what mends the few traces that "
        f"a map does not explain. Universal perturbations, made from {sizes['made_from']} traces, are the leading "
        f"singular vectors of the stacked Jacobians, of size {SIZE:g} in the mean noise's norm. They are tried with "
        f"both signs on {sizes['unseen']} other traces, and for MAP and exact mean, which search, on the first "
        f"{sizes['unseen_classical']}. The growth of the RMSE is a quotient, and small where the estimates were poor "
        "before; the movement is in sds of the exact posterior. On their own maps, they stand beside an ascent of the "
        f"mean movement, and the published (∞, {Q:g})-singular vectors of hidden layers at the sup norm {SUP_NORM:g}.",
        {"n_traces": n, **sizes, "size": SIZE, "sup_norm": SUP_NORM, "q": Q, "random": N_RANDOM, "seed": SEED},
        (*found, *carried),
        () if context.quick else tuple(_targets()),
    )


def _targets() -> list[Target]:
    targets = [Target(Key(LINEARISED, "amplification", "", REGIME), 0.99, 1.01)]
    for code, value in EXPECTED.items():
        bounds = (1 - ALLOWED) * value, (1 + ALLOWED) * value
        targets.append(Target(Key(code, "amplification_truth", "", REGIME), *bounds))
    targets.append(Target(Key(FIRST_NETWORK, "amplification_truth", "", REGIME), at_most=EARLIER_FIRST_NETWORK))
    return targets + [Target(Key(BEST, code, "", REGIME), at_most=most) for code, most in MOST_OF_BEST.items()]
