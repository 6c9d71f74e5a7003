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
    TOO_MANY_PIXELS,
    AttachmentError,
)

if TYPE_CHECKING:
    from PIL.Image import Image

PNG_TYPE, JPEG_TYPE = "image/png", "image/jpeg"
JPEG_QUALITY: Final = 88
WHITE: Final = (255, 255, 255)


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
    from PIL import Image, ImageOps  # noqa: PLC0415  # only workers load the native library

    try:
        with Image.open(BytesIO(data), formats=[image_format]) as image:
            _check_size(image)
            # A JPEG of many pixels is decoded at a fraction of its size.
            image.draft("RGB", (2 * MAX_SIDE_PIXELS, 2 * MAX_SIDE_PIXELS))
            image.load()
            upright = ImageOps.exif_transpose(image)
        return encode_page(upright, prefer_jpeg=image_format == "JPEG")
    except (AttachmentError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise AttachmentError(TOO_MANY_PIXELS) from error
    except Exception as error:  # Pillow raises errors of many types for damaged files
        raise AttachmentError(DAMAGED_IMAGE) from error


def _check_size(image: "Image") -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise AttachmentError(DAMAGED_IMAGE)
    if width * height > MAX_PIXELS:
        raise AttachmentError(TOO_MANY_PIXELS)


def encode_page(image: "Image", *, prefer_jpeg: bool = False) -> PageImage:
    """Return the pixels of an image, on white and at most 2,000 pixels wide and high.

    Drawings become PNG, photographs JPEG.
    """
    page = _copy_pixels(image)
    if not prefer_jpeg:
        content = _save(page, "PNG", optimize=True)
        if len(content) <= MAX_PNG_BYTES:
            return PageImage(PNG_TYPE, *page.size, content)
    content = _save(page, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return PageImage(JPEG_TYPE, *page.size, content)


def _copy_pixels(image: "Image") -> "Image":
    """Return a new RGB image, so that no metadata of the old one can be saved with it."""
    from PIL import Image  # noqa: PLC0415  # only workers load the native library

    has_alpha = image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info
    if image.mode.startswith("I;16"):  # scientific plots; a plain conversion would clip them
        image = image.point(lambda value: value / 256).convert("L")
    pixels = image.convert("RGBA" if has_alpha else "RGB")
    pixels.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS), Image.Resampling.LANCZOS)
    page = Image.new("RGB", pixels.size, WHITE)
    page.paste(pixels, mask=pixels.getchannel("A") if has_alpha else None)
    return page


def _save(page: "Image", image_format: str, **options: int) -> bytes:
    buffer = BytesIO()
    page.save(buffer, image_format, **options)
    return buffer.getvalue()
