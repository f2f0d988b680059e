"""The exact posterior at a temperature: that of a problem whose noise and prior are wider."""

from dataclasses import replace

import numpy as np

from core.noise import Noise
from core.priors import TruncatedGaussian
from core.problem.problem import Problem


def tempered(problem: Problem, temperature: float) -> Problem:
    """Return the problem whose loss is loss / temperature: the noise and the prior have √temperature times the sd.

    The density exp(−loss / temperature) on the prior's box is the posterior of that problem, with its noise known.
    """
    root = float(np.sqrt(temperature))
    prior: TruncatedGaussian = replace(problem.prior, sd=tuple(sd * root for sd in problem.prior.sd))
    noise = tuple(Noise(each.rho, each.marginal_sd * root) for each in problem.noise)
    return replace(problem, noise=noise, prior=prior)
