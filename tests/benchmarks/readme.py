"""Write the figures of every README from the maps' cards and from the results of experiments and benchmarks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.experiments.catalogue import EXPERIMENTS
from core.experiments.estimators import (
    BEST,
    BOUND,
    EXACT,
    GLOBAL_MAP,
    LAPLACE,
    LEAST_SQUARES,
    NOISY_REGIME,
    NOISY_TRACES,
    OURS,
)
from core.experiments.labels import shown, with_spread
from core.experiments.least_squares_of_others import BOTH
from core.experiments.published_figures import PAPER, PUBLISHED
from core.experiments.records import Key, Result, find, stored
from core.experiments.reports import markdown
from core.files import read_json, write_bytes
from tests.benchmarks import npe_contenders as npe
from tests.benchmarks.record import RESULTS
from tests.imports import CORE, DASHBOARD

ROOT = Path(__file__).resolve().parents[2]
POSTERIORS = ROOT / "pretrained" / "posteriors"
SURROGATES = ROOT / "pretrained" / "surrogates"
OPTIMISER = ROOT / "pretrained" / "optimiser"
START = "<!-- figures: written by python -m tests.benchmarks.readme -->\n"
END = "<!-- end of figures -->"
EXPERIMENT, BENCHMARK = "core.experiments", "tests.benchmarks"
MAPS_METRICS = tuple((traces, metric) for traces in ("clean", "noisy") for metric in ("r2", "median_ape"))


# ---------------------------------------------------------------------------------------------------- README.md


def measured(experiment: str, key: Key) -> str:
    """Return a figure of an experiment with its spread, in bold where it misses its target."""
    result = stored(experiment)
    if result is None:
        return "–"
    text = with_spread(find(result.measurements, key))
    return f"**{text}**" if key in {target.key for target in result.missed} else text


def published(key: Key) -> str:
    """Return a published figure."""
    return shown(find(PUBLISHED, key).value)


def benchmark(name: str, code: str) -> str:
    """Return a figure of a benchmark with its unit, in bold where it misses its target."""
    figures = [figure for figure in read_json(RESULTS / f"{name}.json")["figures"] if figure.get("code") == code]
    if len(figures) != 1:
        raise LookupError(f"The benchmark {name} has {len(figures)} figures with the code {code}, and not one.")
    return cell(figures[0])


def cell(figure: dict[str, Any]) -> str:
    """Return a figure of a benchmark as a cell."""
    text = f"{shown(figure['value'])} {figure['unit']}".rstrip()
    return text if figure.get("met", True) else f"**{text}**"


def claims() -> str:
    """Return the table of what the laboratory claims."""
    rows = [(claim, ours, other, limit, f"`python -m {command}`") for claim, ours, other, limit, command in _claims()]
    return table(("claim", "ours", "published or best other", "limit", "command"), rows)


def _claims() -> list[tuple[str, str, str, str, str]]:
    accuracy = []
    for metric, name, n, regime, title in (
        ("median_ape", "Median-APE", 8000, "noisy-noisy", "noisy traces"),
        ("r2", "R²", 8000, "noisy-noisy", "noisy traces"),
        ("median_ape", "Median-APE", 1000, "noisy-noisy", "noisy traces"),
        ("median_ape", "Median-APE", 8000, "clean-clean", "clean traces"),
    ):
        noisy = regime.endswith("noisy")
        accuracy.append((
            f"{name} of a map from {n:,} simulations, {title}",
            measured("training-size", Key(OURS, metric, "mean", regime, n)),
            f"{published(Key(PAPER, metric, 'mean', regime, n))} (paper)",
            measured("limit", Key(EXACT, metric, "mean", NOISY_TRACES)) if noisy else "–",
            f"{EXPERIMENT} training-size",
        ))  # fmt: skip
    error = ("median_ape", "mean")
    series = ("centred_mse_clean", "")
    reached = (GLOBAL_MAP, "Differential evolution")
    found, evolved = (Key(each, "reached", "", NOISY_TRACES, at=0.01) for each in reached)
    rmse = ("rmse", "theta1", BOTH.name)
    return [
        *accuracy,
        (
            "Median-APE of the shipped map *best*, noisy traces",
            measured("accuracy", Key(BEST, *error, "noisy-noisy")),
            f"{published(Key(PAPER, *error, 'noisy-noisy', 8000))} (paper)",
            measured("limit", Key(EXACT, *error, NOISY_TRACES)),
            f"{EXPERIMENT} accuracy",
        ),
        (
            "centred squared error of trajectories from *best*",
            measured("time-series", Key(BEST, *series, "noisy-noisy")),
            f"{published(Key(PAPER, *series, 'noisy-noisy', 8000))} (paper)",
            measured("time-series", Key(EXACT, *series, NOISY_TRACES)),
            f"{EXPERIMENT} time-series",
        ),
        (
            "share of truths in the 90 % regions of *best*",
            measured("calibration", Key(BEST, "coverage", "", NOISY_REGIME, at=0.9)),
            f"{measured('limit', Key(LAPLACE, 'coverage', '', NOISY_TRACES, at=0.9))} (Laplace)",
            measured("limit", Key(EXACT, "coverage", "", NOISY_TRACES, at=0.9)),
            f"{EXPERIMENT} calibration",
        ),
        (
            "share of traces whose global minimum is found",
            measured("optimisers", found),
            f"{measured('optimisers', evolved)} (differential evolution)",
            "–",
            f"{EXPERIMENT} optimisers",
        ),
        (
            "RMSE of θ₁ from 41 times and an unknown start",
            measured("magi", Key(LEAST_SQUARES, *rmse)),
            "–",
            f"{measured('magi', Key(BOUND, 'sd', *rmse[1:]))} (Cramér–Rao)",
            f"{EXPERIMENT} magi",
        ),
        (
            "time of a trajectory, error 1e-4",
            benchmark("solver", "stored/ours"),
            f"{benchmark('solver', 'stored/JAX, a scan of our own')} (JAX, tuned by hand)",
            "–",
            f"{BENCHMARK}.solver",
        ),
        (
            "from a slider's movement to the picture on Neuron",
            benchmark("dragging", "Neuron, theta0/median"),
            "–",
            "–",
            f"{BENCHMARK}.dragging",
        ),
    ]  # fmt: skip


# --------------------------------------------------------------------------------------------- the other READMEs


def experiments() -> str:
    """Return the tables and the targets of all experiments."""
    results = {name: result for name in EXPERIMENTS if (result := stored(name)) is not None}
    parts = {name: f"## {name}\n\n{markdown(name, result)}" for name, result in results.items()}
    parts["posteriors"] += f"\n\n### Beside sbi\n\n{beside_sbi(results['posteriors'])}"
    return "\n\n".join(parts.values())


def beside_sbi(shipped: Result) -> str:
    """Return the comparison of learned posteriors with sbi's, and on how many of the figures ours are closer."""
    result = read_json(RESULTS / "npe.json")
    settings, (head, lines) = result["settings"], npe.rows(result, shipped)
    names, trained = npe.present(result), settings["trained"]
    others = [name for name in names if "epochs" in trained[name]]
    ends = [
        f"{npe.LABELS[name]}: {trained[name]['epochs']} epochs, then {trained[name]['over']}, as it had up to "
        f"{trained[name]['minutes']:g} minutes"
        for name in others
    ]
    about = (
        f"`python -m {BENCHMARK}.npe`, in an environment with what tests/benchmarks/requirements.txt pins. NPE of sbi "
        f"{settings['sbi']} has its default flow and settings and the same fresh traces. Its densities have sbi's "
        f"correction for leakage; regions, ranks and means come from {settings['draws']:,} draws. Ours was trained "
        "twice: as shipped, on a GPU; and from nothing, on one thread, from as many simulations as NPE had. Ours also "
        "simulates trajectories around an estimate, without noise, which NPE does not; they are counted apart. "
        "Minutes are those of one thread, without sbi's checks of the data; those of the shipped one are of a GPU. "
        f"{'; '.join(ends)}. Divergences are on {settings['n_compared']:,} traces, the rest on "
        f"{settings['n_covered']:,}, but the mean of the shipped one on {settings['n_shipped']:,}."
    )
    won = [
        f"* {npe.LABELS[ours]}, against {npe.LABELS[other]}: closer to the exact posterior on "
        f"{npe.wins(result, shipped, ours, other)} of {len(npe.METRICS)} figures"
        for ours in (npe.SHIPPED, npe.OURS)
        for other in others
    ]
    return "\n\n".join([about, table(head, lines), "\n".join(won)])


