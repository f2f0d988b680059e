"""The lines that train a map again without a server, and what is to be known of them."""

import json
import shlex

from core.maps.recipe import Recipe
from core.maps.recipe_file import recipe_as_json
from core.published import SAMPLING_INTERVAL

SAME_WEIGHTS = (
    "With the recipe saved in the folder of a checkout, the command trains the same map as this page. So do the lines "
    "in Python, alone. On the same processor, with the same versions, the weights are equal to the last bit."
)
STOPPED = "This training was stopped before its last epoch; they train to the last one."
NETWORK_ALONE = (
    "The ONNX file holds the network alone; the lines in Python also apply its learned Gauss–Newton step, which "
    "simulates."
)
ANY_RUNTIME = "Any ONNX runtime reads the ONNX file: traces in, estimates out, in the units of this page."


def file_name(name: str) -> str:
    """Return the name of the file with the recipe of a map."""
    return f"{name}-recipe.json"


def recipe_text(recipe: Recipe) -> str:
    """Return the content of that file."""
    return json.dumps(recipe_as_json(recipe), indent=2)


def command(name: str) -> str:
    """Return the command that trains a map from the file with its recipe."""
    return f"python -m core.train {shlex.quote(file_name(name))} --name {shlex.quote(name)}"


def snippet(name: str, recipe: Recipe) -> str:
    """Return lines of Python that train a map from its recipe and estimate with it."""
    task = recipe.task
    n = task.n_times[1]
    known, values = "", ""
    if task.given is not None:
        told = dict(task.known) | dict(zip(task.given.names, task.given.mean, strict=True))
        known = (
            f"known = {[[told[each] for each in task.known_names]]}  # {', '.join(task.known_names)} of each trace\n"
        )
        values = ", known"
    return (
        "import json\n\n"
        "import numpy as np\n\n"
        "from core.maps.recipe_file import recipe_from_json\n"
        "from core.train import train_to\n\n"
        f'recipe = recipe_from_json(json.loads("""\n{recipe_text(recipe)}\n"""))\n'
        f'trained = train_to("runs", {json.dumps(name)}, recipe)  # goes on where it was interrupted\n'
        f"data = np.zeros((1, {n}))  # your traces, (n, {n}): samples {SAMPLING_INTERVAL} ms apart\n"
        f"{known}"
        f"estimate = trained.predict(data{values})\n"
        "print(estimate.mean, estimate.covariance)\n"
    )
