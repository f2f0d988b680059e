"""The settings of Streamlit that the laboratory is served with."""

import streamlit as st
from streamlit.web.bootstrap import load_config_options

from dashboard.figures.palette import ACCENTS, GROUNDS, TEXTS
from dashboard.figures.style import FONT

CONFIG: dict[str, bool | int | str] = {
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "server.enableAgentApi": False,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 12,  # megabytes, of a training that is brought along; traces have a limit of their own
    "server.maxWidgetStateSize": 1,  # megabytes, the least that can be set
    **{
        f"theme.{theme}.{name}": colour
        for theme, accent, (ground, controls), text in zip(("light", "dark"), ACCENTS, GROUNDS, TEXTS, strict=True)
        for name, colour in (
            ("primaryColor", accent),
            ("backgroundColor", ground),
            ("secondaryBackgroundColor", controls),
            ("textColor", text),
        )
    },
    "theme.font": FONT,
    "theme.baseFontSize": 15,
}


def load_settings(base_path: str | None, is_embedded: bool) -> None:
    """Give Streamlit its settings.

    base_path: of the pages; None where Streamlit's own files of settings may name one.
    is_embedded: whether pages of other sites may show the laboratory in a frame.
    """
    # Browsers keep the cookie that goes with an upload from a frame in a page of another site. Uploads are safe without
    # it: they name their session by a number that no other page can know.
    options = {**CONFIG, "server.enableXsrfProtection": not is_embedded}
    load_config_options(options if base_path is None else {**options, "server.baseUrlPath": base_path})


def base_path() -> str:
    """Return the path of the pages as it stands in front of theirs: with a slash at its beginning, "" for none."""
    path = st.get_option("server.baseUrlPath").strip("/")
    return path and f"/{path}"
