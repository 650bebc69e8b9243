"""What a wheel carries besides Python, in `ssi/data`: the parameters and records of deployments, and what `make
packages` has compiled.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
COMPILED = ROOT / "build" / "packages" / "data"


class BuildWithData(build_py):  # type: ignore[misc] # setuptools has no types here
    """Copies the data beside the modules.

    Without `make packages` nothing is compiled, and `ssi` says so where it needs it.
    """

    def run(self) -> None:
        """Builds."""
        super().run()
        if self.editable_mode:
            return
        data = Path(self.build_lib) / "ssi" / "data"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(
            ROOT / "deployments", data / "deployments", ignore=shutil.ignore_patterns("*-fork.json", "*.tmp")
        )
        for file in sorted(COMPILED.glob("*")):
            shutil.copy(file, data)


setup(cmdclass={"build_py": BuildWithData})
