"""Write the figures in the README from the maps' cards and from the results of experiments and benchmarks."""

from pathlib import Path

from core.experiments.records import stored
from core.experiments.tables import LAYOUTS, markdown
from core.files import read_json, write_bytes

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"
BENCHMARKS = ("posterior", "solver", "dragging", "training")
START = "<!-- figures: written by python -m tests.benchmarks.readme -->\n"
END = "<!-- end of figures -->"


def shown(value: float) -> str:
    """Return a figure with the digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def maps_table() -> str:
    """Return the table of the shipped maps on the 2,000 test samples."""
    lines = [
        "The shipped maps on 2,000 test samples of the published prior and noise, from their cards:",
        "",
        "| map | N | clean: R² | clean: Median-APE | noisy: R² | noisy: Median-APE |",
        "|---|---|---|---|---|---|",
    ]
    for path in sorted((ROOT / "pretrained").glob("*.json")):
        card = read_json(path)
        figures = [
            f"{card['metrics']['published'][kind][metric]['mean']:.{digits}f}"
            for kind in ("clean", "noisy")
            for metric, digits in (("r2", 4), ("median_ape", 4))
        ]
        settings = card["settings"]
        n = "drawn anew" if settings["renewed"] == "everything" else f"{settings['n_samples']:,}"
        lines.append(f"| {card['name']} | {n} | {' | '.join(figures)} |")
    return "\n".join(lines)


def benchmark_table(name: str) -> str:
    """Return the table of one benchmark, with the machine and the commit it was measured on."""
    result = read_json(RESULTS / f"{name}.json")
    machine = result["machine"]
    lines = [
        f"`python -m tests.benchmarks.{name}`, on {machine['cpu_count']} cores of {machine['processor']}, "
        f"commit {result['commit'][:10]}:",
        "",
        "| figure | measured | target |",
        "|---|---|---|",
    ]
    quoted = [figure for figure in result["figures"] if figure.get("quoted", True)]
    for figure in quoted:
        lines.append(f"| {figure['what']} | {shown(figure['value'])} {figure['unit']} | {figure.get('target', '')} |")
    if len(quoted) < len(result["figures"]):
        lines += ["", f"The rest is in `tests/benchmarks/results/{name}.json`."]
    return "\n".join(line.replace("  |", " |") for line in lines)


def figures() -> str:
    """Return all that stands between the marks of the README."""
    experiments = ((name, stored(name)) for name in LAYOUTS)
    parts = [
        *(markdown(name, result) for name, result in experiments if result is not None),
        *(benchmark_table(name) for name in BENCHMARKS if (RESULTS / f"{name}.json").is_file()),
    ]
    return "\n\n".join([maps_table(), *parts])


def with_figures(readme: str) -> str:
    """Return the text of the README with the figures brought up to date."""
    before, rest = readme.split(START)
    return f"{before}{START}\n{figures()}\n\n{END}{rest.split(END)[1]}"


def main() -> None:
    """Bring the README up to date."""
    path = ROOT / "README.md"
    write_bytes(path, with_figures(path.read_text("utf-8")).encode())


if __name__ == "__main__":
    main()
