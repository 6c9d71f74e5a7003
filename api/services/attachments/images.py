"""Images, decoded and encoded again: the stored file has only pixels of the uploaded one.

Metadata such as EXIF, text, color profiles, further frames and bytes after the image are not
copied. Pillow is native code in part. It runs in the sandbox of the worker process only.
"""

from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple

from api.services.attachments.limits import (
    DAMAGED_IMAGE,
    MAX_PIXELS,
    MAX_PNG_BYTES,
    MAX_SIDE_PIXELS,
    MAX_UPLOADED_SIDE_PIXELS,
    MAX_WEBP_PIXELS,
    TOO_LONG_SIDE,
    TOO_MANY_PIXELS,
    AttachmentError,
    describe_pixel_limit,
)

if TYPE_CHECKING:
    from PIL.Image import Image

PNG_TYPE, JPEG_TYPE = "image/png", "image/jpeg"
JPEG_QUALITY: Final = 88
WHITE: Final = (255, 255, 255)
ORIENTATION: Final = 0x0112
"""The EXIF tag that says which side of a photograph is up."""
BAND_PIXELS: Final = 4_000_000
"""Number of pixels that are converted at a time."""


class PageImage(NamedTuple):
    """A page of an attachment as it is stored; width and height are in pixels."""

    media_type: str
    width: int
    height: int
    content: bytes


def convert_image(data: bytes, image_format: str) -> PageImage:
    """Return an image of a *format* that Pillow knows, such as PNG, as a new image.

    Raises `AttachmentError` for an image that is too large or damaged.
    """
    from PIL import Image  # noqa: PLC0415  # only workers load the native library

    try:
        with Image.open(BytesIO(data), formats=[image_format]) as image:
            _check_size(image, MAX_WEBP_PIXELS if image_format == "WEBP" else MAX_PIXELS)
            # A JPEG of many pixels is decoded at a fraction of its size.
            image.draft("RGB", _choose_draft_size(image))
            image.load()
            return encode_page(image, prefer_jpeg=image_format == "JPEG")
    except (AttachmentError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise AttachmentError(TOO_MANY_PIXELS) from error
    except Exception as error:  # Pillow raises errors of many types for damaged files
        raise AttachmentError(DAMAGED_IMAGE) from error


def _check_size(image: "Image", max_pixels: int) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise AttachmentError(DAMAGED_IMAGE)
    if max(width, height) > MAX_UPLOADED_SIDE_PIXELS:
        raise AttachmentError(TOO_LONG_SIDE)
    if width * height > max_pixels:
        raise AttachmentError(describe_pixel_limit(max_pixels))


def encode_page(image: "Image", *, prefer_jpeg: bool = False) -> PageImage:
    """Return the pixels of an image, on white and at most 2,000 pixels wide and high.

    Drawings become PNG, photographs JPEG.
    """
    page = _copy_pixels(image)
    if not prefer_jpeg:
        content = _encode_image(page, "PNG", optimize=True)
        if len(content) <= MAX_PNG_BYTES:
            return PageImage(PNG_TYPE, *page.size, content)
    content = _encode_image(page, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return PageImage(JPEG_TYPE, *page.size, content)


def _copy_pixels(image: "Image") -> "Image":
    """Return a new upright RGB image, so that no metadata of the old one can be saved with it."""
    from PIL import Image, ImageOps  # noqa: PLC0415  # only workers load the native library

    reduced = _shrink_image(image)
    reduced.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS), Image.Resampling.LANCZOS)
    reduced.getexif()[ORIENTATION] = image.getexif().get(ORIENTATION, 1)
    pixels = ImageOps.exif_transpose(reduced)
    page = Image.new("RGB", pixels.size, WHITE)
    page.paste(pixels, mask=pixels.getchannel("A") if pixels.mode == "RGBA" else None)
    return page


def _shrink_image(image: "Image") -> "Image":
    """Return an RGB or RGBA image of less than twice the largest size.

    Only a band of the image is converted at a time: a copy of a whole one takes four bytes for
    each of its pixels.
    """
    from PIL import Image  # noqa: PLC0415  # only workers load the native library

    has_alpha = image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info
    mode, divisor = "RGBA" if has_alpha else "RGB", _find_divisor(image)
    width, height = image.size
    reduced = Image.new(mode, (-(-width // divisor), -(-height // divisor)))
    rows = max(1, BAND_PIXELS // (width * divisor))
    for top in range(0, reduced.height, rows):
        bottom = min((top + rows) * divisor, height)
        band = image.crop((0, top * divisor, width, bottom))
        if band.mode.startswith("I;16"):  # scientific plots; a plain conversion would clip them
            band = band.point(lambda value: value / 256).convert("L")
        reduced.paste(band.convert(mode).reduce(divisor), (0, top))
    return reduced


def _choose_draft_size(image: "Image") -> tuple[int, int]:
    """Return the size to request for a JPEG: its decoder uses the next larger one it supports."""
    width, height = image.size
    divisor = _find_divisor(image)
    return max(1, 2 * width // divisor), max(1, 2 * height // divisor)


def _find_divisor(image: "Image") -> int:
    """Return the largest divisor of both sides that keeps at least the stored size."""
    return max(1, max(image.size) // MAX_SIDE_PIXELS)


def _encode_image(page: "Image", image_format: str, **options: int) -> bytes:
    buffer = BytesIO()
    page.save(buffer, image_format, **options)
    return buffer.getvalue()
