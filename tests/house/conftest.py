import sys

# Windows has no make, POSIX shell or Binder container. The wheel test makes symbolic links, and
# processors are emulated on Linux only.
LEFT_OUT = ["binder", "lab", "maintenance", "makefile", "processors", "small_torch", "wheel"]
if sys.platform == "win32":
    collect_ignore = [f"test_{name}.py" for name in LEFT_OUT]
