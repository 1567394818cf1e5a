import sys

# Windows has no make, no POSIX shell and none of Binder's containers.
if sys.platform == "win32":
    collect_ignore = ["test_binder.py", "test_lab.py", "test_maintenance.py", "test_makefile.py"]
