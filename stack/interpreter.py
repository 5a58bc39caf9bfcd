"""Which Python runs this, and whether its build is optimized: by a profile, which makes loops 1.2 to 1.3 times as fast.

As a program it ends with 0 if it is, else 1: scripts/setup-env.sh asks each Python that there is.
"""

import os
import sys
import sysconfig
from typing import Final, NamedTuple

_DEBIAN: Final = "/etc/debian_version"  # also Ubuntu's


class Build(NamedTuple):
    """What tells how a Python was built."""

    arguments: str
    """Of configure, as `sysconfig` has them."""
    prefix: str
    on_debian: bool


def is_optimized(build: Build) -> bool:
    """Whether it was built with a profile.

    Debian's own is, but `sysconfig` there has the arguments of the shared library, which is built without.
    """
    return "--enable-optimizations" in build.arguments or (build.on_debian and build.prefix == "/usr")


def own_build() -> Build:
    """Of the Python that runs this."""
    return Build(sysconfig.get_config_var("CONFIG_ARGS") or "", sys.base_prefix, os.path.exists(_DEBIAN))  # noqa: PTH110


def described(build: Build) -> str:
    """The version and the kind of build, for a line of text."""
    version = ".".join(map(str, sys.version_info[:3]))
    return f"Python {version} of {'an optimized build' if is_optimized(build) else 'a build that is not optimized'}"


if __name__ == "__main__":
    sys.exit(not is_optimized(own_build()))
