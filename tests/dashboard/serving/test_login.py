"""Who may do what where a login is set up, against a provider on this machine."""

import re

import httpx
import pytest
import streamlit as st
from joserfc.jwk import RSAKey
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dashboard.serving import login
from tests.browser.lab import free_port
from tests.dashboard.serving.provider import CLIENT, SECRET, open_provider
from tests.dashboard.serving.quick_server import quick_server

PAGE = {"Accept": "text/html"}
ASKED = "/lab/neuron?theta0=0.25&window=1%2C2"


def secrets(url, provider, **changes):
    """Return the text of Streamlit's secrets for a server at an address."""
    auth = {
        "redirect_uri": f"{url}/lab/oauth2callback",
        "cookie_secret": "0123456789abcdef0123456789abcdef",
        "client_id": CLIENT,
        "client_secret": SECRET,
        "server_metadata_url": f"{provider}/.well-known/openid-configuration",
        **changes,
    }
    return "[auth]\n" + "".join(f'{name} = "{value}"\n' for name, value in auth.items() if value is not None)


@pytest.fixture(scope="module")
def provider():
    with open_provider() as provider:
        yield provider


@pytest.fixture(autouse=True)
def honest(provider):
    """Begin with a provider that says what is true."""
    provider.claims, provider.signs_with, provider.refuses = {}, None, False


@pytest.fixture(scope="module")
def server(provider, tmp_path_factory):
    """The address of a server open to the network, under a path of its own, that asks for a login."""
    folder, port = tmp_path_factory.mktemp("login"), free_port()
    (folder / ".streamlit").mkdir()
    url = f"http://127.0.0.1:{port}"
    (folder / ".streamlit" / "secrets.toml").write_text(secrets(url, provider.url))
    with quick_server(folder, "--host", "0.0.0.0", "--base-path", "lab", port=port):
        yield url


@pytest.fixture
def visitor(server):
    """A browser that follows no redirect by itself."""
    with httpx.Client(base_url=server) as client:
        yield client


def logged_in(visitor, address=ASKED):
    """Ask for a page, go through the provider, and return the answer that ends the login."""
    answer = visitor.get(address, headers=PAGE)
    for _ in range(3):
        assert answer.status_code == 302
        answer = visitor.get(answer.headers["location"], headers=PAGE)
    return answer


def stream(server, cookies):
    """Open the connection of a page, and return the status of the answer."""
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    try:
        with connect(f"{server.replace('http', 'ws')}/lab/_stcore/stream", additional_headers={"Cookie": header},
                     subprotocols=["streamlit"], proxy=None):  # fmt: skip
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


REFUSED = [
    ("POST", "/lab/lab/live"),
    ("GET", "/lab/lab/live.js"),
    ("GET", "/lab/lab/style.css"),
    ("GET", "/lab/_stcore/metrics"),
    ("GET", "/lab/_stcore/host-config"),
    ("GET", "/lab/media/abc.csv"),
    ("GET", "/lab/static/js/index.js"),
    ("PUT", "/lab/_stcore/upload_file/session/file"),
    ("DELETE", "/lab/_stcore/upload_file/session/file"),
    ("POST", "/lab/_stcore/agent/interact"),
    ("GET", "/lab/"),  # by what is no browser
    ("POST", "/lab/auth/login/x"),
]


@pytest.mark.parametrize(("method", "path"), REFUSED)
def test_who_has_not_logged_in_is_refused_everywhere(visitor, method, path):
    answer = visitor.request(method, path)
    assert (answer.status_code, answer.text) == (401, login.NOT_LOGGED_IN)
    assert "frame-ancestors" in answer.headers["content-security-policy"]


def test_a_page_leads_to_the_provider_and_back_to_the_address_that_was_asked_for(visitor, server, provider):
    assert stream(server, {}) == 403
    back = logged_in(visitor)
    assert (back.status_code, back.headers["location"]) == (302, ASKED)
    assert provider.asked[-1]["scope"] == "openid email profile"
    assert provider.asked[-1]["code_challenge_method"] == "S256"
    given = [cookie for cookie in back.headers.get_list("set-cookie") if "Max-Age=0" not in cookie]
    assert {cookie.partition("=")[0] for cookie in given} >= {"_streamlit_user", "_streamlit_user_tokens"}
    for cookie in given:
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
    page = visitor.get(back.headers["location"], headers=PAGE)
    assert page.status_code == 200
    assert "<title>Streamlit</title>" in page.text
    assert visitor.post("/lab/lab/live", content=b"{}").status_code == 400  # read, and found to ask for nothing
    assert visitor.get("/lab/lab/live.js").status_code == 200
    assert stream(server, {cookie.name: cookie.value for cookie in visitor.cookies.jar}) == 101
    visitor.get("/lab/auth/logout", headers=PAGE)
    assert visitor.post("/lab/lab/live", content=b"{}").status_code == 401


