"""How a trace differs from those that a map was trained on, and what the map expects of a trace."""

from collections.abc import Mapping
from typing import Any

from core.maps.differences_from_training import Difference
from core.maps.task import NOISE_SYMBOLS, Task
from core.published import SAMPLING_INTERVAL


def differences(
    task: Task, parameters: Mapping[str, float], rho: float | None = None, sigma: float | None = None
) -> list[Difference]:
    """List how a trace differs from the traces of a task. Arguments left out are not compared.

    parameters: true or known values of the trace's parameters, by name.
    rho, sigma [ms]: of the trace's noise; sigma = 0 for a clean trace.
    """
    found = []
    symbols = {quantity.name: quantity.symbol for quantity in task.model.parameters}
    for name, own in task.known:
        value = parameters.get(name)
        if value is not None and not abs(value - own) <= 1e-9:
            symbol, at = symbols[name], _number(own)
            found.append(Difference(f"{symbol} = {_given(value)}", f"trained at {at}", f"{symbol} = {at}"))
    found += _noise_differences(task, rho, sigma)
    for name, low, high in _ranges(task):
        value = parameters.get(name)
        if value is not None and not low <= value <= high:
            trained = f"trained on {_number(low)} to {_number(high)}"
            found.append(Difference(f"{symbols[name]} = {_given(value)}", trained))
    return found


def _noise_differences(task: Task, rho: float | None, sigma: float | None) -> list[Difference]:
    noise = task.noise
    if noise is None:
        return [Difference("noise", "trained on clean traces")] if sigma is not None and sigma > 0 else []
    found = []
    if sigma is not None and not noise.lower[1] <= sigma <= noise.upper[1]:
        trained = f"trained on {_number(noise.lower[1])} to {_number(noise.upper[1])} ms"
        found.append(Difference(f"{NOISE_SYMBOLS['sigma']} = {_given(sigma)} ms", trained))
    if rho is not None and sigma and not noise.lower[0] <= rho <= noise.upper[0]:
        trained = f"trained on {_number(noise.lower[0])} to {_number(noise.upper[0])}"
        found.append(Difference(f"{NOISE_SYMBOLS['rho']} = {_given(rho)}", trained))
    return found


def expected_of(task: Task, trace: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the properties that a map of a task expects of a trace; () where noise and true parameters are given.

    trace: what is known of it, under the names of the arguments of `differences`.
    """
    expected = []
    symbols = {quantity.name: quantity.symbol for quantity in task.model.parameters}
    if trace.get("sigma") is None and task.noise is None:
        expected.append("no noise")
    elif trace.get("sigma") is None and task.noise is not None:
        (rho_low, sigma_low), (rho_high, sigma_high) = task.noise.lower, task.noise.upper
        low, high = (f"{sigma / SAMPLING_INTERVAL:.2g}" for sigma in (sigma_low, sigma_high))
        expected.append(f"noise of sd {low} to {high} with ρ from {rho_low:.2g} to {rho_high:.2g}")
    ranges = _ranges(task)
    if not {name for name, _, _ in ranges} <= set(trace.get("parameters", ())):
        expected += [f"{symbols[name]} from {_number(low)} to {_number(high)}" for name, low, high in ranges]
    if expected:
        expected += [f"{symbols[name]} = {_number(value)}" for name, value in task.known]
    return tuple(expected)


def _ranges(task: Task) -> list[tuple[str, float, float]]:
    """Return name, smallest and largest value of each of the model's parameters that differs from trace to trace."""
    laws = filter(None, (task.prior, task.given))
    return [range_ for law in laws for range_ in zip(law.names, law.lower, law.upper, strict=True)]


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _given(value: float) -> str:
    """Return a trace's number with enough digits to differ from the training's."""
    return f"{value:.6g}".replace("-", "−")
