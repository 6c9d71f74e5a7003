"""Images in tests: small plots, and files that somebody prepared to do harm."""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

PRIVATE = "Ada Lovelace, 52.5N 13.4E"
SCRIPT = "<script>alert(1)</script>"


def plot(image_format="PNG", size=(320, 200), mode="RGB", **options):
    """Return an image with a curve; its left half is darker than its right half."""
    image = Image.new("RGB", size, "white")
    drawing = ImageDraw.Draw(image)
    drawing.rectangle((0, 0, size[0] // 2, size[1]), fill=(40, 40, 160))
    drawing.line([(0, size[1]), (size[0], 0)], fill="red", width=3)
    return save(image.convert(mode), image_format, **options)


def save(image, image_format, **options):
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def photograph(orientation=6):
    """Return a JPEG with EXIF: a name, a place, and that it lies on its side."""
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x0112] = "Phone", PRIVATE, orientation
    return plot("JPEG", exif=exif, comment=PRIVATE.encode())


def png_with_text():
    """Return a PNG with text chunks and a script after its end."""
    info = PngInfo()
    info.add_text("Author", PRIVATE)
    info.add_itxt("Comment", PRIVATE, zip=True)
    return plot(pnginfo=info) + f"<html>{SCRIPT}</html>".encode()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width, height, data=b""):
    """Return a PNG that claims a size, with the compressed *data* as its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )


def pdf_of(*, pages=1, size=(300, 200), extra="", info="", contents="0 0 1 rg 0 0 150 200 re f"):
    """Return a PDF with a blue rectangle on each page, metadata and a script."""
    numbers = [4 + 2 * page for page in range(pages)]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = {
        1: f"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (x) >> {extra} >>",
        2: f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>",
        3: f"<< /Author ({info}) >>",
    }
    for number in numbers:
        box = f"[0 0 {size[0]} {size[1]}]"
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents {number + 1} 0 R >>"
        )
        objects[number + 1] = f"<< /Length {len(contents)} >>\nstream\n{contents}\nendstream"
    body, places = b"%PDF-1.4\n", {}
    for number, text in objects.items():
        places[number] = len(body)
        body += f"{number} 0 obj\n{text}\nendobj\n".encode()
    rows = "".join(f"{places[number]:010} 00000 n \n" for number in objects)
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R /Info 3 0 R >>"
    end = f"xref\n0 1\n0000000000 65535 f \n1 {len(objects)}\n{rows}trailer\n{trailer}\n"
    return body + f"{end}startxref\n{len(body)}\n%%EOF\n".encode()
