"""The pictures of the demo's library. They are kept as files; `python -m app.demo.scenes` draws them anew."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from app.content import drawing
from app.content.starters.scenes import AMBER, CREAM, DEEP, INK, LEAF, NIGHT, PALE, RUST, SAND, TEAL, WHITE, Scene

SHELF = Path(__file__).parent / "pictures"


def main() -> None:
    """As they come out of the library's own pen: what is kept is what an upload would have left."""
    for name, scene in SCENES.items():
        *_, content = drawing.drawn(scene().png())
        (SHELF / f"{name}.png").write_bytes(content)


def campus() -> Scene:
    """The open day: a house with its door open, flags, and people on their way in."""
    scene = Scene("#d9ebee")
    scene.circle(930, 110, 62, "#f6d79a")
    scene.hills(420, 30, 2.4, 0.8, "#a9cbb3")
    scene.box(296, 176, 512, 262, CREAM, round_=6)
    scene.shape([(270, 182), (552, 74), (834, 182)], TEAL)
    scene.circle(552, 142, 22, CREAM)
    for n in range(6):
        if n not in {2, 3}:
            scene.box(330 + n * 78, 214, 46, 70, PALE, round_=5)
            scene.box(330 + n * 78, 318, 46, 70, PALE, round_=5)
    scene.box(492, 246, 120, 192, DEEP, round_=8)
    scene.shape([(500, 438), (500, 254), (542, 270), (542, 438)], AMBER)
    scene.box(0, 436, 1104, 84, LEAF)
    scene.shape([(492, 438), (612, 438), (700, 520), (404, 520)], SAND)
    for x, colour in ((216, RUST), (888, AMBER)):
        scene.box(x, 130, 8, 310, INK, round_=4)
        scene.shape([(x + 8, 134), (x + 104, 152), (x + 8, 196)], colour)
    for x, y, size, colour in (
        (448, 452, 1.0, RUST),
        (492, 468, 1.15, TEAL),
        (640, 460, 1.05, NIGHT),
        (742, 470, 1.2, RUST),
    ):
        _person(scene, x, y, size, colour)
    return scene


def lab() -> Scene:
    """The data lab: two screens, curves and bars on them."""
    scene = Scene("#e6e9f2")
    scene.circle(250, 190, 190, "#f0f2f8")
    scene.box(0, 430, 1104, 90, "#c9b08c")
    scene.box(0, 430, 1104, 8, "#b79b74")
    scene.box(232, 104, 412, 266, NIGHT, round_=16)
    scene.box(250, 122, 376, 230, "#173f4c", round_=6)
    for n, colour in enumerate((AMBER, PALE)):
        points = [(270 + x, 262 - n * 40 - (52 - n * 18) * math.sin(x / 58 + n * 1.4)) for x in range(0, 340, 6)]
        scene.line(points, colour, 8)
    scene.box(404, 370, 68, 44, NIGHT)
    scene.box(352, 410, 172, 20, NIGHT, round_=8)
    scene.box(690, 176, 250, 190, NIGHT, round_=14)
    scene.box(706, 192, 218, 158, CREAM, round_=5)
    for n, (height, colour) in enumerate(((52, PALE), (84, TEAL), (64, AMBER), (112, RUST), (94, TEAL))):
        scene.box(722 + n * 40, 340 - height, 26, height, colour, round_=3)
    scene.box(790, 366, 50, 46, NIGHT)
    scene.box(752, 410, 126, 20, NIGHT, round_=8)
    scene.box(562, 440, 190, 26, WHITE, round_=8)
    scene.box(120, 356, 66, 74, RUST, round_=8)
    for x, tilt in ((132, -26), (153, 4), (174, 30)):
        scene.line([(153, 358), (x, 320), (x + tilt, 276)], LEAF, 12)
    return scene


def paper() -> Scene:
    """The shop: a notebook with dots, and pens."""
    scene = Scene(SAND)
    scene.circle(820, 250, 210, "#f7ead2")
    scene.shape([(300, 108), (640, 70), (692, 424), (352, 462)], "#d8b57f")
    scene.shape([(288, 96), (628, 58), (680, 412), (340, 450)], TEAL)
    scene.shape([(318, 92), (346, 89), (398, 444), (370, 447)], DEEP)
    scene.shape([(420, 170), (588, 151), (597, 213), (429, 232)], CREAM)
    scene.line([(446, 190), (566, 177)], "#b9a888", 7)
    scene.line([(449, 210), (530, 201)], "#b9a888", 7)
    for n, colour in enumerate((RUST, NIGHT, AMBER, LEAF)):
        x = 756 + n * 62
        scene.box(x, 132, 26, 236, colour, round_=8)
        scene.box(x, 170, 26, 12, CREAM)
        scene.shape([(x, 364), (x + 26, 364), (x + 13, 414)], "#ecd3a8")
        scene.shape([(x + 9, 398), (x + 17, 398), (x + 13, 414)], INK)
    scene.box(150, 196, 92, 92, WHITE, round_=10)
    for n in range(9):
        scene.circle(172 + n % 3 * 24, 218 + n // 3 * 24, 4, "#b9a888")
    return scene


def _person(scene: Scene, x: float, y: float, size: float, colour: str) -> None:
    scene.box(x - 11 * size, y - 34 * size, 22 * size, 40 * size, colour, round_=9 * size)
    scene.circle(x, y - 46 * size, 10 * size, "#8a5a3c")


SCENES: dict[str, Callable[[], Scene]] = {"open-day": campus, "data-lab": lab, "notebook": paper}

if __name__ == "__main__":
    main()
