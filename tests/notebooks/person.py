"""A kernel that is asked as JupyterLab asks it: each request names its cell."""

from contextlib import contextmanager
from itertools import count

from jupyter_client.manager import KernelManager

from tools.sockets import own_sockets

SECONDS = 120


@contextmanager
def kernel(folder):
    """Start a kernel in a folder; return a function that runs a cell in it.

    The function takes code, and `program=True` to ask as nbclient does. It returns the status of
    the reply, and the outputs as (type, content).
    """
    manager = KernelManager(kernel_name="python3", **own_sockets())
    manager.start_kernel(cwd=str(folder), extra_arguments=["--log-level=ERROR"])
    client = manager.client()
    client.start_channels()
    cells = count(1)

    def run(code, program=False):
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        request = client.session.msg("execute_request", content)
        if not program:
            request["metadata"] = {"cellId": f"cell-{next(cells)}"}
        client.shell_channel.send(request)
        ours = request["header"]["msg_id"]
        outputs = []
        while True:
            message = client.get_iopub_msg(timeout=SECONDS)
            kind, said = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != ours:
                continue
            if kind in ("stream", "display_data", "execute_result", "error"):
                outputs.append((kind, said))
            if kind == "status" and said["execution_state"] == "idle":
                break
        while (reply := client.get_shell_msg(timeout=SECONDS))["parent_header"]["msg_id"] != ours:
            pass
        return reply["content"]["status"], outputs

    try:
        client.wait_for_ready(SECONDS)
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
