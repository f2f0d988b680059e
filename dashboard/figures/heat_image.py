"""A heat map as a small picture: one byte a point, which the browser puts in the place of the one Plotly has drawn."""

import base64
import zlib
from collections.abc import Sequence
from functools import lru_cache
from struct import pack

import numpy as np
from numpy.typing import NDArray

LEVELS = 255  # of the colour scale; one more byte value is clear, for NaN

Scale = Sequence[tuple[float, str]]  # rising shares of the range from 0 to 1, each with its colour #rrggbb


def heat_image(z: NDArray[np.float64], low: float, high: float, scale: Scale) -> str:
    """Return the address (data:) of a picture in PNG of z, (ny, nx), whose first row lies at the bottom.

    low, high: the ends of the colour scale. NaN is clear.
    """
    shares = np.clip((z[::-1] - low) / (high - low), 0, 1)
    levels = np.where(np.isnan(shares), LEVELS, np.rint((LEVELS - 1) * shares)).astype(np.uint8)
    rows = np.zeros((z.shape[0], z.shape[1] + 1), np.uint8)  # each begins with its filter, which is none
    rows[:, 1:] = levels
    colours, clear = _palette(tuple(scale))
    height, width = z.shape
    parts = [
        _part(b"IHDR", pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),  # eight bits, which name colours of a palette
        _part(b"PLTE", colours),
        _part(b"tRNS", clear),
        _part(b"IDAT", zlib.compress(rows.tobytes(), 1)),
        _part(b"IEND", b""),
    ]
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(parts)).decode()


def _part(kind: bytes, content: bytes) -> bytes:
    return pack(">I", len(content)) + kind + content + pack(">I", zlib.crc32(kind + content))


@lru_cache(maxsize=8)
def _palette(scale: tuple[tuple[float, str], ...]) -> tuple[bytes, bytes]:
    """Return red, green and blue of each level in turn, and the opacity of each."""
    places = [place for place, _ in scale]
    channels = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for _, colour in scale])
    at = np.linspace(0, 1, LEVELS)
    colours = np.stack([np.interp(at, places, channel) for channel in channels.T], axis=1)
    return np.rint(colours).astype(np.uint8).tobytes() + bytes(3), b"\xff" * LEVELS + b"\x00"
