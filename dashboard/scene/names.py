"""A list of students, as a teacher types it."""

import re

MOST_NAMES = 200
LONGEST_NAME = 40  # characters
_RANGE = re.compile(r"(\d{1,4})\s*[-–]\s*(\d{1,4})")  # 1-30


def names_in(text: str) -> tuple[str, ...]:
    """Return the names in a text, one a line or with commas between them; 1-30 stands for thirty numbers.

    Raises ValueError with a sentence where a name is there twice, is too long, or where there are too many.
    """
    names: list[str] = []
    for entry in filter(None, (" ".join(each.split()) for each in re.split(r"[\n,;]", text))):
        numbers = _RANGE.fullmatch(entry)
        first, last = map(int, numbers.groups()) if numbers else (0, -1)
        if last - first >= MOST_NAMES or len(names) > MOST_NAMES:
            raise ValueError(f"At most {MOST_NAMES} names can be in a list: make two links.")
        if len(entry) > LONGEST_NAME:
            raise ValueError(f"“{entry[:20]}…” is longer than {LONGEST_NAME} characters: shorten it.")
        if numbers and last < first:
            raise ValueError(f"“{entry}” goes down: write the smaller number first.")
        names += [str(number) for number in range(first, last + 1)] or [entry]
    if len(names) > MOST_NAMES:
        raise ValueError(f"At most {MOST_NAMES} names can be in a list: make two links.")
    keys = [name.casefold() for name in names]
    twice = next((name for i, name in enumerate(names) if keys[i] in keys[:i]), None)
    if twice is not None:
        raise ValueError(f"“{twice}” is in the list twice: tell the two apart.")
    return tuple(names)
