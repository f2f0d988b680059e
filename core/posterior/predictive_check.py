"""Posterior predictive check: whether a trace is one that its own posterior would expect.

p = E_m P(χ²_n ≥ |r(m)|²) over the posterior, with r(m) the whitened residuals of the n samples: the probability that
data drawn from the posterior lie as far from their trajectory as the trace does (Gelman, Meng and Stern 1996).
"""

from scipy.stats import chi2

from core.posterior.exact import Posterior


def predictive_p(found: Posterior) -> float:
    """Return the p-value of a trace, from its posterior with the noise known. Small: the trace lies too far off."""
    squares = 2 * found.problem.misfit(found.cells.centres)
    return float(found.masses @ chi2.sf(squares, found.problem.times.size))
