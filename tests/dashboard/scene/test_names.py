import pytest

from dashboard.scene.names import names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        (" \n ,; ", ()),
        ("Ana\nBen , Chen Li;  Đặng   Thu", ("Ana", "Ben", "Chen Li", "Đặng Thu")),
        ("1-30", tuple(str(number) for number in range(1, 31))),
        ("Ana, 7 – 9", ("Ana", "7", "8", "9")),
        ("Jean-Luc", ("Jean-Luc",)),
    ],
)
def test_names_are_read_one_a_line_or_between_commas(text, names):
    assert names_in(text) == names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Ana, Ben, Ana", "“Ana” is in the list twice"),
        ("Ana, ANA", "“ANA” is in the list twice"),
        ("30-1", "“30-1” goes down"),
        ("1-5, 3", "“3” is in the list twice"),
        ("x" * 41, "longer than 40 characters"),
        ("1-201", "At most 200 names"),
        ("0-9999", "At most 200 names"),
        (",".join(map(str, range(1000, 1201))), "At most 200 names"),
    ],
)
def test_a_list_that_cannot_be_used_ends_in_a_sentence(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        names_in(text)
