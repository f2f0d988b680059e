"""From the click on Train to the map's estimates on the page Inverse map, as a visitor waits for them."""

import tempfile
import time
from pathlib import Path

from core.files import read_json
from tests.benchmarks.record import Record, output_path
from tests.browser.lab import VIEWPORT, Lab, open_browser, serve

SETTINGS = {"preset": "usual", "samples": 20_000, "name": "benchmark-map"}


def main() -> None:
    """Measure, print and write."""
    out = output_path("training", __doc__)
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser, serve(Path(folder) / "runs") as url:
        lab = Lab(browser.new_context(viewport=VIEWPORT), url)
        lab.open("Inverse map").open("Train")
        lab.name_training(SETTINGS["name"])
        samples, epochs = map(lab.text_box, ("train_samples", "train_epochs"))
        assert samples.input_value() == str(SETTINGS["samples"]), "The preset is another one."
        record = Record("training", {**SETTINGS, "epochs": int(epochs.input_value())})
        start = time.perf_counter()
        lab.start_training()
        record.note("from the click to the first piece of the loss curve", time.perf_counter() - start, "s")
        lab.await_training("The training is done after", 300)
        record.note("from the click to the end of the training", time.perf_counter() - start, "s")
        lab.go("Inverse map")
        lab.page.locator(".lab-table tr").filter(has_text=SETTINGS["name"]).first.wait_for()
        record.note(
            "from the click to the estimates on the page Inverse map", time.perf_counter() - start, "s", most=120
        )
        assert lab.table()[SETTINGS["name"]][0] != "–", "The map made no estimate."
        card = read_json(Path(folder) / "runs" / SETTINGS["name"] / f"{SETTINGS['name']}.json")
        record.note("training alone", card["training"]["seconds"], "s", most=60)
        record.note(
            "R² on the 2,000 noisy test traces", card["metrics"]["published"]["noisy"]["r2"]["mean"], least=0.99
        )
        lab.check()
    record.save(out)


if __name__ == "__main__":
    main()
