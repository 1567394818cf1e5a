"""Parts of all figures: the style, the colours of the signs, numbers and names as text."""

import textwrap
import unicodedata

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.font_manager import FontProperties, findfont, get_font

SPACES = {"\n": "⏎", "\t": "⇥", "\r": ""}  # what can be seen of them
POSITIVE, NEGATIVE, NEUTRAL = "#c9540a", "#1f66a8", "#8c8c8c"
DIVERGING = LinearSegmentedColormap.from_list("blue-orange", [NEGATIVE, "#ffffff", POSITIVE], N=257)


def style() -> None:
    """Set the course's look: figures of at most 7 × 4.5 inches at 100 dots per inch."""
    plt.rcParams.update(
        {
            "figure.figsize": (7, 4),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 10,
        }
    )


def say(sentence: str) -> None:
    """Show the figures drawn so far, and below them a sentence with the computed numbers.

    The sentence is for readers who cannot see a figure, and the notebook tests compare it. Its
    lines end between words, because JupyterLab breaks long lines inside words.
    """
    plt.show()
    for line in sentence.splitlines():
        print(textwrap.fill(line, 96, break_long_words=False, break_on_hyphens=False))


def colour(values: np.ndarray) -> list[str]:
    """Return a colour by sign for each value."""
    return [POSITIVE if v > 0 else NEGATIVE if v < 0 else NEUTRAL for v in np.ravel(values)]


def pale(value: float, limit: float) -> tuple[float, ...]:
    """Return the colour of a value in −limit … limit, light enough to read black text on."""
    return DIVERGING(0.5 + 0.25 * value / limit)


def decimals(numbers: np.ndarray) -> int | None:
    """Return how many decimals distinguish these numbers, or None: write powers of ten.

    The largest keeps at least two digits, so that 0.0012 is not written as 0.00.
    """
    largest = np.abs(numbers).max()
    if largest == 0:
        return 2
    if not 1e-5 < largest < 1e7:
        return None
    return 0 if largest >= 1000 else max(2, 1 - int(np.floor(np.log10(largest))))


def signed(numbers: np.ndarray) -> list[str]:
    """Write numbers with their signs and the same number of decimals, for a comparison."""
    places = decimals(numbers)
    return [f"{v:+.1e}" if places is None else f"{v:+,.{places}f}" for v in numbers]


def printable(text: str, longest: int) -> str:
    """Return text that a figure can show: on one line, shortened, in letters of the font.

    Spaces alone become ␣, ends of lines ⏎ and tabs ⇥; a symbol without a glyph is written as its
    name in brackets, another character as □.
    """
    font = get_font(findfont(FontProperties()))

    def shown(character: str) -> str:
        if character.isspace():
            return SPACES.get(character, " ")
        # Marks without width, such as those that join emoji or begin a file.
        if unicodedata.category(character) in ("Cf", "Cc") or 0xFE00 <= ord(character) <= 0xFE0F:
            return ""
        if font.get_char_index(ord(character)):
            return character
        if unicodedata.category(character) == "So":
            return f"[{unicodedata.name(character, 'symbol').lower()}]"
        return "□"

    written = "".join(map(shown, text)).strip() or "␣"
    if len(written) <= longest:
        return written
    # Cut the middle: similar names often differ at their ends.
    return f"{written[: longest - longest // 3 - 1]}…{written[-(longest // 3) :]}"
