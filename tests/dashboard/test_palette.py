"""The colours of the roles can be told from the ground, and text can be read: contrasts by WCAG 2."""

import pytest

from dashboard.figures import palette

GRAPHIC, TEXT = 3.0, 4.5  # least contrasts by WCAG 2.2, criteria 1.4.11 and 1.4.3
WHITE, BLACK = "#FFFFFF", "#000000"


def channels(colour):
    """Return red, green and blue of #RRGGBB, from 0 to 1."""
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def luminance(colour):
    """Return the relative luminance by WCAG 2 of red, green and blue from 0 to 1."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """Return the contrast of two colours, from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(text, ground, share):
    """Return color-mix(in srgb, text share%, ground)."""
    return [(share * a + (100 - share) * b) / 100 for a, b in zip(channels(text), channels(ground), strict=True)]


def test_contrasts_of_known_pairs():
    assert contrast(channels(WHITE), channels(BLACK)) == pytest.approx(21)
    # The grey that is known as the lightest with 4.5 to 1 on white.
    assert contrast(channels("#767676"), channels(WHITE)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("role", palette.TONES)
def test_each_role_can_be_told_from_both_grounds(role, theme):
    for ground in palette.GROUNDS[theme]:
        assert contrast(channels(palette.TONES[role][theme]), channels(ground)) >= GRAPHIC, ground


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_both_grounds(theme):
    page, controls = palette.GROUNDS[theme]
    text = palette.TEXTS[theme]
    muted = mixed(text, page, palette._GREYS["muted"])
    for ground in (page, controls):
        assert contrast(channels(text), channels(ground)) >= TEXT
        assert contrast(muted, channels(ground)) >= TEXT
        assert contrast(channels(palette.ACCENTS[theme]), channels(ground)) >= TEXT


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_faint_lines_of_curves_and_axes_can_be_told_from_the_page(theme):
    page = palette.GROUNDS[theme][0]
    faint = mixed(palette.TEXTS[theme], page, palette._GREYS["faint"])
    assert contrast(faint, channels(page)) >= GRAPHIC
