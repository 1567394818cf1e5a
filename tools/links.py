"""The links in a text of Markdown."""

from __future__ import annotations

import re

CODE_OR_FORMULA = re.compile(r"`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)
LINK = re.compile(
    r"\]\(\s*<?([^)>\s]+)"  # [text](target), ![alt](target)
    r"|^ {0,3}\[[^\]]+\]:\s*(\S+)"  # [name]: target
    r"|\b(?:href|src)\s*=\s*[\"']([^\"']+)",
    re.MULTILINE,
)


def links_to_files(text: str) -> list[str]:
    """Return the targets of a text's links and images, but addresses and places in the text."""
    links = map("".join, LINK.findall(CODE_OR_FORMULA.sub("", text)))
    return [one for one in links if not re.match(r"https?:|mailto:|#", one)]
