"""The engine against what people would use instead, at equal error, and what its derivatives and its growth cost.

All sides solve the same parameters, drawn from the published prior, on two threads in one process; they take turns, so
that a busy neighbour slows each of them. Slow ones solve an evenly spread sample, whose time is scaled. Each library
competes as its documentation has it and, apart from that, tuned by hand. It needs what
tests/benchmarks/requirements.txt lists.
"""

import functools
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from core.models.fitzhugh_nagumo.gradient import misfit_gradient
from core.models.fitzhugh_nagumo.hessian import full_hessian, gauss_newton
from core.models.fitzhugh_nagumo.misfit import simulated_misfit
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.models.fitzhugh_nagumo.stepping import longest_step
from core.models.model import TOLERANCE
from core.noise import sample_ar1
from core.problem.landscape import computed_landscape, grid
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, full_prior, published_noise, published_prior, time_grid, with_constants
from tests.benchmarks.arithmetic import operations_a_step, peak
from tests.benchmarks.others import ADAPTIVE_TOGETHER, ONE_BY_ONE, THREADS, batched_solvers, scipy_solvers
from tests.benchmarks.record import Record, output_path
from tests.benchmarks.tuned import ENVIRONMENT, tuned_solvers
from tests.benchmarks.turns import seconds, taking_turns
from tests.reference import reference_solution

SETTINGS: dict[str, Any] = {
    "trajectories": 10_000,
    "samples_each": 1000,
    "threads": THREADS,
    "rounds": 9,
    "sample_of_those_that_take_one_after_the_other": ONE_BY_ONE,
    "sample_of_adaptive_batches": ADAPTIVE_TOGETHER,
    "tolerances": [1e-3, 1e-4, 1e-6],
    "error": "the largest in u over the samples of a trajectory, of which the 99 % quantile is to meet the tolerance",
    "reference": "DOP853, rtol 1e-11, atol 1e-13",
    "checked": 300,
    "derivatives_of": 2_000,
    "peak": "what the machine's BLAS reaches in products of 2048 × 2048 matrices, in single and in double precision",
    "excluded": "first calls, which compile",
    "environment": ENVIRONMENT | {"for": "all of JAX, as documented and as tuned"},
}
NOISE = published_noise()


