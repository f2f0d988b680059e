"""The time of a training against the width of a dense network, beside published times."""

import os
import time
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any, NamedTuple

from core.experiments.context import Context
from core.experiments.estimators import (
    CEREBRAS,
    FUSED_STEP,
    GPU_AUTOMATIC,
    GPU_BY_HAND,
    MIXED_PRECISION,
    PLAIN_LOOP,
    PUBLISHED_CPU,
    PUBLISHED_PRECISION,
    SINGLE_PRECISION,
)
from core.experiments.published_figures import PUBLISHED, WIDTHS
from core.experiments.records import Key, Measurement, Result, Target, find, store, stored
from core.learning.wide_networks import (
    BATCH_SIZE,
    DROPOUT,
    N_LAYERS,
    N_STEPS,
    STEPS_AT_ONCE,
    STEPS_PER_PASS,
    Training,
    captured_training,
    fused_training,
    gpu_name,
    n_weights,
    plain_training,
    use_threads,
    versions,
)

N_THREADS = 1  # of the processor, for both loops
ROUNDS = {32: 61, 128: 61, 512: 21, 2048: 5}  # in each, both loops do one pass of the samples
QUICK_ROUNDS, QUICK_STEPS = 1, 250
FEWER_STEPS = 5000  # where a training on the GPU is only timed for comparison
LEAST_SPEED_UP = {32: 3.0, 128: 3.0, 512: 1.0, 2048: 1.0}

_OURS = (
    (PLAIN_LOOP, SINGLE_PRECISION),
    (FUSED_STEP, SINGLE_PRECISION),
    (GPU_BY_HAND, SINGLE_PRECISION),
    (GPU_BY_HAND, MIXED_PRECISION),
    (GPU_AUTOMATIC, SINGLE_PRECISION),
    (GPU_AUTOMATIC, MIXED_PRECISION),
)
# The columns of the tables.
TIME_COLUMNS = (
    Key(PUBLISHED_CPU, "total_seconds", "", PUBLISHED_PRECISION),
    Key(CEREBRAS, "total_seconds", "", PUBLISHED_PRECISION),
    Key(CEREBRAS, "training_seconds", "", PUBLISHED_PRECISION),
    *(Key(estimator, "training_seconds", "", precision) for estimator, precision in _OURS),
    Key(FUSED_STEP, "speed_up", "", SINGLE_PRECISION),
)
STEP_COLUMNS = tuple(Key(estimator, "measured_steps", "", precision) for estimator, precision in _OURS)


class GpuTraining(NamedTuple):
    """A training on the GPU; n_steps: the steps that are timed."""

    estimator: str
    precision: str
    width: int
    n_steps: int


# Those of automatic differentiation first: after an error in a kernel by hand, the GPU does nothing more.
GPU_TRAININGS = (
    *(GpuTraining(GPU_AUTOMATIC, SINGLE_PRECISION, width, FEWER_STEPS) for width in WIDTHS),
    GpuTraining(GPU_AUTOMATIC, MIXED_PRECISION, WIDTHS[-1], FEWER_STEPS),
    *(GpuTraining(GPU_BY_HAND, SINGLE_PRECISION, width, N_STEPS) for width in WIDTHS[:-1]),
    GpuTraining(GPU_BY_HAND, MIXED_PRECISION, WIDTHS[-1], N_STEPS),
    GpuTraining(GPU_BY_HAND, SINGLE_PRECISION, WIDTHS[-1], FEWER_STEPS),
)


def run(context: Context) -> Result:
    """Time the trainings on the context's device; store the result after each, together with what is stored already."""
    result = _result([], {})
    timings = _on_gpu(context) if context.device == "cuda" else _on_processor(context)
    for measurements, machine in timings:
        result = _result(measurements, {context.device: machine}, result if context.quick else stored("width"))
        if not context.quick:
            store("width", result)
    return result


