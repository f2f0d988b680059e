"""Replace characters that the terminal cannot encode, so that printing them does not end the program."""

import io
import sys


def replace_unencodable_characters() -> None:
    """Print a question mark for each character that the encoding of standard output or standard error lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
