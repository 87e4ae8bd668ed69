"""What is taken as a picture, what is left of it, and what is refused while the process lives on."""

from __future__ import annotations

import io
import resource
import time
import zipfile

import pytest
from PIL import Image

from app.content import drawing, pictures
from app.content.pictures import NoPicture
from tests.content.pictures_of import animation, claiming, endless_gif, jpeg, png, turned


def opened(picture: pictures.Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.content))


def zipped() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        file.writestr("evil.html", "<script>alert(1)</script>")
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (png(), "image/png"),
        (jpeg(), "image/jpeg"),
        (animation(1), "image/gif"),
        (animation(3, kind="WEBP"), "image/png"),
    ],
    ids=["png", "jpeg", "gif", "webp"],
)
def test_what_it_is_is_read_from_its_bytes(content, mime):
    assert pictures.read(content).mime == mime


def test_the_same_picture_has_the_same_name_and_another_has_another():
    assert pictures.read(png()).content_hash == pictures.read(png()).content_hash
    assert pictures.read(png()).content_hash != pictures.read(png(colour=(9, 9, 9))).content_hash


def test_a_wide_picture_becomes_twice_as_wide_as_a_mail():
    found = pictures.read(jpeg(3000, 1500))
    assert (found.width, found.height) == (1200, 600) == opened(found).size


def test_an_animation_stays_one():
    found = opened(pictures.read(animation(5)))
    assert (found.n_frames, found.info["loop"]) == (5, 0)


def test_of_an_animated_webp_the_first_picture_is_kept_since_few_mail_programs_show_more():
    found = opened(pictures.read(animation(5, kind="WEBP")))
    assert (found.format, getattr(found, "n_frames", 1)) == ("PNG", 1)


def test_a_photograph_is_upright_and_says_no_longer_where_it_was_taken():
    found = pictures.read(turned())
    image = opened(found)
    assert image.size == (40, 80)
    assert image.getpixel((20, 5))[0] > 200
    assert image.getpixel((20, 75))[2] > 200
    assert not image.getexif()
    assert b"Exif" not in found.content


def test_colours_for_printers_become_colours_for_screens():
    assert opened(pictures.read(jpeg(mode="CMYK"))).mode == "RGB"


def test_a_picture_of_sixteen_bits_keeps_its_greys():
    found = opened(pictures.read(png(mode="I;16", colour=0x8000)))
    assert found.mode == "L"
    assert found.getpixel((5, 5)) == 0x80


def test_what_is_clear_stays_clear():
    assert opened(pictures.read(png(mode="RGBA", colour=(1, 2, 3, 0)))).getpixel((3, 3))[3] == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "SVG"),
        (b"\xef\xbb\xbf  <!doctype html><script>alert(1)</script>", "HTML"),
        (b"MZ\x90\x00" + b"\0" * 500, "no PNG"),
        (b"%PDF-1.7", "no PNG"),
        (b"GIF89a/*", "no PNG"),
        (b"GIF89a=1;alert(document.domain)//" + b"\0" * 60, "damaged|no PNG"),
        (png()[:60], "damaged|no PNG"),
        (png(900, 900)[:200], "damaged"),
        (jpeg(900, 900)[:300], "damaged|no PNG"),
        (claiming(50_000, 50_000), "million pixels"),
        (claiming(1, 600_000), "million pixels"),
        (endless_gif(10_000), "200 frames"),
        (animation(150, 900, 900), "200 frames"),
        (b"\x89PNG" + b"\0" * pictures.LARGEST, "10 MB"),
    ],
    ids=["empty", "svg", "html", "exe", "pdf", "cut gif", "js gif", "cut head", "cut png", "cut jpeg", "bomb", "tower",
         "endless", "film", "heavy"],
)  # fmt: skip
def test_what_is_no_good_picture_is_refused_with_a_sentence_and_soon(content, said):
    begun = time.monotonic()
    with pytest.raises(NoPicture, match=said):
        pictures.read(content)
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", zipped()], ids=["script", "zip"])
@pytest.mark.parametrize("head", [png(), jpeg(), animation(2)], ids=["png", "jpeg", "gif"])
def test_a_second_file_behind_the_picture_is_gone(head, tail):
    found = pictures.read(head + tail)
    assert b"script" not in found.content
    assert b"PK\x03\x04" not in found.content


def test_a_script_in_the_comment_of_a_gif_is_gone():
    with_comment = animation(1).replace(b"\x2c\x00\x00", b"\x21\xfe\x08alert(1)\x00\x2c\x00\x00", 1)
    assert b"alert" in with_comment
    assert b"alert" not in pictures.read(with_comment).content


def test_what_never_ends_is_ended(monkeypatch):
    stuck = ("-c", "import app.content.drawing as d; d._limit(1)\nwhile True: pass")
    monkeypatch.setattr(pictures, "MODULE", stuck)
    with pytest.raises(NoPicture, match="too much"):
        pictures.read(png())


def test_a_huge_picture_takes_no_memory_of_ours():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert pictures.read(_huge()).width == 1200
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


def test_what_needs_too_much_memory_is_refused_and_the_next_is_drawn(monkeypatch):
    tight = ("-c", f"import app.content.drawing as d; d.MEMORY = {150 * 2**20}; d.main()")
    monkeypatch.setattr(pictures, "MODULE", tight)
    with pytest.raises(NoPicture, match="too much"):
        pictures.read(_huge())
    monkeypatch.undo()
    assert pictures.read(png()).width == 40


def test_a_video_gets_a_mark_that_says_play():
    plain, marked = pictures.read(png(640, 360)), pictures.read(png(640, 360, colour=(200, 0, 0)), as_poster=True)
    image = opened(marked)
    assert marked.mime == "image/jpeg"
    assert plain.content != marked.content
    assert all(part > 200 for part in image.getpixel((320, 180))[:3]), "the triangle is white"
    assert image.getpixel((5, 5))[0] > 150, "the edge is as it was"


def test_formats_are_few():
    assert set(drawing.FORMATS) == {"PNG", "JPEG", "GIF", "WEBP"}


def _huge() -> bytes:
    """As many pixels as one may send."""
    return jpeg(6000, 6000)
