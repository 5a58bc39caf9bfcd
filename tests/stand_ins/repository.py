"""Makes signed apt repositories of packages, in the layouts of the three upstreams, with dpkg-deb and gpg."""

import gzip
import hashlib
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ARCHITECTURES: Final = ("amd64", "arm64")  # the packages are for all; apt asks for its own


class Signer:
    """A signing key in a folder."""

    def __init__(self, home: Path) -> None:
        self._home = home
        if not home.exists():
            home.mkdir(mode=0o700, parents=True)
            self._gpg("--passphrase", "", "--quick-generate-key", "Stand-ins <stand-ins@payops.invalid>", "ed25519")

    def public_key(self) -> str:
        """The public key in ASCII armour."""
        return self._gpg("--armor", "--export").decode()

    def fingerprint(self) -> str:
        """The key's fingerprint: 40 hexadecimal digits."""
        listed = self._gpg("--with-colons", "--list-keys").decode().splitlines()
        return next(line for line in listed if line.startswith("fpr:")).split(":")[9]

    def sign(self, release: Path) -> None:
        """Write InRelease and Release.gpg beside it."""
        for name, how in (("InRelease", "--clearsign"), ("Release.gpg", "--detach-sign")):
            self._gpg("--yes", "--armor", "--output", str(release.with_name(name)), how, str(release))

    def close(self) -> None:
        """Stop gpg's agent."""
        subprocess.run(["gpgconf", "--homedir", str(self._home), "--kill", "gpg-agent"], check=True)

    def _gpg(self, *arguments: str) -> bytes:
        command = ["gpg", "--homedir", str(self._home), "--batch", "--quiet", "--pinentry-mode", "loopback", *arguments]
        done = subprocess.run(command, check=False, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"gpg failed (Debian: gnupg): {done.stderr.decode()}")
        return done.stdout


def publish(package: Path, root: Path, suite: str, signer: Signer) -> None:
    """A repository at `root` that has `package`. A suite with a slash at its end is a flat one, as Jenkins has it."""
    shutil.rmtree(root, ignore_errors=True)
    flat = suite.endswith("/")
    top = root / suite if flat else root / "dists" / suite
    indexes = [top] if flat else [top / "main" / f"binary-{architecture}" for architecture in ARCHITECTURES]
    pool = top if flat else root / "pool"
    for folder in (*indexes, pool):
        folder.mkdir(parents=True, exist_ok=True)
    stored = Path(shutil.copy2(package, pool))
    entry = _entry(stored, stored.relative_to(root))
    for index in indexes:
        (index / "Packages").write_text(entry)
        (index / "Packages.gz").write_bytes(gzip.compress(entry.encode(), mtime=0))
    (top / "Release").write_text(_release(top, suite))
    signer.sign(top / "Release")
    (root / "key.asc").write_text(signer.public_key())


def _entry(package: Path, name: Path) -> str:
    control = subprocess.run(["dpkg-deb", "--field", str(package)], check=True, capture_output=True, text=True).stdout
    content = package.read_bytes()
    return f"{control}Filename: {name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"


def _release(top: Path, suite: str) -> str:
    indexes = sorted(path for path in top.rglob("Packages*") if path.is_file())
    sums = "".join(
        f" {hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_size} {path.relative_to(top)}\n"
        for path in indexes
    )
    codename = suite.strip("/")
    return (
        f"Origin: payops stand-ins\nSuite: {codename}\nCodename: {codename}\n"
        f"Architectures: {' '.join(ARCHITECTURES)}\nComponents: main\n"
        f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S} UTC\nSHA256:\n{sums}"
    )
