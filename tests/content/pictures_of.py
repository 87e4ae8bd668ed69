"""Pictures as tests need them, also such as nobody should send."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image


def png(width: int = 40, height: int = 30, mode: str = "RGB", colour: object = None) -> bytes:
    return _written(Image.new(mode, (width, height), colour or 0), "PNG")  # type: ignore[arg-type]


def jpeg(width: int = 40, height: int = 30, mode: str = "RGB", **options: object) -> bytes:
    return _written(Image.new(mode, (width, height), 0), "JPEG", **options)


def animation(frames: int, width: int = 20, height: int = 20, kind: str = "GIF") -> bytes:
    drawn = [Image.new("RGB", (width, height), (n % 256, n * 7 % 256, n * 13 % 256)) for n in range(frames)]
    return _written(drawn[0], kind, save_all=True, append_images=drawn[1:], duration=40, loop=0)


def turned() -> bytes:
    """Red on the left as it is stored, held so that it belongs on top; with a place in it."""
    image = Image.new("RGB", (80, 40), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 40, 40))
    exif = image.getexif()
    exif[0x0112] = 6  # a quarter turn to the right
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # latitude
    return _written(image, "JPEG", exif=exif, quality=95)


def claiming(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def endless_gif(frames: int) -> bytes:
    """One pixel, again and again."""
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    control = b"\x21\xf9\x04\x00\x01\x00\x00\x00"
    frame = control + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * frames + b";"


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _written(image: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()
