"""`python -m grafana`: write dashboards, and the rules and docs of the objectives; remove old dashboards."""

import sys

from grafana.outputs import DASHBOARDS, ROOT, outputs


def main() -> int:
    """Write files that differ, and print their names."""
    DASHBOARDS.mkdir(exist_ok=True)
    written = outputs()
    for path in DASHBOARDS.glob("*.json"):
        if path not in written:
            path.unlink()
            print(f"removed {path.relative_to(ROOT)}")
    for path, text in written.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
