"""Open the course's start page in JupyterLab, with the settings of this folder.

Options go to JupyterLab. The settings come before all others. They hide nbgrader's menu, buttons
and server parts, which an instructor's environment has, and JupyterLab's news pop-up. Widgets have
no thread of their own in the kernel (a subshell): what draws a widget's figure and a cell's at the
same time mixes them, because pyplot has one current figure (jupyterlab/jupyterlab#19719). At the
first start the table of contents is open; later everything is where the learner left it.
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
START = "start.ipynb"
# In the course's environment: with JupyterLab's own place, courses of one account would share tabs.
LAYOUTS = Path(sys.prefix, "share", "jupyter", "lab", "workspaces")


def main() -> int | None:
    """Set the environment, and start JupyterLab."""
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(HERE), *([others] if others else [])])
    if os.access(sys.prefix, os.W_OK):
        os.environ.setdefault("JUPYTERLAB_WORKSPACES_DIR", str(LAYOUTS))

    # JupyterLab reads the environment when it is imported.
    from jupyterlab.commands import get_workspaces_dir
    from jupyterlab.labapp import main as jupyterlab
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    layouts = WorkspacesManager(get_workspaces_dir())
    if not layouts.load("default")["data"]:
        layouts.save("default", (HERE / "first_layout.json").read_text(encoding="utf-8"))
    # A learner's own options come later, and win.
    return jupyterlab([f"--LabApp.default_url=/lab/tree/{START}", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
