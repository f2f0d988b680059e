from tests.benchmarks.readme import ROOT, with_figures


def test_the_figures_in_the_readme_are_those_of_the_files():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert with_figures(readme) == readme
