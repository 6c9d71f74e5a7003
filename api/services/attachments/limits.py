"""Limits of attachments, and the reasons for refusing a file."""

from typing import Final

MEBIBYTE: Final = 1024 * 1024
MAX_UPLOAD_BYTES: Final = 8 * MEBIBYTE
"""Maximum size of an uploaded file; photographs of phones have up to 6 MiB."""
MAX_STORED_BYTES: Final = 5 * MEBIBYTE
"""Maximum size of all pages of an attachment together, as stored."""
MAX_PIXELS: Final = 50_000_000
MAX_WEBP_PIXELS: Final = 25_000_000
"""The decoder of WebP keeps five copies of an image in memory."""
MAX_UPLOADED_SIDE_PIXELS: Final = 30_000
"""Longest side of an uploaded image: thin images take more memory for the same pixels."""
MAX_SIDE_PIXELS: Final = 2_000
"""Longest side of a stored page; larger ones are scaled down."""
MAX_PAGES: Final = 10
MAX_PNG_BYTES: Final = 768 * 1024
"""A page that is larger as PNG, such as a photograph, is stored as JPEG."""

SUPPORTED: Final = "a PNG, JPEG, WebP or GIF image, or a PDF"
NOT_SUPPORTED: Final = f"it is not {SUPPORTED}; save it as one of them"
SVG_REFUSED: Final = "SVG images can contain scripts, so they are not accepted; save it as PNG"
HEIC_REFUSED: Final = "HEIC images are not accepted; save it as JPEG"
DAMAGED_IMAGE: Final = "the image is damaged; save it again, or take a screenshot"
DAMAGED_PDF: Final = "the PDF is damaged; export it again, or save the figure as PNG"
ENCRYPTED_PDF: Final = "the PDF has a password; save it without one"
TOO_MANY_PAGES: Final = (
    f"the PDF has more than {MAX_PAGES} pages; export only the pages with figures"
)
TOO_MUCH_DETAIL: Final = (
    f"its pages take more than {MAX_STORED_BYTES // MEBIBYTE} MiB as images; attach fewer pages"
)
TOO_LONG_SIDE: Final = (
    f"a side of the image has more than {MAX_UPLOADED_SIDE_PIXELS:,} pixels; save it in a smaller "
    "size"
)
TOO_MUCH_MEMORY: Final = "it takes too much memory to read; save it in a smaller size"


def describe_pixel_limit(max_pixels: int) -> str:
    """Return the reason for refusing an image of more than *max_pixels*."""
    millions = max_pixels // 1_000_000
    return f"the image has more than {millions} million pixels; save it in a smaller size"


TOO_MANY_PIXELS: Final = describe_pixel_limit(MAX_PIXELS)


class AttachmentError(Exception):
    """A file that is refused; the text is the reason with what to do."""
