import sys

# Windows has no make, no POSIX shell and none of Binder's containers; the wheel test makes symbolic
# links, and processors are emulated on Linux.
LEFT_OUT = ["binder", "lab", "maintenance", "makefile", "processors", "small_torch", "wheel"]
if sys.platform == "win32":
    collect_ignore = [f"test_{name}.py" for name in LEFT_OUT]
