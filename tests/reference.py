"""The neuron's equations written anew: solved by SciPy at a tight tolerance, and by Taylor series in plain NumPy."""

import numpy as np
from joblib import Parallel, delayed
from scipy.integrate import ode, solve_ivp

SLIDERS_LOWER = np.array([-0.2, -0.4, -0.8, 2.0])
SLIDERS_UPPER = np.array([1.0, 1.2, 0.0, 5.0])
NAMES = ("theta0", "theta1", "zeta", "gamma", "u0", "v0")
COMPLEX_STEP = 1e-30  # nothing is subtracted, so it can be far below any rounding


def known_of(values, unknown):
    """Return by name what is not unknown among values of the parameters, (4,), or of these and the start, (6,)."""
    named = zip(NAMES[: len(values)], map(float, values), strict=True)
    return {name: value for name, value in named if name not in unknown}


def right_hand_side(state, parameters):
    """Return (du/dt, dv/dt)."""
    u, v = state
    theta0, theta1, zeta, gamma = parameters
    return np.array([gamma * (u - u**3 / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma])


def reference_solution(parameters, times, initial_state=(0.0, 0.0)):
    """Return (u, v), (n_times, 2), of one neuron, by SciPy's compiled DOP853."""
    theta0, theta1, zeta, gamma = (float(value) for value in parameters)

    # Plain floats: NumPy's take twice as long, and this is most of the suite's time.
    def slope(_, state):
        u, v = state.tolist()
        return [gamma * (u - u * u * u / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma]

    solver = ode(slope).set_integrator("dop853", rtol=1e-11, atol=1e-13, nsteps=100_000)
    solver.set_initial_value(initial_state, times[0])
    states = [np.array(initial_state, dtype=float)]
    for time in times[1:]:
        states.append(solver.integrate(time).copy())
        if not solver.successful():
            raise RuntimeError(f"SciPy gave up at {time} ms for {parameters}.")
    return np.array(states)


def reference_solutions(parameters, times):
    """Return (u, v), (n, n_times, 2), of n neurons that start at rest."""
    return np.array(Parallel(n_jobs=2)(delayed(reference_solution)(row, times) for row in parameters))


def escape_time(parameters, t_end):
    """Return when |u| of one neuron that starts at rest reaches 20, or infinity if not before t_end."""

    def excess(_, state):
        return abs(state[0]) - 20

    excess.terminal = True
    solution = solve_ivp(
        lambda _, state: right_hand_side(state, parameters), (0, t_end), (0, 0), "DOP853", events=excess, rtol=1e-9
    )
    return solution.t_events[0][0] if solution.t_events[0].size else np.inf


def sensitivities(parameters, times, relative_change):
    """Return by how much u moves at most, (n,), when one parameter of n neurons, (n, 4), changes relatively."""
    n = len(parameters)
    variants = np.repeat(parameters[None], 5, axis=0)
    for k in range(4):
        variants[k + 1, :, k] *= 1 + relative_change
    u = reference_solutions(variants.reshape(-1, 4), times)[..., 0].reshape(5, n, len(times))
    return np.abs(u[1:] - u[0]).max(axis=(0, 2))


def taylor_solution(parameters, times, step, initial_state=(0.0, 0.0)):
    """Return (u, v), (..., n_times, 2), by Taylor series of order eight, in the equal steps that a frozen step makes.

    The series is that of the original equations, its products those of Cauchy. parameters (..., 4) and initial_state
    (..., 2) may be complex or long double. An interval longer than step by rounding alone takes one.
    """
    theta0, theta1, zeta, gamma = np.moveaxis(np.asarray(parameters), -1, 0)
    states = np.broadcast_to(initial_state, (*gamma.shape, 2))
    u, v = states[..., 0], states[..., 1]
    solution = [states]
    for interval in np.diff(times):
        n_steps = max(1, int(np.ceil(interval / step - 1e-9)))
        h = interval / n_steps
        for _ in range(n_steps):
            us, vs, squares = [u], [v], []
            for k in range(8):
                squares.append(sum(us[i] * us[k - i] for i in range(k + 1)))
                cube = sum(squares[i] * us[k - i] for i in range(k + 1))
                now = 1 if k == 0 else 0
                us.append(h * gamma * (us[k] - cube / 3 + vs[k] + zeta * now) / (k + 1))
                vs.append(-h * (us[k] + theta1 * vs[k] - theta0 * now) / (gamma * (k + 1)))
            u, v = sum(us), sum(vs)
        solution.append(np.stack([u, v], axis=-1))
    return np.stack(solution, axis=-2)


def complex_steps(parameters, initial_state):
    """Return parameters (..., 6, 4) and states (..., 6, 2), of which one number each has a complex step."""
    parameters = np.asarray(parameters, dtype=float)
    states = np.broadcast_to(initial_state, (*parameters.shape[:-1], 2))
    moved = np.concatenate([parameters, states], axis=-1)[..., None, :] + 1j * COMPLEX_STEP * np.eye(6)
    return moved[..., :4], moved[..., 4:]


def taylor_sensitivities(parameters, times, step, initial_state=(0.0, 0.0)):
    """Return the derivatives (..., n_times, 2, 6) of `taylor_solution` by the parameters and the start, to rounding."""
    moved, states = complex_steps(parameters, initial_state)
    return np.moveaxis(taylor_solution(moved, times, step, states).imag, -3, -1) / COMPLEX_STEP


def theta0_at_hopf(theta1, zeta, gamma):
    """Return θ₀ at which the fixed point turns unstable: the trace γ (1 − u²) − θ₁/γ of its Jacobian vanishes."""
    u = np.sqrt(1 - theta1 / gamma**2)
    return u + theta1 * (u**3 / 3 - u - zeta)


def plain_misfit(residual, marginal_sd, rho):
    """Return the misfit, (...), of residuals (..., n_times): the formulas of the talk, in plain NumPy."""
    innovations = residual[..., 1:] - rho * residual[..., :-1]
    first = 0.5 * (residual[..., 0] / marginal_sd) ** 2
    return first + 0.5 * np.sum(innovations**2, axis=-1) / (marginal_sd**2 * (1 - rho**2))
