from dashboard.serving.settings import CONFIG


def test_nothing_is_reported_home():
    assert CONFIG["browser.gatherUsageStats"] is False
