"""Take a picture of each page in light and in dark, 1280 and 1920 wide: `python -m tests.browser.pictures FOLDER`.

Without a folder it takes the README's picture alone.
"""

import argparse
import tempfile
from pathlib import Path

from tests.browser.lab import PAGES, Lab, open_browser, serve

README_PICTURE = Path(__file__).parent / "pictures" / "landscape.png"
SIZES = ({"width": 1280, "height": 800}, {"width": 1920, "height": 1080})
# A truth off the prior's mean, a candidate off the truth, and a start from which some of the methods go astray.
SHOWN = "theta0=0.3&theta1=0.25&candidate_theta0=0.15&candidate_theta1=0.8&starts=0.76,0.88"


def take(lab: Lab, page: str, path: Path) -> None:
    """Open a page with the experiment that is shown, and save what the window holds."""
    lab.open(page, SHOWN)
    lab.page.mouse.move(0, 0)
    lab.page.screenshot(path=path)


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.pictures", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where all pages go; without it, the README's picture")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as runs, open_browser() as browser, serve(Path(runs) / "runs") as url:
        if folder is None:
            take(Lab(browser.new_context(viewport=SIZES[0], device_scale_factor=1.5), url), "Landscape", README_PICTURE)
            return
        folder.mkdir(parents=True, exist_ok=True)
        for size in SIZES:
            for scheme in ("light", "dark"):
                lab = Lab(browser.new_context(viewport=size, color_scheme=scheme), url)
                for page in PAGES:
                    take(lab, page, folder / f"{page.lower().replace(' ', '-')}-{size['width']}-{scheme}.png")
                lab.context.close()


if __name__ == "__main__":
    main()
