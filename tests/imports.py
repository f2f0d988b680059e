"""Which file of a package imports which, the order that holds its files and folders, and the picture of it."""

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def imported(path):
    """Return every module a file imports, inside functions too, and those it names to import_module."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            # Of a package or a folder its files and folders are imported.
            folder = (ROOT / node.module.replace(".", "/")).is_dir()
            modules |= {f"{node.module}.{alias.name}" for alias in node.names} if folder else {node.module}
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            named = node.args[0]
            modules |= {named.value} if isinstance(named, ast.Constant) else set()
    return modules


@dataclass(frozen=True)
class Package:
    """A package whose files and folders import only from what stands before them in the order.

    foundation: the first names of the order, which the picture shows as one.
    hidden: names that the picture leaves out.
    """

    name: str
    order: tuple[str, ...]
    foundation: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ("__init__",)

    @cached_property
    def root(self):
        """The folder of the package."""
        return ROOT / self.name

    @cached_property
    def imports(self):
        """The modules that each file imports, by the file's name within the package."""
        paths = sorted(self.root.rglob("*.py"))
        return {".".join(path.relative_to(self.root).with_suffix("").parts): imported(path) for path in paths}

    def own(self, name):
        """Return what a file imports of its own package, by name within the package."""
        start = f"{self.name}."
        return {module.removeprefix(start) for module in self.imports[name] if module.startswith(start)}

    def place(self, name):
        """Return where a file's folder, or the file itself, stands in the order."""
        return self.order.index(name.split(".")[0])

    def arrows(self):
        """Return what imports what, (importer, imported), in the order: the foundation as one."""
        found = set()
        for name in self.imports:
            for module in self.own(name):
                ends = [end.split(".")[0] for end in (name, module)]
                first, second = ("foundation" if end in self.foundation else end for end in ends)
                if first != second and first not in self.hidden:
                    found.add((first, second))
        return sorted(found, key=lambda pair: tuple(-1 if end == "foundation" else self.place(end) for end in pair))

    def picture(self):
        """Return the picture of the imports as a Mermaid flowchart; each arrow points to what is imported."""
        lines = [f"    {first} --> {second}" for first, second in self.arrows()]
        return "\n".join(["```mermaid", "flowchart BT", *lines, "```"])


FOUNDATION = (
    "files", "checks", "buffers", "terminal_encoding", "symbols", "compiled", "metrics", "regions", "estimate", "noise",
    "priors", "published", "parallel",
)  # fmt: skip
STEPS = (
    "models", "problem", "optimisation", "posterior", "sampling", "perturbations", "mean_field", "learning",
    "denoising", "surrogates", "maps", "learned_optimiser", "jobs", "experiments",
)  # fmt: skip
COMMANDS = (
    "neuron", "__init__", "search", "train", "pretrain", "pretrain_posteriors", "pretrain_surrogates",
    "pretrain_optimiser", "migrate_cards",
)  # fmt: skip
CORE = Package("core", (*FOUNDATION, *STEPS, *COMMANDS), FOUNDATION)
DASHBOARD = Package(
    "dashboard",
    (
        "__init__", "threads", "turns", "shared_results", "wording", "background", "scene", "figures", "maps", "seal",
        "sealed_address", "exercise_token", "rooms", "trainings", "allowance", "pictures", "lessons", "metrics",
        "live_queue", "live_route", "style_route", "visitors", "serving", "live", "session_keys", "session", "links",
        "panels", "views", "app", "__main__",
    ),
)  # fmt: skip
