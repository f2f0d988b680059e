"""Write the figures in the README from the maps' cards and from the results of experiments and benchmarks."""

from pathlib import Path

from core.experiments.record import RESULTS as EXPERIMENTS
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
        data = card["recipe"]["data"]
        n = "drawn anew" if data["kind"] == "new simulations" else f"{data['n']:,}"
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


def experiment_tables(name: str) -> str:
    """Return the tables and the targets of one experiment; its curves stand on the pages."""
    result = read_json(EXPERIMENTS / f"{name}.json")
    parts = [f"`python -m core.experiments {name}`. {result['about']}"]
    for table in (table for table in result["tables"] if table["columns"][0] != "mass"):
        rows = [[cell_text(cell) for cell in row] for row in (table["columns"], *table["rows"])]
        rows.insert(1, ["---"] * len(table["columns"]))
        parts.append("\n".join([f"{table['title']}:", "", *(f"| {' | '.join(row)} |" for row in rows)]))
    missed = [target for target in result["targets"] if not target["met"]]
    if result["targets"]:
        parts.append(f"Of {len(result['targets'])} targets {len(result['targets']) - len(missed)} are met.")
    parts += [f"Missed: {target['figure']}, {cell_text(target['measured'])}." for target in missed]
    return "\n\n".join(parts)


def cell_text(cell: str | float | None) -> str:
    """Return a cell of a table: text, a figure with the digits that mean something, or a dash for none."""
    if cell is None:
        return "–"
    return cell if isinstance(cell, str) else f"{cell:.4g}".replace("-", "−")


def figures() -> str:
    """Return all that stands between the marks of the README."""
    experiments = sorted(path.stem for path in EXPERIMENTS.glob("*.json"))
    parts = [
        *(experiment_tables(name) for name in experiments),
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
