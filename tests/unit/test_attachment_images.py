"""Tests of attached files: what is stored of an image or a PDF, and what is refused."""

import random
import subprocess
import sys
import zlib
from io import BytesIO

import pytest
from images import PRIVATE, chunk, pdf_of, photograph, plot, png_of, png_with_text, save
from PIL import Image

from api.services.attachments import limits
from api.services.attachments.conversion_job import convert_file, convert_to_pages_or_reason
from api.services.attachments.images import encode_page

STORED_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}
MUTATIONS = 60


def stored(data):
    """Return the pages of a file as images, each of the type and size that it has by its name."""
    images = []
    for page in convert_file(data):
        image = Image.open(BytesIO(page.content))
        image.load()
        assert image.format == STORED_FORMATS[page.media_type]
        assert image.size == (page.width, page.height)
        assert image.mode == "RGB"
        images.append(image)
    return images


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_image_keeps_its_pixels(image_format):
    [image] = stored(plot(image_format))
    left, right = image.getpixel((20, 20)), image.getpixel((300, 190))
    assert image.size == (320, 200)
    assert left[2] > left[0] + 50
    assert min(right) > 200


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_pixel_mode_is_converted_to_rgb(mode):
    if mode == "I;16":
        data = save(Image.new("I;16", (320, 200), 40_000), "PNG")
        assert stored(data)[0].getpixel((5, 5)) == (156, 156, 156)
        return
    data = plot("JPEG" if mode == "CMYK" else "PNG", mode=mode)
    assert stored(data)[0].size == (320, 200)


def test_transparent_image_gets_white_background():
    [image] = stored(save(Image.new("RGBA", (30, 20), (0, 0, 0, 0)), "PNG"))
    assert image.getpixel((5, 5)) == (255, 255, 255)


def test_photograph_is_rotated_upright_and_loses_metadata():
    data = photograph()
    assert PRIVATE.encode() in data
    [page] = convert_file(data)
    image = Image.open(BytesIO(page.content))
    assert (page.media_type, image.size) == ("image/jpeg", (200, 320))
    assert not image.getexif()
    assert {*image.info} <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert PRIVATE.encode() not in page.content


def test_text_profiles_and_trailing_bytes_are_dropped():
    [page] = convert_file(png_with_text())
    image = Image.open(BytesIO(page.content))
    image.load()
    assert image.info == {}
    for piece in (PRIVATE.encode(), b"script", b"tEXt", b"iTXt", b"iCCP", b"eXIf"):
        assert piece not in page.content


def test_only_first_frame_of_animation_is_kept():
    frames = [Image.new("RGB", (30, 20), color) for color in ("red", "lime")]
    data = save(frames[0], "GIF", save_all=True, append_images=frames[1:])
    [image] = stored(data)
    assert image.getpixel((5, 5))[0] > 200


def test_large_image_is_scaled_and_noisy_image_is_stored_as_jpeg():
    [image] = stored(plot("JPEG", size=(4_000, 1_000)))
    assert image.size == (2_000, 500)
    noise = Image.effect_noise((1_200, 1_200), 90)
    page = encode_page(noise)
    assert page.media_type == "image/jpeg"


