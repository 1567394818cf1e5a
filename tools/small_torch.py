"""Install PyTorch's CPU build if there is no NVIDIA driver.

On Linux, pip's usual PyTorch brings 4 GB more, for NVIDIA GPUs; on other systems it is a CPU build.
`make` runs this before it installs the rest. If this step fails, the next one installs PyTorch, in
the version of constraints.txt.
"""

import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import metadata
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
# The last is the driver's place in Windows' Linux (WSL), which PATH may not name.
SIGNS_OF_A_DRIVER = ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib/nvidia-smi"]
# A search starts pip and reads a page or two. The download after it has no limit.
SECONDS_TO_SEARCH = 5.0


def main(address: str) -> None:
    """Install the CPU build that pip finds in its usual places or at `address`."""
    (pin,) = re.findall(r"^torch==(\S+)", CONSTRAINTS.read_text(), re.MULTILINE)
    if sys.platform != "linux" or is_installed(pin) or has_nvidia_driver():
        return
    version = f"{pin}+cpu"
    places: list[list[str]] = [[], ["--index-url", address]]
    # At the same time: an address that gives no answer takes nothing from the other's seconds.
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(partial(offers, version), places))
    for place, is_there in zip(places, answers, strict=True):
        if is_there:
            print(
                f"No NVIDIA driver found: taking PyTorch's CPU build, {version}. "
                "(TORCH=default takes pip's usual one.)",
                flush=True,
            )
            # Its requirements are installed with the rest, from pip's usual places, and its files
            # are compiled with theirs.
            pip_install = [sys.executable, "-m", "pip", "install", "--no-compile", "--no-deps"]
            status = subprocess.run([*pip_install, *place, f"torch=={version}"], check=False)
            sys.exit(status.returncode)
    print(
        f"PyTorch's CPU build, {version}, was not found at {address}: "
        "taking pip's usual one, with 4 GB more for NVIDIA GPUs.",
        flush=True,
    )


def is_installed(pin: str) -> bool:
    """Return whether any build of PyTorch's version `pin` is installed."""
    try:
        return metadata.version("torch").partition("+")[0] == pin
    except metadata.PackageNotFoundError:
        return False


def has_nvidia_driver() -> bool:
    """Return whether a driver's files exist or its tool runs."""
    if any(Path(sign).exists() for sign in SIGNS_OF_A_DRIVER):
        return True
    tool = shutil.which("nvidia-smi")
    return tool is not None and subprocess.run([tool], capture_output=True).returncode == 0


def offers(version: str, place: list[str]) -> bool:
    """Return whether pip finds this PyTorch for this Python, in time.

    pip's own limits are per try and per address of a host; this one is for the whole search.
    """
    search = [sys.executable, "-m", "pip", "index", "versions", "torch", "--retries", "0", *place]
    try:
        found = subprocess.run(
            search, capture_output=True, text=True, timeout=SECONDS_TO_SEARCH, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return version in re.split(r"[\s,]+", found.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
