"""Parts of all figures: the style, the colours of the signs, numbers and names as text."""

import re
import unicodedata
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.font_manager import FontProperties, findfont, get_font

from xaikit.core.notebook import in_notebook
from xaikit.plots.cards import show_as_cards

SPACES = {"\n": "⏎", "\t": "⇥", "\r": ""}  # what can be seen of them
POSITIVE, NEGATIVE, NEUTRAL = "#c9540a", "#0f4c8a", "#8c8c8c"
LIGHT = "#d9d9d9"  # areas behind what a figure is about
ACCENT = "#9c306c"  # what stands out, and is neither a sign nor a method
GREYS = plt.get_cmap("Greys")  # sizes, which have no sign
DIVERGING = LinearSegmentedColormap.from_list("blue-orange", [NEGATIVE, "#ffffff", POSITIVE], N=257)


def style() -> None:
    """Set the course's look: figures of at most 7 × 4.5 inches, each on a light card of its own.

    A notebook shows them at 100 dots per inch, and stores them at 200: sharp on any screen.
    """
    plt.rcParams.update(
        {
            "figure.figsize": (7, 4),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            # The card's margin, and the space between axes.
            "figure.constrained_layout.w_pad": 0.08,
            "figure.constrained_layout.h_pad": 0.08,
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 10,
        }
    )
    if in_notebook():
        show_as_cards()


def say(caption: str) -> None:
    """Show the figures drawn so far, and under them a caption with the computed numbers.

    The caption is for readers who cannot see a figure, and the notebook tests compare it. In a
    notebook it is a text that flows; elsewhere it is printed.

    Parameters
    ----------
    caption : str
        Plain words; each line begins a line. A hyphen before a number becomes a minus, and a zero
        loses its sign.
    """
    plt.show()
    words = typeset(caption)
    if not in_notebook():
        print(words)
        return
    from IPython.display import display

    # Markdown's own signs are escaped: |slope| and w_1 stay as they are.
    text = re.sub(r"([\\`*_<$\[#])", r"\\\1", words).replace("\n", "\\\n")
    display({"text/markdown": text, "text/plain": words}, raw=True)


def typeset(text: str) -> str:
    """Return a text whose negative numbers have a minus, and whose zeros have no sign."""
    text = re.sub(r"(?<![\w.)])[-−+](?=0(?:\.0+)?(?!\w|\.\d))", "", text)
    return re.sub(r"(?<![\w.)])-(?=\.?\d)", "−", text)


def written(number: float, form: str = "+.2f") -> str:
    """Write a number for a figure: with a minus, and a zero without a sign."""
    return typeset(format(number, form))


def colour(values: np.ndarray) -> list[str]:
    """Return a colour by sign for each value."""
    return [POSITIVE if v > 0 else NEGATIVE if v < 0 else NEUTRAL for v in np.ravel(values)]


def ink(shade: str) -> str:
    """Return a colour for small words: the shade itself, or darker, so that white has contrast.

    WCAG 2 demands 4.5 : 1 for text, and 3 : 1 for lines.
    """
    while _contrast(rgb := np.array(to_rgb(shade))) < 4.5:
        shade = to_hex(tuple(0.98 * rgb))
    return shade


def _contrast(rgb: np.ndarray) -> float:
    """Return WCAG's contrast of a colour with white."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05))


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
    return [written(v, "+.1e" if places is None else f"+,.{places}f") for v in numbers]


def printable(text: str, longest: int) -> str:
    """Return text that a figure can show: on one line, shortened, in letters of the font.

    Spaces alone become ␣, ends of lines ⏎ and tabs ⇥; a symbol without a glyph is written as its
    name in brackets, another character as □.
    """
    return _shortened(_in_glyphs(text), longest)


def distinct_labels(names: Sequence[str], longest: int) -> list[str]:
    """Return printable names of at most `longest` characters: other names have other labels.

    Names that would look alike are cut where they differ. Those that still do, such as names in
    letters that the font lacks, end in their place: x0, x1 …
    """
    written = {name: _in_glyphs(name) for name in names}
    labels = {name: _shortened(text, longest) for name, text in written.items()}
    for alike in _alike(labels):
        texts = [written[name] for name in alike]
        starts = range(max(map(len, texts)))
        # The first of the places that tell most of them apart.
        best = max(starts, key=lambda start: len({_shortened(t, longest, start) for t in texts}))
        labels |= {name: _shortened(written[name], longest, best) for name in alike}
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    taken = set(labels.values())
    for name in [name for alike in _alike(labels) for name in alike]:
        place = places[name]
        while labels[name] in taken:
            end = f" x{place}"
            labels[name] = _shortened(written[name], longest - len(end)) + end
            place += len(labels)
        taken.add(labels[name])
    return [labels[name] for name in names]


def _alike(labels: dict[str, str]) -> list[list[str]]:
    """Return the groups of different names that have the same label."""
    groups: dict[str, list[str]] = {}
    for name, label in labels.items():
        groups.setdefault(label, []).append(name)
    return [names for names in groups.values() if len(names) > 1]


def _in_glyphs(text: str) -> str:
    """Return text on one line, in letters of the font."""
    font = get_font(findfont(FontProperties()))

    def shown(character: str) -> str:
        if character.isspace():
            return SPACES.get(character, " ")  # all kinds of blanks look the same
        # Marks without width, such as those that join emoji or begin a file.
        if unicodedata.category(character) in ("Cf", "Cc") or 0xFE00 <= ord(character) <= 0xFE0F:
            return ""
        if font.get_char_index(ord(character)):
            return character
        if unicodedata.category(character) == "So":
            return f"[{unicodedata.name(character, 'symbol').lower()}]"
        return "□"

    return "".join(map(shown, text)).strip() or "␣"


def _shortened(text: str, longest: int, start: int | None = None) -> str:
    """Return at most `longest` characters of a text: its two ends, and what begins at `start`."""
    if len(text) <= longest:
        return text
    if start is None:
        # Cut the middle: similar names often differ at their ends.
        return f"{text[: longest - longest // 3 - 1]}…{text[-(longest // 3) :]}"
    ends = longest // 3 - 1
    middle = longest - 2 * ends - 2
    start = min(max(start, ends + 1), len(text) - ends - middle)
    shown, rest = f"{text[:ends]}…{text[start : start + middle]}", text[start + middle :]
    return shown + (rest if len(rest) <= ends + 1 else f"…{rest[-ends:]}")
