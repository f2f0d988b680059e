"""The log: one JSON object a line on stderr, of our own, of uvicorn and of Streamlit alike."""

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import streamlit.logger

# What an address holds can be an experiment with a hidden truth, and a cookie names a visitor.
_QUERY = re.compile(r"\?[\w.%~-]+=[^\s\"'<>]*")
_COOKIES = re.compile(r"(?i)\b(cookie['\"]?\s*[:=,]).*")
_COOKIE = re.compile(r"\b(inverse-lab-visitor|_streamlit_\w+)=[^\s;\"']+")

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def without_secrets(text: str) -> str:
    """Return a text without the queries of addresses and the values of cookies."""
    return _COOKIE.sub(r"\1=…", _COOKIES.sub(r"\1 …", _QUERY.sub("?…", text)))


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: time, level, event, the logger's name, and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback stands in the field `exception`."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        fields |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps({name: _plain(value) for name, value in fields.items()}, ensure_ascii=False)


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | None) else without_secrets(str(value))


def set_up() -> None:
    """Send every log of this process, warnings and the ends of threads included, to stderr as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    threading.excepthook = _thread_ended
    # Streamlit gives each of its loggers a handler of its own, also to those that it makes later.
    streamlit.logger.setup_formatter = _leave_to_root
    streamlit.logger.update_formatter()


def _leave_to_root(logger: logging.Logger) -> None:
    logger.handlers.clear()
    logger.propagate = True


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        name = ended.thread.name if ended.thread else ""
        info = ended.exc_type, ended.exc_value, ended.exc_traceback
        logging.getLogger(__name__).error("A thread ended with an error.", exc_info=info, extra={"thread_name": name})
