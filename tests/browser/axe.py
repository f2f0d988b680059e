"""What axe-core, the accessibility checker, finds on a page."""

from axe_playwright_python.sync_playwright import Axe

GRAVE = ("serious", "critical")


def violations(lab):
    """Return what axe-core finds on the page that keeps people out, a line each."""
    found = Axe().run(lab.page).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node['html'][:200]}"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]
