"""Which file of the engine imports which, the order that holds them, and its picture."""

import ast
from pathlib import Path

import core

ROOT = Path(core.__file__).resolve().parent
# A file or folder imports only from what stands before it.
FOUNDATION = (
    "files", "checks", "buffers", "terminal_encoding", "symbols", "compiled", "metrics", "estimate", "noise", "priors",
    "published", "parallel",
)  # fmt: skip
STEPS = ("models", "problem", "optimisation", "posterior", "learning", "maps", "jobs", "experiments")
COMMANDS = ("neuron", "__init__", "search", "pretrain", "migrate_cards")
ORDER = (*FOUNDATION, *STEPS, *COMMANDS)


def imported(path):
    """Return every module a file imports, inside functions too, and those it names to import_module."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            modules.add(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            modules.add(ast.literal_eval(node.args[0]))
    return modules


IMPORTS = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): imported(path) for path in sorted(ROOT.rglob("*.py"))
}


def place(name):
    """Return where a file's folder, or the file itself, stands in the order."""
    return ORDER.index(name.split(".")[0])


def arrows():
    """Return what imports what, (importer, imported), in the order: the foundation as one, and `__init__` left out."""
    found = set()
    for name, modules in IMPORTS.items():
        for module in modules:
            if module.startswith("core."):
                ends = [end.split(".")[0] for end in (name, module.removeprefix("core."))]
                first, second = ("foundation" if end in FOUNDATION else end for end in ends)
                if first != second and first != "__init__":
                    found.add((first, second))
    return sorted(found, key=lambda pair: tuple(-1 if end == "foundation" else place(end) for end in pair))


def picture():
    """Return the picture of the imports as a Mermaid flowchart; each arrow points to what is imported."""
    lines = [f"    {first} --> {second}" for first, second in arrows()]
    return "\n".join(["```mermaid", "flowchart BT", *lines, "```"])