MEASURE_PEAK = """
import sys
from pathlib import Path
from api.services.attachments.conversion_job import convert_to_pages_or_reason
pages = convert_to_pages_or_reason(Path(sys.argv[1]).read_bytes())
status = Path("/proc/self/status").read_text()
print(len(pages), status.partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of a process")
@pytest.mark.parametrize(("image_format", "peak_mebibytes"), [("PNG", 400), ("JPEG", 250)])
def test_largest_image_needs_little_memory(tmp_path, image_format, peak_mebibytes):
    mode = "RGBA" if image_format == "PNG" else "RGB"
    largest = Image.new(mode, (10_000, limits.MAX_PIXELS // 10_000), "navy")
    largest.save(tmp_path / "image", image_format)
    command = [sys.executable, "-c", MEASURE_PEAK, str(tmp_path / "image")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    pages, kibibytes = map(int, ran.stdout.split())
    assert (pages, kibibytes < peak_mebibytes * 1024) == (1, True), kibibytes


def test_large_photograph_is_reduced_and_rotated_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    [image] = stored(plot("JPEG", size=(6_000, 3_000), exif=exif))
    assert image.size == (1_000, 2_000)
    # The dark left half is up.
    assert image.getpixel((300, 300))[2] > image.getpixel((300, 300))[0] + 50
    assert min(image.getpixel((100, 1_500))) > 200


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
def test_large_image_of_every_mode_keeps_its_pixels(mode):
    [image] = stored(plot(size=(5_000, 3_000), mode=mode))
    assert image.size == (2_000, 1_200)
    assert image.getpixel((400, 300))[0] < 120
    assert min(image.getpixel((1_900, 900))) > 200


def test_image_with_very_long_side_is_refused_before_decoding():
    data = save(Image.new("1", (limits.MAX_UPLOADED_SIDE_PIXELS + 1, 1)), "PNG")
    assert convert_to_pages_or_reason(data) == limits.TOO_LONG_SIDE


def test_webp_image_has_its_own_limit():
    data = save(Image.new("RGB", (5_100, 5_000)), "WEBP", method=0)
    assert convert_to_pages_or_reason(data) == limits.describe_pixel_limit(limits.MAX_WEBP_PIXELS)


def test_each_pdf_page_becomes_image_without_metadata():
    data = pdf_of(pages=3, info=PRIVATE)
    pages = convert_file(data)
    assert [(page.width, page.height) for page in pages] == [(600, 400)] * 3
    image = Image.open(BytesIO(pages[2].content)).convert("RGB")
    assert (image.getpixel((50, 50)), image.getpixel((500, 50))) == ((0, 0, 255), (255, 255, 255))
    assert all(PRIVATE.encode() not in page.content for page in pages)
    assert all(b"JavaScript" not in page.content for page in pages)


def test_pdf_page_of_any_size_is_rendered_within_limit():
    for size in ((14_000, 9_000), (14_400, 20), (1, 1)):
        [page] = convert_file(pdf_of(size=size))
        assert max(page.width, page.height) <= limits.MAX_SIDE_PIXELS


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', limits.SVG_REFUSED),
        (b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", limits.SVG_REFUSED),
        (b"<!DOCTYPE html><script>alert(1)</script>", limits.SVG_REFUSED),
        (b"\0\0\0\x18ftypheic\0\0\0\0", limits.HEIC_REFUSED),
        (b"MZ a program", limits.NOT_SUPPORTED),
        (b"GIF89a=1;alert(1)//", limits.DAMAGED_IMAGE),
        (plot()[:300], limits.DAMAGED_IMAGE),
        (plot("TIFF"), limits.NOT_SUPPORTED),
        (plot("BMP"), limits.NOT_SUPPORTED),
        (b"\xff\xd8\xff\xe0" + plot(), limits.DAMAGED_IMAGE),
        (png_of(50_000, 50_000), limits.TOO_MANY_PIXELS),
        (png_of(8_000, 8_000), limits.TOO_MANY_PIXELS),
        (png_of(2**31 - 1, 2**31 - 1), limits.TOO_MANY_PIXELS),
        (png_of(0, 10), limits.DAMAGED_IMAGE),
        (png_of(100, 100, b"\0" * 50), limits.DAMAGED_IMAGE),
        (b"%PDF-1.7 nothing", limits.DAMAGED_PDF),
        (pdf_of(pages=0), limits.DAMAGED_PDF),
        (pdf_of(pages=11), limits.TOO_MANY_PAGES),
        (b"junk" + pdf_of(), limits.NOT_SUPPORTED),
    ],
)
def test_invalid_image_file_is_refused_with_instructions(data, reason):
    assert convert_to_pages_or_reason(data) == reason


def test_compressed_text_bomb_in_png_is_not_unpacked():
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 200_000_000))
    data = plot()
    assert convert_to_pages_or_reason(data[:33] + bomb + data[33:]) == limits.DAMAGED_IMAGE


def test_encrypted_pdf_is_refused():
    encrypted = pdf_of().replace(
        b"/Root 1 0 R",
        b"/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <"
        + b"00" * 32
        + b"> /U <"
        + b"11" * 32
        + b"> >> /ID [<00> <00>]",
    )
    assert convert_to_pages_or_reason(encrypted) == limits.ENCRYPTED_PDF


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "GIF", "PDF"])
def test_mutated_file_is_stored_as_image_or_refused(name):
    data = pdf_of(pages=2) if name == "PDF" else plot(name)
    for seed in range(MUTATIONS):
        draw = random.Random(seed)  # noqa: S311  # repeatable
        mutated = bytearray(data)
        for _ in range(draw.randint(1, 10)):
            place = draw.randrange(len(mutated))
            if draw.random() < 0.7:
                mutated[place] = draw.randrange(256)
            else:
                del mutated[place : place + draw.randint(1, 40)]
        if not isinstance(outcome := convert_to_pages_or_reason(bytes(mutated)), str):
            assert len(stored(bytes(mutated))) == len(outcome)