def training_samples(card: dict[str, Any]) -> str:
    """Return how many simulations a shipped map was trained on."""
    data = card["recipe"]["data"]
    return "drawn anew" if data["kind"] == "new simulations" else f"{data['n']:,}"


def maps() -> str:
    """Return tables of shipped maps, learned posteriors, surrogates and learned steps, and what each is."""
    weights = sorted((ROOT / "pretrained").rglob("*.safetensors"), key=lambda path: path.stem)
    weights = [path for path in weights if path.parent not in (POSTERIORS, SURROGATES, OPTIMISER)]
    cards = [read_json(path.with_suffix(".json")) for path in weights]
    rows = []
    for card in cards:
        metrics = card["metrics"].get("published") or card["metrics"]["own"]
        figures = (shown(metrics[traces][metric]["mean"]) for traces, metric in MAPS_METRICS)
        rows.append((card["name"], training_samples(card), *figures))
    head = ("map", "simulations", "clean: R²", "clean: Median-APE", "noisy: R²", "noisy: Median-APE")
    laws = [read_json(path) for path in sorted(POSTERIORS.glob("*.json"))]
    simulations = [" and ".join(f"{n:,}" for n in law["recipe"]["simulations"]) for law in laws]
    of_laws = [(law["name"], each, f"{law['n_weights']:,}") for law, each in zip(laws, simulations, strict=True)]
    stand_ins = [read_json(path) for path in sorted(SURROGATES.glob("*.json"))]
    errors = [[shown(each["relative_error"][f"quantile {share}"]) for share in ("50%", "90%")] for each in stand_ins]
    of_stand_ins = [(each["name"], f"{each['n_weights']:,}", *two) for each, two in zip(stand_ins, errors, strict=True)]
    steps = [read_json(path) for path in sorted(OPTIMISER.glob("*.json"))]
    of_steps = [
        (each["name"], str(each["recipe"]["n_steps"]), f"{each['recipe']['n_examples']:,}", f"{each['n_weights']:,}")
        for each in steps
    ]
    tables = [
        table(head, rows),
        table(("learned posterior", "simulations of each stage", "weights"), of_laws),
        table(("surrogate", "weights", "median relative error", "90 % quantile"), of_stand_ins),
        table(("learned steps", "steps", "traces of each step", "weights"), of_steps),
    ]
    described = (*cards, *laws, *stand_ins, *steps)
    return "\n\n".join([*tables, *(f"**{card['name']}.** {card['about']}" for card in described)])


