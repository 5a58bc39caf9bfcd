"""The wheel of the Python client: built without the network, it has all that an import and mypy need."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.repo.sources import ROOT, texts

PACKAGE = "clients/python/payops_client/"


def test_the_wheel_has_each_module_and_works_alone(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT / "clients/python", check=True, capture_output=True, timeout=60)
    [wheel] = tmp_path.iterdir()
    with ZipFile(wheel) as opened:
        inside = {name for name in opened.namelist() if name.startswith("payops_client/")}
        [entry_points] = [opened.read(name).decode() for name in opened.namelist() if name.endswith("entry_points.txt")]
    assert inside == {one.path.removeprefix("clients/python/") for one in texts() if one.path.startswith(PACKAGE)}
    assert "payops_client/py.typed" in inside
    assert "payops = payops_client.__main__:run" in entry_points
    command = [sys.executable, "-m", "payops_client", "--help"]
    used = subprocess.run(
        command, env={"PYTHONPATH": str(wheel)}, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60
    )
    assert "PAYOPS_API_KEY" in used.stdout
