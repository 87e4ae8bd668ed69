"""One picture, drawn anew in a process that ends with it: bytes in, a line that says what came of it and bytes out.

Drawing anew drops whatever else a file holds (scripts, places, a second file behind the first).
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import sys
import warnings

from PIL import Image, ImageCms, ImageDraw, ImageOps, UnidentifiedImageError

from app.content.pictures import DAMAGED, TOO_HARD, NoPicture

MEMORY = 2**30
MOST_PIXELS = 40_000_000
MOST_FRAMES = 200
MOST_ANIMATED = 60_000_000  # pixels of all frames: 200 frames of 600 × 500
WIDEST = 1200  # twice the width of a mail: sharp on a phone
LONGEST = 20_000  # of what is left once it is narrow
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/png"}
PLAIN = ("1", "P", "L", "LA", "RGB", "RGBA")
SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "F")
NARROW_POSTER = 600
TOO_MANY = f"A picture has at most {MOST_PIXELS // 1_000_000} million pixels."
TOO_LONG = f"An animation has at most {MOST_FRAMES} frames, and not too many pixels in all."
NO_FORMAT = "This is no PNG, JPEG, GIF or WebP picture."

Written = tuple[str, int, int, bytes]


def main() -> None:
    what, seconds = sys.argv[1], int(sys.argv[2])
    _limit(seconds)
    try:
        mime, width, height, content = drawn(sys.stdin.buffer.read(), as_poster=what == "poster")
    except NoPicture as refused:
        _answer("refused", str(refused))
    else:
        _answer("drawn", mime, str(width), str(height), content=content)


def drawn(content: bytes, *, as_poster: bool = False) -> Written:
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we count ourselves, and lower
    try:
        with Image.open(io.BytesIO(content), formats=list(FORMATS)) as image:
            _measure(image)
            return _poster(image) if as_poster else _anew(image)
    except NoPicture:
        raise
    except Image.DecompressionBombError:
        raise NoPicture(TOO_MANY) from None
    except UnidentifiedImageError:
        raise NoPicture(NO_FORMAT) from None
    except MemoryError:
        raise NoPicture(TOO_HARD) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError):
        raise NoPicture(DAMAGED) from None  # whatever a decoder says of bytes that are none


def _measure(image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels > MOST_PIXELS or image.height > LONGEST * max(1.0, image.width / WIDEST):
        raise NoPicture(TOO_MANY)


def _anew(image: Image.Image) -> Written:
    if image.format == "GIF" and getattr(image, "is_animated", False):
        return _animation(image)
    still = _narrow(_upright(image), WIDEST)
    if image.format == "JPEG":
        return _saved(still, "JPEG", quality=85, optimize=True, progressive=True)
    return _saved(still, "GIF" if image.format == "GIF" else "PNG", optimize=True)


def _upright(image: Image.Image) -> Image.Image:
    """As a screen shows it: turned as the camera was held, in the colours that every screen knows."""
    turned = ImageOps.exif_transpose(image)
    plain = _in_plain_colours(turned, image.info.get("icc_profile"))
    return plain.convert("RGB") if image.format == "JPEG" else plain


def _in_plain_colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode in SIXTEEN_BITS:
        return image.point(lambda value: value / 256).convert("L")
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            mode = "RGBA" if image.mode == "RGBA" else "RGB"
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            return converted or image
    return image if image.mode in PLAIN else image.convert("RGBA" if "a" in image.mode.lower() else "RGB")


def _animation(image: Image.Image) -> Written:
    frames, waits, pixels = [], [], image.width * image.height
    while True:
        frames.append(_narrow(image.convert("RGBA"), WIDEST))
        waits.append(int(image.info.get("duration", 100)))
        if len(frames) > MOST_FRAMES or len(frames) * pixels > MOST_ANIMATED:
            raise NoPicture(TOO_LONG)
        try:
            image.seek(len(frames))
        except EOFError:
            break
    more: dict[str, object] = {"loop": int(image.info["loop"])} if "loop" in image.info else {}
    return _saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=waits, disposal=2, **more)


def _poster(image: Image.Image) -> Written:
    """A round button in its middle: people see that there is something to play."""
    still = _narrow(_upright(image), WIDEST).convert("RGB")
    if still.width < NARROW_POSTER:
        still = still.resize((NARROW_POSTER, max(1, round(still.height * NARROW_POSTER / still.width))))
    mark = Image.new("RGBA", (still.width * 2, still.height * 2))
    x, y, radius = still.width, still.height, min(still.width, still.height) // 3.5
    pen = ImageDraw.Draw(mark)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(20, 22, 26, 190))
    tip, back, half = x + radius * 0.52, x - radius * 0.32, radius * 0.48
    pen.polygon(((back, y - half), (back, y + half), (tip, y)), fill=(255, 255, 255, 255))
    small = mark.resize(still.size, Image.Resampling.LANCZOS)  # drawn twice as large: round edges without steps
    still.paste(small, (0, 0), small)
    return _saved(still, "JPEG", quality=85, optimize=True, progressive=True)


def _narrow(image: Image.Image, widest: int) -> Image.Image:
    if image.width <= widest:
        return image.copy()
    size = (widest, max(1, round(image.height * widest / image.width)))
    wide = image.convert("RGBA") if image.mode in ("P", "1") else image
    return wide.resize(size, Image.Resampling.LANCZOS)


def _saved(image: Image.Image, kind: str, **options: object) -> Written:
    written = io.BytesIO()
    # What the camera or a painter wrote beside the picture goes; which colour is clear belongs to it.
    image.info = {"transparency": image.info["transparency"]} if "transparency" in image.info else {}
    image.save(written, kind, **options)
    return FORMATS[kind], image.width, image.height, written.getvalue()


def _limit(seconds: int) -> None:
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, MEMORY)):
        with contextlib.suppress(ValueError, OSError):  # not every system knows them all
            resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


def _answer(*words: str, content: bytes = b"") -> None:
    out = os.fdopen(1, "wb", closefd=False)
    out.write("\t".join(words).encode() + b"\n" + content)
    out.flush()


if __name__ == "__main__":
    main()