def test_metrics_are_read_on_this_machine_or_after_a_login(visitor):
    assert visitor.get("/lab/lab/metrics").status_code == 200
    proxied = {"X-Forwarded-For": "192.0.2.7"}
    assert visitor.get("/lab/lab/metrics", headers=proxied).status_code == 403
    logged_in(visitor)
    assert visitor.get("/lab/lab/metrics", headers=proxied).status_code == 200


def test_a_cookie_that_the_server_has_not_signed_opens_nothing(visitor, server):
    logged_in(visitor)
    name = "_streamlit_user"
    true = visitor.cookies[name]
    own, _, rest = true.partition(".")
    forged = [f"{own[:-2]}xx.{rest}", true[:-1], own, "1", "", '{"is_logged_in": true}', "é"]
    for value in forged:
        answer = httpx.post(f"{server}/lab/lab/live", headers={"Cookie": f"{name}={value}".encode()}, content=b"{}")
        assert answer.status_code == 401, value
    # The tokens beside it are signed for another name.
    tokens = {name: visitor.cookies["_streamlit_user_tokens"]}
    assert httpx.post(f"{server}/lab/lab/live", cookies=tokens, content=b"{}").status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"aud": "another"}, {"iss": "http://127.0.0.1:1"}, {"nonce": "old"}, {"exp": 1}, "key", "refusal"]
)
def test_what_the_provider_does_not_vouch_for_is_no_login(visitor, provider, wrong):
    if wrong == "key":
        provider.signs_with = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
    elif wrong == "refusal":
        provider.refuses = True
    else:
        provider.claims = wrong
    answer = logged_in(visitor)
    assert (answer.status_code, answer.text) == (403, login.FAILED)
    assert visitor.post("/lab/lab/live", content=b"{}").status_code == 401


def test_a_login_that_another_browser_has_begun_is_none(server, visitor, provider):
    answer = visitor.get(ASKED, headers=PAGE)
    for _ in range(2):
        answer = visitor.get(answer.headers["location"], headers=PAGE)
    with httpx.Client(base_url=server) as other:
        assert other.get(answer.headers["location"], headers=PAGE).status_code == 403
        assert other.post("/lab/lab/live", content=b"{}").status_code == 401


@pytest.mark.parametrize("asked", ["//evil.example/", "https://evil.example", "/elsewhere", "/lab/\r\nSet-Cookie: a=b"])
def test_a_login_leads_to_no_other_site(visitor, asked):
    answer = visitor.get(ASKED, headers=PAGE)
    visitor.cookies.clear()
    for _ in range(2):
        answer = visitor.get(answer.headers["location"], headers=PAGE)
    visitor.cookies.set(login.ASKED_COOKIE, login.quote(asked, safe=""))
    back = visitor.get(answer.headers["location"], headers=PAGE)
    assert re.fullmatch(r"/lab/[^\r\n]*", back.headers["location"])
    assert back.headers.get("a") is None


# ------------------------------------------------------------------------------------------------------- configuration


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Return a function that sets Streamlit's secrets, and says whether a login is needed."""

    def set_secrets(text):
        path = tmp_path / "secrets.toml"
        path.write_text(text)
        option = st.get_option
        monkeypatch.setattr("streamlit.config.get_option",
                            lambda key: [str(path)] if key == "secrets.files" else option(key))  # fmt: skip
        monkeypatch.setattr(st, "get_option", st.config.get_option)
        monkeypatch.setattr(st.secrets, "_secrets", None)
        try:
            return login.is_needed("/lab")
        finally:
            monkeypatch.setattr(st.secrets, "_secrets", None)

    return set_secrets


def test_a_login_is_needed_where_the_secrets_name_a_provider(configured):
    assert configured(secrets("https://lab.example.org", "https://idp.example.org"))
    assert not configured('[database]\nuser = "a"\n')


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[auth", "cannot be read: mend it, or move it away to serve without a login"),
        ("[auth]\n", 'missing the "redirect_uri" key'),
        (secrets("https://a", "https://b", client_secret=None), "missing the following keys: .'client_secret'."),
        (secrets("https://a", "https://b", cookie_secret="short"), "needs at least 32 characters"),
        (
            secrets("https://a", "https://b", redirect_uri="https://a/oauth2callback"),
            "The redirect_uri of the login has to end in /lab/oauth2callback; its path is '/oauth2callback'",
        ),
    ],
)
def test_a_login_that_cannot_work_is_a_sentence_and_never_none(configured, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        configured(text)
