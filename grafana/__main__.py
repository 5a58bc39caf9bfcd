"""`python -m grafana`: write every dashboard to grafana/dashboards/, and remove what is no longer one."""

import sys
from pathlib import Path

from grafana.boards import texts

FOLDER = Path(__file__).parent / "dashboards"


def main() -> int:
    """Write what differs, and say so."""
    FOLDER.mkdir(exist_ok=True)
    written = texts()
    for path in FOLDER.glob("*.json"):
        if path.name not in written:
            path.unlink()
            print(f"removed {path.name}")
    for name, text in written.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