def _on_processor(context: Context) -> Iterable[tuple[list[Measurement], dict[str, Any]]]:
    """Yield the times of both loops for each width, and the machine.

    Processor time is measured, which on one thread is the time that passes where no other program runs.
    """
    use_threads(N_THREADS)
    n_steps = STEPS_PER_PASS
    machine = {"cores": os.cpu_count(), "threads": N_THREADS, **versions()}
    for width in WIDTHS:
        loops = {PLAIN_LOOP: plain_training(width), FUSED_STEP: fused_training(width)}
        for train in loops.values():
            train(n_steps)  # the first pass allocates
        rounds = range(QUICK_ROUNDS if context.quick else ROUNDS[width])
        seconds = [
            {name: _seconds(train, n_steps, time.process_time) / n_steps for name, train in loops.items()}
            for _ in rounds
        ]
        measurements = []
        for name in loops:
            step = median(each[name] for each in seconds)
            measurements += _timed(name, SINGLE_PRECISION, width, step, len(rounds) * n_steps)
        speed_up = median(each[PLAIN_LOOP] / each[FUSED_STEP] for each in seconds)
        measurements.append(Measurement(Key(FUSED_STEP, "speed_up", "", SINGLE_PRECISION, at=width), speed_up))
        context.report(f"width {width:,}: {speed_up:.2f} times as fast as the plain loop")
        yield measurements, machine


def _on_gpu(context: Context) -> Iterable[tuple[list[Measurement], dict[str, Any]]]:
    """Yield the time of each training, and the GPU. A training that fails is reported and left out."""
    machine = {"name": gpu_name(), **versions()}
    for estimator, precision, width, n_steps in GPU_TRAININGS:
        wanted = min(n_steps, QUICK_STEPS) if context.quick else n_steps
        try:
            train = captured_training(width, estimator == GPU_BY_HAND, precision == MIXED_PRECISION)
            train(STEPS_AT_ONCE)  # the first replay loads the graph
            step = _seconds(train, wanted, time.perf_counter) / wanted
        except (OSError, RuntimeError, ValueError) as error:
            context.report(f"{estimator}, {precision}, width {width:,} failed: {error}")
            continue
        context.report(f"{estimator}, {precision}, width {width:,}: {1e6 * step:.0f} µs a step")
        yield _timed(estimator, precision, width, step, wanted), machine


def _seconds(train: Training, n_steps: int, clock: Callable[[], float]) -> float:
    began = clock()
    train(n_steps)
    return clock() - began


def _timed(estimator: str, precision: str, width: int, step: float, n_steps: int) -> list[Measurement]:
    """Return the time of all steps, from the seconds of one, and the number of steps that were measured."""
    figures = {"training_seconds": step * N_STEPS, "measured_steps": float(n_steps)}
    return [Measurement(Key(estimator, metric, "", precision, at=width), value) for metric, value in figures.items()]


def _result(measurements: list[Measurement], machines: dict[str, Any], before: Result | None = None) -> Result:
    """Return the result with new measurements and machines in place of those before."""
    found = {each.key: each for each in (*(before.measurements if before else ()), *measurements)}
    known = before.settings["machines"] if before else {}
    targets = [target for target in _targets() if target.key in found]
    return Result(
        f"The time in which dense networks of {N_LAYERS} layers are trained: {N_STEPS:,} steps of Adam with "
        f"batches of {BATCH_SIZE}, which are 1,000 epochs of 1,000 samples, and dropout {DROPOUT}. "
        "Times are extrapolated from the steps that were measured. On the CPU, the processor time of one "
        "thread is measured.",
        {
            "widths": list(WIDTHS),
            "n_weights": [n_weights(width) for width in WIDTHS],
            "n_steps": N_STEPS,
            "batch_size": BATCH_SIZE,
            "machines": {**known, **machines},
        },
        tuple(found.values()),
        tuple(targets),
    )


def _targets() -> list[Target]:
    targets = []
    for width in WIDTHS:
        key = Key(FUSED_STEP, "speed_up", "", SINGLE_PRECISION, at=width)
        targets.append(Target(key, at_least=LEAST_SPEED_UP[width]))
        published = find(PUBLISHED, Key(CEREBRAS, "training_seconds", "", PUBLISHED_PRECISION, at=width)).value
        precision = MIXED_PRECISION if width == WIDTHS[-1] else SINGLE_PRECISION
        key = Key(GPU_BY_HAND, "training_seconds", "", precision, at=width)
        targets.append(Target(key, at_most=published))
    return targets
