"""All that a browser is sent, sends and keeps while a page is used, to look for what must not be in it."""

import base64
import re
import struct

from tests.browser.lab import Lab


class Traffic:
    """Reads the traffic of a tab from now on: addresses, answers, frames of WebSockets, storage, the page itself."""

    def __init__(self, lab: Lab):
        self.lab = lab
        self.received: list[str | bytes] = []
        self.answers: list = []
        lab.page.on("websocket", self._listen)
        lab.page.on("response", self._read)

    def _listen(self, websocket) -> None:
        for way in ("framereceived", "framesent"):
            websocket.on(way, lambda frame: self.received.append(frame))

    def _read(self, response) -> None:
        self.received.append(response.url)
        if "/lab/live" in response.url and response.request.method == "POST":
            self.answers.append(response)

    def keep(self) -> int:
        """Read the answers of the live route, which a reload would forget, and return how many there were."""
        answers, self.answers = self.answers, []
        for each in answers:
            self.received += [each.body(), each.request.post_data_buffer]
        return len(answers)

    def content(self) -> bytes:
        """Return all of it as it stands, and all numbers that travel as base64 decoded."""
        self.keep()
        kept = self.lab.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])")
        read = [*self.received, kept, self.lab.page.content(), self.lab.page.url]
        content = b"".join(each.encode() if isinstance(each, str) else each for each in read)
        return content + b"".join(map(base64.b64decode, re.findall(rb'"bdata": ?"([\w+/=]+)"', content)))


def places_of(value: float, content: bytes) -> list[bytes]:
    """Return what surrounds a number in some content, as a whole number in text, or in double or single precision."""
    text = rb"(?<![\d.])" + re.escape(str(value).encode()) + rb"(?!\d)"
    forms = (text, re.escape(struct.pack("<d", value)), re.escape(struct.pack("<f", value)))
    return [
        content[max(found.start() - 60, 0) : found.end() + 60] for form in forms for found in re.finditer(form, content)
    ]
