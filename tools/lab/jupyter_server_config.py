"""Let JupyterLab open a notebook without changing it, and save it without its Python's version.

A notebook of the course says that its language is Python, and not which version. JupyterLab writes
the kernel's answer to that question into every open notebook, and then has something to save that
nobody wrote (jupyter/notebook#2123). Here an open notebook has that answer from the start, and a
file never.
"""

from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

IN_A_FILE = {"name": "python"}


def is_in_python(model: dict[str, Any]) -> bool:
    """Return whether a model of the server holds a notebook whose language is Python."""
    if model.get("type") != "notebook" or not model.get("content"):
        return False
    metadata = model["content"].get("metadata", {})
    return metadata.get("language_info", {}).get("name") == IN_A_FILE["name"]


class VersionFreeNotebooks(AsyncLargeFileManager):
    """Files as ever, but the version of Python is in open notebooks only."""

    async def get(self, path: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Return a file as JupyterLab gets it."""
        model = await super().get(path, *arguments, **options)
        if is_in_python(model):
            # Not above: the server starts without it.
            from ipykernel.ipkernel import IPythonKernel

            model["content"]["metadata"]["language_info"] = dict(IPythonKernel.language_info)
        return model

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Store what JupyterLab sends."""
        if is_in_python(model):
            model["content"]["metadata"]["language_info"] = dict(IN_A_FILE)
        return await super().save(model, path)


c = get_config()  # type: ignore[name-defined]  # noqa: F821
c.ServerApp.contents_manager_class = VersionFreeNotebooks
