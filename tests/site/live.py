"""A notebook of the site, whose kernel is in the page."""

import json
from pathlib import Path
from urllib.parse import quote

import nbformat

from tests.browser.notebook import Notebook
from tests.lab import ROOT
from tests.notebooks.nbval_tolerance import matches

# Cells whose result is another one with the versions of Pyodide: their first line, and why.
OTHERWISE: dict[str, str] = {}
# JupyterLab's own parts are not the course's.
OUTPUTS = ".jp-Notebook .jp-OutputArea-output"
BUTTONS = "Download my work", "Start afresh"


class Live(Notebook):
    """A page with a notebook of the site."""

    def __init__(self, page, address: str, pictures: Path):
        super().__init__(page, address, pictures)
        self.address = address

    def address_of(self, path: str) -> str:
        return f"{self.address}/live/lab/index.html?path={quote(path)}"

    def open(self, path: str) -> None:
        self.show(path)
        self.wait("xaiTests.kernel === 'idle'", "its kernel")

    def show(self, path: str) -> None:
        """Open a notebook to read in it; its kernel, which takes most of the time, still starts."""
        self.page.goto(self.address_of(path))
        # JupyterLab shows for a moment what was open before.
        is_this = f"xaiTests.panel?.context?.path === {json.dumps(path)}"
        self.wait(f"{is_this} && xaiTests.panel.context.isReady", "a notebook")

    def close(self) -> None:
        self.page.screenshot(path=self.pictures / "page.png")
        self.page.close()

    def run_first(self, number: int) -> None:
        """Run the first code cells; without their stored counts, which would look like done."""
        self.menu("Edit", "Clear Outputs of All Cells")
        kinds = [cell["cell_type"] for cell in self.cells()]
        for place in [i for i, kind in enumerate(kinds) if kind == "code"][:number]:
            self.run(place)

    def run_code(self, code: str) -> dict:
        """Write code in place of the first code cell, run it and return the cell."""
        self.ask("code => xaiTests.code[0].sharedModel.setSource(code)", code)
        return self.run([cell["cell_type"] for cell in self.cells()].index("code"))

    def write_answers(self, exercise: str) -> None:
        """Put the solution's code into the cells where a learner writes."""
        answers = {
            cell.metadata.nbgrader.grade_id: cell.source
            for cell in nbformat.read(solution(exercise), as_version=4).cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
        }
        self.ask(
            "answers => xaiTests.code.forEach(cell => { if (cell.id in answers) "
            "cell.sharedModel.setSource(answers[cell.id]) })",
            answers,
        )

    def outside(self) -> list[str]:
        """Return the complaints about requests to other hosts."""
        return [complaint for complaint in self.complaints if "another host" in complaint]


def solution(exercise: str) -> Path:
    """Return the path of an exercise's solution."""
    return ROOT / "solutions" / exercise / f"{exercise}.ipynb"


def texts(outputs) -> list[tuple[str, str]]:
    """Return the texts of outputs with their kinds; streams that follow each other are one."""
    found: list[tuple[str, str]] = []
    for output in outputs:
        if output["output_type"] == "stream":
            text = "".join(output["text"])
            if found and found[-1][0] == output["name"]:
                text = found.pop()[1] + text
            found.append((output["name"], text))
        elif output["output_type"] == "error":
            found.append(("error", f"{output['ename']}: {output['evalue']}"))
        else:
            kinds = output["data"].items()
            found += [(kind, "".join(text)) for kind, text in kinds if kind.startswith("text/")]
    return found


def is_same(fresh, stored) -> bool:
    """Return whether outputs say the same, with the tolerance of the notebooks' lane."""
    fresh, stored = texts(fresh), texts(stored)
    return [kind for kind, _ in fresh] == [kind for kind, _ in stored] and all(
        matches(new, old) for (_, new), (_, old) in zip(fresh, stored, strict=True)
    )