def benchmarks() -> str:
    """Return the tables of all benchmarks, each with the machine and the commit that it was measured on."""
    return "\n\n".join(map(_benchmark, sorted(path.stem for path in RESULTS.glob("*.json"))))


def _benchmark(name: str) -> str:
    result = read_json(RESULTS / f"{name}.json")
    machine = result["machine"]
    made = f"{machine['cpu_count']} cores of {machine['processor']}, commit {result['commit'][:10]}"
    quoted = [figure for figure in result["figures"] if figure.get("quoted", True)]
    rows = [(figure["what"], cell(figure), figure.get("target", "")) for figure in quoted]
    parts = [f"## {name}", f"`python -m {BENCHMARK}.{name}`, on {made}.", table(("figure", "measured", "target"), rows)]
    if len(quoted) < len(result["figures"]):
        parts.append(f"The rest is in `results/{name}.json`.")
    return "\n\n".join(parts)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


# What stands between the marks of each file.
FIGURES: dict[str, Callable[[], str]] = {
    "README.md": claims,
    "core/README.md": CORE.picture,
    "dashboard/README.md": DASHBOARD.picture,
    "core/experiments/README.md": experiments,
    "tests/benchmarks/README.md": benchmarks,
    "pretrained/README.md": maps,
}


def with_figures(readme: str, figures: str) -> str:
    """Return the text of a README with the figures brought up to date."""
    before, rest = readme.split(START)
    return f"{before}{START}\n{figures}\n\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Bring all READMEs up to date."""
    for name, figures in FIGURES.items():
        path = ROOT / name
        write_bytes(path, with_figures(path.read_text("utf-8"), figures()).encode())


if __name__ == "__main__":
    main()
