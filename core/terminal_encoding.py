"""What the terminal cannot write is replaced, so that no program ends over a character that it prints."""

import io
import sys


def replace_unencodable_characters() -> None:
    """Let output and errors hold a question mark where their encoding, such as Latin-1, lacks a character."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
