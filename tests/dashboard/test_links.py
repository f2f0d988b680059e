from types import SimpleNamespace

from dashboard import links, visitors


def _browser(monkeypatch, **user):
    context = SimpleNamespace(cookies={visitors.COOKIE: "a" * 32})
    state = SimpleNamespace(live_key="session")
    monkeypatch.setattr(links, "st", SimpleNamespace(user=user, context=context, session_state=state))
    return links.browser()


def test_a_login_owns_what_it_makes_in_whatever_browser(monkeypatch):
    first = _browser(monkeypatch, is_logged_in=True, iss="https://id.example", sub="1")
    second = _browser(monkeypatch, is_logged_in=True, iss="https://id.example", sub="2")
    elsewhere = _browser(monkeypatch, is_logged_in=True, iss="https://other.example", sub="1")
    assert len({first, second, elsewhere, "a" * 32}) == 4
    assert visitors.checked(first) == first
    assert _browser(monkeypatch, is_logged_in=True) == "session"
    assert _browser(monkeypatch) == "a" * 32
