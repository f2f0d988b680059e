"""The settings of Streamlit that the laboratory is served with."""

from dashboard.figures.palette import ACCENTS, GROUNDS, TEXTS
from dashboard.figures.style import FONT

CONFIG: dict[str, bool | int | str] = {
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 5,
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
