"""The picture of growth: lines of cost over size, as an SVG that Chromium turns into a PNG."""

from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from stack.server import program

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 680, 50, 340
COLOURS: Final = ("#1b6ca8", "#c0572c", "#4f7f3a")
BAR: Final = 1.2
"""Cost to cost of nothing stored that is promised not to be passed."""


def draw(lines: dict[str, list[tuple[int, float]]], picture: Path) -> None:
    """Write the PNG: for each name its points (payments stored, cost to cost of nothing stored)."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium", "chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content(f"<body style='margin:0'>{svg(lines)}</body>")
        page.screenshot(path=picture)
        browser.close()


def svg(lines: dict[str, list[tuple[int, float]]]) -> str:
    """The drawing: both axes start at nought, so that a small slope looks small."""
    points = [point for line in lines.values() for point in line]
    most, highest = max(size for size, _ in points), max(BAR, *(cost for _, cost in points)) * 1.15

    def place(size: float, cost: float) -> tuple[float, float]:
        return LEFT + (RIGHT - LEFT) * size / most, BOTTOM - (BOTTOM - TOP) * cost / highest

    parts = [_line([place(0, 0), place(most, 0)], "#333"), _line([place(0, 0), place(0, highest)], "#333")]
    for cost in (1.0, BAR):
        parts.append(_line([place(0, cost), place(most, cost)], "#999", dashed=True))
        parts.append(_text(LEFT - 8, place(0, cost)[1] + 4, f"{cost:.1f}", "end"))
    sizes = sorted({size for size, _ in points})
    parts += [_text(place(size, 0)[0], BOTTOM + 20, f"{size / 1e6:g} M", "middle") for size in sizes]
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number]
        parts.append(_line([place(*point) for point in line], colour))
        parts += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4' fill='{colour}'/>" for x, y in (place(*p) for p in line)]
        parts.append(_text(LEFT + 20 + 170 * number, TOP - 20, name, "start", colour))
    parts.append(
        _text((LEFT + RIGHT) / 2, HEIGHT - 15, "payments stored; cost of an authorization, empty = 1", "middle")
    )
    style = "font-family='sans-serif' font-size='14'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{HEIGHT}' {style}>{''.join(parts)}</svg>"


def _line(points: list[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = " stroke-dasharray='4'" if dashed else ""
    return f"<polyline points='{told}' fill='none' stroke='{colour}' stroke-width='2'{dashes}/>"


def _text(x: float, y: float, said: str, anchor: str, colour: str = "#333") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{colour}'>{said}</text>"
