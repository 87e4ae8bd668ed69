"""The pictures of the starters, drawn from plain shapes. `flask templates freeze-starters` draws them anew."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1104, 520  # twice what a mail shows: sharp on a phone
FINER = 3  # drawn larger and made smaller: smooth edges
COLOURS = 64  # enough for flat shapes, and a fifth of the bytes

Point = tuple[float, float]
TEAL, DEEP, PALE = "#0c6478", "#083f4c", "#cfe4e6"
CREAM, SAND, AMBER, RUST = "#faf3e6", "#f1dfc0", "#e9a23b", "#c8643c"
LEAF, NIGHT, WHITE, INK = "#5f8f6b", "#12313c", "#ffffff", "#22343a"


class Scene:
    """Paper and a few pens; measures are those of the finished picture."""

    def __init__(self, ground: str) -> None:
        self.image = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), ground)
        self.pen = ImageDraw.Draw(self.image)

    def circle(self, x: float, y: float, radius: float, colour: str) -> None:
        self.pen.ellipse(_larger((x - radius, y - radius, x + radius, y + radius)), fill=colour)

    def oval(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        self.pen.ellipse(_larger((left, top, right, bottom)), fill=colour)

    def box(self, x: float, y: float, width: float, height: float, colour: str, *, round_: float = 0) -> None:
        self.pen.rounded_rectangle(_larger((x, y, x + width, y + height)), radius=round_ * FINER, fill=colour)

    def shape(self, points: Sequence[Point], colour: str) -> None:
        self.pen.polygon([(x * FINER, y * FINER) for x, y in points], fill=colour)

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        self.pen.line([(x * FINER, y * FINER) for x, y in points], fill=colour, width=int(width * FINER), joint="curve")
        for x, y in (points[0], points[-1]):
            self.circle(x, y, width / 2, colour)

    def arc(self, x: float, y: float, radius: float, start: float, end: float, pen: tuple[str, float]) -> None:
        colour, width = pen
        around = _larger((x - radius, y - radius, x + radius, y + radius))
        self.pen.arc(around, start, end, fill=colour, width=int(width * FINER))

    def hills(self, base: float, height: float, waves: float, shift: float, colour: str) -> None:
        tops = [(x, base - height * math.sin(x / WIDTH * math.pi * waves + shift)) for x in range(0, WIDTH + 12, 6)]
        self.shape([(0, HEIGHT), *tops, (WIDTH, HEIGHT)], colour)

    def png(self) -> bytes:
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        written = io.BytesIO()
        small.quantize(COLOURS, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
        return written.getvalue()


def drawn() -> dict[str, bytes]:
    return {name: scene().png() for name, scene in SCENES.items()}


def sunrise() -> Scene:
    """Welcome: a path that leads over the hills."""
    scene = Scene(SAND)
    for radius, colour in ((300, "#f4e3bf"), (225, "#f6d79a"), (150, "#f2bf62"), (92, AMBER)):
        scene.circle(WIDTH / 2, 330, radius, colour)
    scene.hills(348, 46, 2.2, 0.6, PALE)
    scene.hills(392, 40, 2.6, 2.4, "#7fb0b6")
    scene.hills(440, 34, 1.8, 4.2, TEAL)
    way = [(y, 566 + (y - 405) * 0.22 + 26 * math.sin((y - 405) / 26)) for y in range(405, 524, 3)]
    left = [(x - (y - 402) * 0.42, y) for y, x in way]
    scene.shape([*left, *((x + (y - 402) * 0.42, y) for y, x in reversed(way))], CREAM)
    for x, size in ((170, 1.0), (222, 0.75), (905, 1.1), (962, 0.8)):
        _tree(scene, x, 462, size)
    _bird(scene, 330, 130, 22)
    _bird(scene, 392, 104, 15)
    return scene


def desk() -> Scene:
    """Newsletter: something to read, and something to drink with it."""
    scene = Scene("#e3eeee")
    scene.circle(800, 180, 210, "#eff6f5")
    scene.box(0, 420, WIDTH, 100, "#caa87a")
    scene.box(0, 420, WIDTH, 10, "#b99465")
    scene.box(452, 150, 268, 276, WHITE, round_=10)
    scene.box(480, 178, 150, 20, DEEP, round_=10)
    scene.box(480, 216, 212, 96, PALE, round_=8)
    scene.circle(648, 246, 17, AMBER)
    scene.shape([(488, 312), (540, 246), (584, 296), (604, 272), (640, 312)], TEAL)
    for n, width in enumerate((212, 190, 204, 120)):
        scene.box(480, 328 + n * 22, width, 9, "#dfe3e0", round_=4)
    scene.box(858, 340, 92, 82, RUST, round_=12)
    scene.arc(954, 378, 24, -90, 90, (RUST, 11))
    for x in (884, 908, 930):
        scene.line([(x, 318), (x + 7, 300), (x - 3, 282), (x + 5, 262)], WHITE, 5)
    scene.box(150, 408, 120, 14, DEEP, round_=7)
    scene.line([(208, 408), (180, 260), (262, 150)], DEEP, 10)
    scene.shape([(236, 128), (312, 158), (336, 236), (212, 186)], AMBER)
    for n, (x, colour) in enumerate(((136, RUST), (150, PALE), (128, AMBER))):
        scene.box(x + 190, 396 - n * 26, 112, 24, colour, round_=5)
    return scene


def bag() -> Scene:
    """A cart that waits."""
    scene = Scene(CREAM)
    scene.circle(552, 270, 214, SAND)
    scene.oval(330, 440, 774, 492, "#e2cca4")
    scene.box(468, 128, 62, 210, TEAL, round_=6)
    scene.box(480, 146, 38, 8, PALE, round_=4)
    scene.box(536, 96, 70, 240, RUST, round_=6)
    scene.box(548, 118, 46, 8, SAND, round_=4)
    scene.box(612, 150, 54, 190, LEAF, round_=6)
    scene.shape([(414, 252), (690, 252), (716, 468), (388, 468)], NIGHT)
    scene.shape([(414, 252), (690, 252), (693, 276), (411, 276)], "#1b4552")
    scene.arc(552, 262, 62, 180, 360, (AMBER, 13))
    scene.circle(490, 268, 9, AMBER)
    scene.circle(614, 268, 9, AMBER)
    for x in (532, 572):
        scene.circle(x, 352, 24, AMBER)
    scene.shape([(512.5, 366), (591.5, 366), (552, 412)], AMBER)
    for x, y in ((268, 180), (842, 150), (884, 330), (226, 346)):
        _spark(scene, x, y, 16, AMBER)
    return scene


def window() -> Scene:
    """Something that was looked at, and is worth another look."""
    scene = Scene("#e8e4f0")
    scene.circle(250, 130, 150, "#f1edf7")
    scene.box(236, 92, 632, 384, WHITE, round_=20)
    scene.box(236, 92, 632, 56, DEEP, round_=20)
    scene.box(236, 122, 632, 26, DEEP)
    for n, colour in enumerate((RUST, AMBER, LEAF)):
        scene.circle(270 + n * 28, 120, 8, colour)
    for n, colour in enumerate((PALE, "#f6d79a", "#e6c9bb")):
        x = 272 + n * 196
        scene.box(x, 178, 168, 150, colour, round_=12)
        scene.box(x, 344, 130, 14, "#d8d4e2", round_=7)
        scene.box(x, 370, 84, 14, "#e6e2ee", round_=7)
    _tree(scene, 356, 316, 1.5)
    scene.circle(552, 252, 42, AMBER)
    scene.shape([(692, 318), (748, 212), (806, 318)], RUST)
    scene.line([(774, 404), (866, 486)], INK, 26)
    scene.circle(722, 352, 84, INK)
    scene.circle(722, 352, 66, "#f7ece6")
    scene.shape([(672, 388), (724, 300), (776, 388)], RUST)
    scene.arc(722, 352, 48, 200, 250, (WHITE, 9))
    return scene


def tag() -> Scene:
    """A lower price."""
    scene = Scene("#f7e7dc")
    scene.circle(820, 160, 190, "#fbf1ea")
    scene.shape([(372, 158), (640, 158), (762, 286), (640, 414), (372, 414)], RUST)
    scene.box(356, 158, 60, 256, RUST, round_=24)
    scene.circle(682, 286, 22, "#f7e7dc")
    string = [(682 + n * 4, 286 - n * 2.4 - 26 * math.sin(n / 9)) for n in range(58)]
    scene.line(string, INK, 6)
    scene.line([(500, 214), (500, 344)], WHITE, 22)
    scene.line([(446, 296), (500, 350), (554, 296)], WHITE, 22)
    for x, y, size in ((252, 150, 18), (288, 402, 13), (870, 372, 20), (962, 300, 12)):
        _spark(scene, x, y, size, AMBER)
    return scene


def shelf() -> Scene:
    """It is back."""
    scene = Scene("#dfeae2")
    scene.circle(300, 190, 190, "#ebf3ec")
    for y in (252, 440):
        scene.box(184, y, 736, 16, "#a97f52", round_=4)
        scene.box(184, y + 16, 736, 6, "#8f6942")
    _parcel(scene, 236, 130, 150, 122, SAND)
    _parcel(scene, 402, 166, 110, 86, "#e7c793")
    _parcel(scene, 688, 118, 172, 134, SAND)
    _parcel(scene, 222, 330, 190, 110, "#e7c793")
    _parcel(scene, 430, 290, 130, 150, SAND)
    scene.box(616, 322, 104, 118, TEAL, round_=12)
    _tree(scene, 668, 324, 0.7)
    _parcel(scene, 756, 338, 128, 102, SAND)
    scene.circle(600, 190, 52, LEAF)
    scene.line([(576, 190), (594, 208), (626, 172)], WHITE, 12)
    return scene


def rocket() -> Scene:
    """Something new."""
    scene = Scene(NIGHT)
    scene.circle(852, 150, 74, "#f6d79a")
    scene.circle(826, 136, 62, NIGHT)
    for n in range(46):
        x, y = (n * 397 + 61) % WIDTH, (n * 211 + 37) % 400
        scene.circle(x, y, 1.6 + n % 3, "#7fa7b0" if n % 2 else "#f1dfc0")
    scene.hills(496, 26, 3.2, 0.4, DEEP)
    scene.hills(514, 22, 2.1, 2.0, TEAL)
    for x, y, radius in ((470, 468, 44), (516, 488, 50), (588, 486, 54), (640, 470, 42), (552, 452, 40)):
        scene.circle(x, y, radius, "#d7e3e4")
    scene.shape([(524, 340), (580, 340), (566, 412), (552, 452), (538, 412)], AMBER)
    scene.shape([(538, 340), (566, 340), (552, 410)], "#f9dfa0")
    scene.shape([(500, 268), (452, 344), (506, 336)], RUST)
    scene.shape([(604, 268), (652, 344), (598, 336)], RUST)
    body = [(552 + 58 * math.sin(t) ** 0.8, 216 - 150 * math.cos(t)) for t in _steps(0.001, math.pi * 0.78)]
    scene.shape([*body, *((1104 - x, y) for x, y in reversed(body))], CREAM)
    tip = [(x, y) for x, y in body if y < 126]
    scene.shape([*tip, *((1104 - x, y) for x, y in reversed(tip))], RUST)
    scene.circle(552, 208, 30, TEAL)
    scene.circle(552, 208, 20, PALE)
    return scene


def _tree(scene: Scene, x: float, y: float, size: float) -> None:
    scene.box(x - 4 * size, y - 26 * size, 8 * size, 30 * size, "#6d4a2f")
    for rise, half in ((18, 30), (40, 24), (62, 17)):
        scene.shape([(x - half * size, y - rise * size), (x + half * size, y - rise * size),
                     (x, y - (rise + 38) * size)], LEAF)  # fmt: skip


def _bird(scene: Scene, x: float, y: float, size: float) -> None:
    scene.arc(x - size, y, size, 200, 350, (INK, 3.5))
    scene.arc(x + size, y, size, 190, 340, (INK, 3.5))


def _spark(scene: Scene, x: float, y: float, size: float, colour: str) -> None:
    thin = size * 0.24
    scene.shape([(x, y - size), (x + thin, y - thin), (x + size, y), (x + thin, y + thin), (x, y + size),
                 (x - thin, y + thin), (x - size, y), (x - thin, y - thin)], colour)  # fmt: skip


def _parcel(scene: Scene, x: float, y: float, width: float, height: float, colour: str) -> None:
    scene.box(x, y, width, height, colour, round_=5)
    scene.box(x + width * 0.42, y, width * 0.16, height * 0.34, "#c99f62")
    scene.box(x + width * 0.62, y + height * 0.68, width * 0.26, height * 0.16, CREAM, round_=3)


def _steps(start: float, end: float, count: int = 60) -> list[float]:
    return [start + (end - start) * n / count for n in range(count + 1)]


def _larger(around: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = around
    return left * FINER, top * FINER, right * FINER, bottom * FINER


SCENES: dict[str, Callable[[], Scene]] = {
    "welcome": sunrise,
    "newsletter": desk,
    "cart": bag,
    "browse": window,
    "price-drop": tag,
    "back-in-stock": shelf,
    "launch": rocket,
}