def against_the_others(
    record: Record,
    tolerance: float,
    parameters: np.ndarray,
    times: np.ndarray,
    data: np.ndarray,
    reference: np.ndarray,
) -> None:
    """Note times and errors of all contenders at one tolerance, and how many times as fast the engine is.

    reference: u of every so many of the parameters, (m, n_times).
    """
    n = len(parameters)
    checked = parameters[:: n // len(reference)][: len(reference)]
    plain, tuned = batched_solvers(tolerance), tuned_solvers(tolerance)
    others = [*scipy_solvers(tolerance), *plain, *tuned]
    record.settings["others"][f"{tolerance:g}"] = {each.name: each.settings for each in others}
    out = np.empty((n, times.size, 2))
    stored = {
        "ours": lambda: simulate(parameters, times, tolerance=tolerance, out=out),
        "ours, without a buffer of the caller's": lambda: simulate(parameters, times, tolerance=tolerance),
    }
    fused = {"ours": lambda: simulated_misfit(parameters, times, data, NOISE.white, tolerance=tolerance)}
    solved = dict.fromkeys(stored, n) | {solver.name: solver.sample or n for solver in others}
    for solver in others:
        sample = parameters[:: n // solved[solver.name]]
        stored[solver.name] = functools.partial(solver.solve, sample, times)
        if solver.misfit is not None:
            fused[solver.name] = functools.partial(solver.misfit, sample, times, data, NOISE.marginal_sd)
    potentials = {"ours": simulate(checked, times, tolerance=tolerance)[..., 0]}
    potentials |= {solver.name: solver.solve(checked, times) for solver in others}
    is_target = tolerance == TOLERANCE
    for name, u in potentials.items():
        error = np.quantile(np.abs(u - reference).max(axis=1), 0.99)
        record.note(f"{name}: error at {tolerance:g}, 99 % quantile", error, most=tolerance, quoted=is_target)
    for what, contenders, target in (("stored", stored, 40), ("misfit", fused, 60)):
        each = {
            name: 1e6 * taken / solved[name] for name, taken in taking_turns(contenders, SETTINGS["rounds"]).items()
        }
        for name, value in each.items():
            code = f"{what}/{name}" if is_target else ""
            record.note(f"{name}: {what} at {tolerance:g}", value, "µs a trajectory", quoted=is_target, code=code)
        for kind, rivals in (("as documented", plain), ("tuned by hand", tuned)):
            best = min((solver.name for solver in rivals), key=each.__getitem__)
            record.note(
                f"{what} at {tolerance:g}: times as fast as the fastest one {kind} ({best})",
                each[best] / each["ours"],
                least=target if is_target else None,
                quoted=is_target,
            )
        if what == "stored":
            record.note(
                f"{what} at {tolerance:g}: times as fast as odeint",
                each["SciPy odeint"] / each["ours"],
                least=2000 if is_target else None,
                quoted=is_target,
            )
        if is_target:
            note_share(record, what, 1e-6 * each["ours"], times)


def note_share(record: Record, what: str, taken: float, times: np.ndarray) -> None:
    """Note which share of the machine's arithmetic peak one trajectory that took so many seconds amounts to."""
    in_double, in_single = operations_a_step()
    interval = times[1] - times[0]
    steps = (times.size - 1) * np.ceil(interval / longest_step((0.4, 0.4, ZETA, GAMMA)) - 1e-9)
    least = steps * (in_double / peak(np.float64) + in_single / peak(np.float32))
    record.note(f"{what}: operations a trajectory", steps * (in_double + in_single))
    record.note(f"{what}: share of the arithmetic peak", 100 * least / taken, "%")


def derivatives(record: Record, times: np.ndarray, data: np.ndarray) -> None:
    """Note what derivatives cost in units of the loss at the same frozen step."""
    parameters = with_constants(published_prior().sample(SETTINGS["derivatives_of"], np.random.default_rng(1)))
    step = longest_step(parameters)
    arguments = (parameters, times, data, NOISE)
    taken = taking_turns(
        {
            "loss": lambda: simulated_misfit(*arguments, step=step),
            "loss at steps of its own": lambda: simulated_misfit(*arguments),
            "gradient": lambda: misfit_gradient(*arguments, step=step),
            "Gauss–Newton Hessian": lambda: gauss_newton(*arguments, step=step),
            "full Hessian": lambda: full_hessian(*arguments, step=step),
        },
        SETTINGS["rounds"],
    )
    for name, value in taken.items():
        record.note(f"AR(1) {name}", 1e6 * value / len(parameters), "µs a trajectory")
    for name, most in (("gradient", 4), ("Gauss–Newton Hessian", 5), ("full Hessian", 12)):
        record.note(f"{name}, in losses at the same step", taken[name] / taken["loss"], most=most)
        record.note(f"{name}, in losses at steps of their own", taken[name] / taken["loss at steps of its own"])


def landscape(record: Record, times: np.ndarray, data: np.ndarray) -> None:
    """Note what a landscape costs in units of its misfits alone, and one trajectory alone."""
    known = {"zeta": ZETA, "gamma": GAMMA}
    problem = Problem.of_trace(FITZHUGH_NAGUMO, data, times, ("theta0", "theta1"), known, NOISE, full_prior())
    *_, values = grid(problem, 100)
    parameters = problem.parameters(values)
    taken = taking_turns(
        {
            "landscape": lambda: computed_landscape(problem, 100),
            "misfits": lambda: simulated_misfit(parameters, times, data, NOISE),
        },
        SETTINGS["rounds"],
    )
    record.note("fused landscape, 100 × 100", 1e3 * taken["landscape"], "ms")
    record.note("fused landscape, in its 10,000 misfits alone", taken["landscape"] / taken["misfits"], most=1.2)
    alone = [seconds(lambda: simulate((0.4, 0.4, ZETA, GAMMA), times)) for _ in range(200)]
    record.note("one trajectory: median", 1e6 * np.median(alone), "µs", most=300)


def growth(record: Record, data: np.ndarray) -> None:
    """Note how the time grows with the number of trajectories and with the window."""
    drawn = with_constants(published_prior().sample(100_000, np.random.default_rng(2)))
    buffer = np.empty((100_000, data.size, 2))
    for n in (1, 10, 100, 1_000, 10_000, 100_000):
        note_growth(record, f"{n:,} trajectories", drawn[:n], time_grid(), data, buffer[:n])
    for t_end in (20, 50, 100, 200, 400, 1000):
        times = time_grid(t_end, 5 * t_end)
        trace = simulate((0.4, 0.4, ZETA, GAMMA), times)[:, 0]
        note_growth(record, f"T = {t_end} ms", drawn[:2000], times, trace, np.empty((2000, times.size, 2)))


def note_growth(
    record: Record, what: str, parameters: np.ndarray, times: np.ndarray, data: np.ndarray, out: np.ndarray
) -> None:
    """Note the time a trajectory, stored and fused."""
    taken = taking_turns(
        {
            "stored": lambda: simulate(parameters, times, out=out),
            "misfit": lambda: simulated_misfit(parameters, times, data, NOISE.white),
        },
        SETTINGS["rounds"],
    )
    for kind, value in taken.items():
        record.note(f"{what}, {kind}", 1e6 * value / len(parameters), "µs a trajectory", quoted=False)


def main() -> None:
    """Measure, print and write."""
    out = output_path("solver", __doc__)
    record = Record("solver", SETTINGS | {"others": {}})
    times = time_grid(200.0, SETTINGS["samples_each"])
    noise = sample_ar1(NOISE.rho, NOISE.marginal_sd, times.size, np.random.default_rng(3))
    data = simulate((0.4, 0.4, ZETA, GAMMA), times)[:, 0] + noise
    derivatives(record, times, data)
    landscape(record, times, data)
    growth(record, data)
    n, n_checked = SETTINGS["trajectories"], SETTINGS["checked"]
    parameters = with_constants(published_prior().sample(n, np.random.default_rng(0)))
    checked = parameters[:: n // n_checked][:n_checked]
    reference = np.array(Parallel(n_jobs=2)(delayed(reference_solution)(row, times) for row in checked))[..., 0]
    for tolerance in SETTINGS["tolerances"]:
        against_the_others(record, tolerance, parameters, times, data, reference)
    record.save(out)


if __name__ == "__main__":
    main()
