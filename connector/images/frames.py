"""Opening an image that came from anybody, and its pages one by one as plain pixels: 1 bit, grey or RGB.

What is bounded, and why: pixels are decoded whole, so what they take in memory is counted from the header before
anything is decoded; pages are counted while they are read, because a TIFF only says where the next one stands.
"""

from __future__ import annotations

import errno
import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from connector.errors import DocumentError
from connector.images import jpeg

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

MOST_PAGES: Final = 200
"""Pages of one TIFF."""
MOST_MEMORY: Final = 400_000_000
"""Bytes that one page's pixels may take while they are decoded: 100 megapixels in colour, 400 in grey."""
MOST_SIDE: Final = 60_000
"""Pixels; JPEG itself ends at 65,535."""
MOST_SCANS: Final = 100
"""Of a progressive JPEG: encoders write about ten, and a camera's thumbnails have their own."""

_FORMATS: Final = ("JPEG", "PNG", "TIFF", "HEIF")
"""All that is ever looked for: every other parser of Pillow stays out of reach. MPO is a JPEG followed by others."""
_HEADS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_OF_THE_FILE: Final = frozenset({None, errno.EINVAL, errno.EOVERFLOW})
"""Numbers of an OSError that a hostile file can cause: none (Pillow's own), and offsets out of range."""
_SMALL_PIXELS: Final = frozenset({"1", "L", "P"})
_COEFFICIENTS: Final = 6
"""Bytes for each pixel: three colours, two bytes each."""
_ORIENTATION: Final = 274
_SUBFILE_TYPE: Final = 254
_REDUCED_OR_MASK: Final = 0b101
"""TIFF 6.0, NewSubfileType: a thumbnail of another page, or its transparency."""


@contextmanager
def opened(path: Path) -> Iterator[ImageFile]:
    """Open an image; whatever a library throws in the ``with`` block becomes DocumentError.

    ``image_empty``, ``image_not_image`` (by its first bytes, whatever its name), ``image_unreadable`` (torn,
    damaged). MemoryError passes, and OSError of this machine's disk.
    """
    _look_at_head(path)
    from pi_heif import options, register_heif_opener
    from PIL import Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin  # noqa: F401 - they register themselves

    # One thread: each takes address space from the worker's limit.
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    options.DECODE_THREADS = 1
    # The bound is our own, below: it knows how a pixel is stored, and has a code.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            # What Pillow finds odd is said in words of the file.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as image:
                yield image
    except (DocumentError, MemoryError):
        raise
    except OSError as error:
        if error.errno not in _OF_THE_FILE:
            raise
        raise DocumentError("image_unreadable", type(error).__name__) from None
    except Exception as error:  # noqa: BLE001 - many classes of many parsers without a common root
        raise DocumentError("image_unreadable", type(error).__name__) from None


def _look_at_head(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(12)
    if not head:
        raise DocumentError("image_empty")
    heif = head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS
    if not heif and not head.startswith(_HEADS):
        raise DocumentError("image_not_image")


def pages(image: ImageFile) -> Iterator[int]:
    """Step through what becomes a page each; only a TIFF has several. DocumentError ``image_too_many_pages``.

    Elsewhere further pictures are an animation, a burst or other eyes of one camera: one is shown by whoever opens
    the file, and that one is taken (HEIF's primary picture, else the first).
    """
    if image.format != "TIFF":
        yield 0
        return
    for number in range(MOST_PAGES + 1):
        try:
            image.seek(number)
        except EOFError:
            return
        kind = getattr(image, "tag_v2", {}).get(_SUBFILE_TYPE, 0)
        if isinstance(kind, int) and kind & _REDUCED_OR_MASK:
            continue
        if number == MOST_PAGES:
            break
        yield number
    raise DocumentError("image_too_many_pages", f"more than {MOST_PAGES}")


def left_out(image: ImageFile) -> int:
    """Return how many pictures of an animation or a burst are not shown. A camera's second eye is no loss."""
    if image.format in {"TIFF", "MPO", "JPEG"}:
        return 0
    return max(0, int(getattr(image, "n_frames", 1)) - 1)


def turned(image: ImageFile) -> int:
    """Return EXIF's orientation, 1 to 8; 1 where it is absent or nonsense. libheif turns by itself."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF says nothing of the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def resolution(image: ImageFile) -> tuple[float, float] | None:
    """Return pixels per inch across and up, as stored; None where nothing, or no pair of numbers, is written."""
    try:
        across, up = (float(each) for each in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return across, up


def check_size(image: ImageFile) -> None:
    """Refuse sides that nobody's picture has, before anything is decoded. DocumentError ``image_too_large``."""
    if min(image.size) < 1:
        raise DocumentError("image_unreadable", "no pixel")
    if max(image.size) > MOST_SIDE:
        raise DocumentError("image_too_large", "sides")


def check_memory(image: ImageFile, pixels: int) -> None:
    """Refuse what would not fit while it is decoded, after :func:`draft`. DocumentError ``image_too_large``.

    ``pixels`` are the file's own: of a progressive JPEG all coefficients are held, however small it is decoded.
    """
    memory = image.width * image.height * (1 if image.mode in _SMALL_PIXELS else 4)
    if image.info.get("progressive"):
        memory += pixels * _COEFFICIENTS
    if memory > MOST_MEMORY:
        raise DocumentError("image_too_large", "pixels")


def check_scans(image: ImageFile, source: Path) -> None:
    """Refuse a JPEG that is refined again and again: each scan costs a pass over all pixels, and a few bytes."""
    if image.format in {"JPEG", "MPO"} and jpeg.scans(source.read_bytes()) > MOST_SCANS:
        raise DocumentError("image_too_large", "scans")


def draft(image: ImageFile, columns: int, rows: int) -> None:
    """Let a JPEG be decoded smaller, by halves, but with twice the pixels wanted. Others stay as they are."""
    image.draft(image.mode, (columns * 2, rows * 2))


def plain(image: Image.Image) -> Image.Image:
    """Return the decoded page as 1 bit, grey, RGB, or another opaque colour space that can still be resized.

    What is transparent stands on white. More than 8 bits for each colour become 8.
    """
    if image.mode in {"1", "L", "RGB"} and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image)
    if "transparency" in image.info or image.mode in {"LA", "La", "PA", "RGBA", "RGBa"}:
        return _on_white(image)
    return image.convert("RGB") if image.mode in {"P", "HSV", "YCbCr", "RGBX"} else image


def _on_white(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode == "La":
        image = image.convert("LA")
    if image.mode != "RGBA":
        image = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits loses its lower 8; numbers of another range are spread from black to white."""
    wide = image if image.mode in {"I", "F"} else image.convert("I")
    extrema = wide.getextrema()
    low, high = (float(each) for each in extrema if isinstance(each, int | float))
    if not (math.isfinite(low) and math.isfinite(high)):
        raise DocumentError("image_unreadable", "not numbers")
    if image.mode != "F" and low >= 0 and high <= 65_535:
        low, high = 0.0, 65_535.0
    scale = 255 / (high - low) if high > low else 0.0
    return wide.point(lambda value: value * scale + (0.5 - low * scale)).convert("L")


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return 1 bit, grey or RGB as a screen shows it: colours through the image's own ICC profile if it has one."""
    if image.mode in {"1", "L"}:
        return image
    if image.mode == "LAB":
        return _through(image, None) or image.convert("RGB")
    if profile and not is_srgb(profile):
        shown = _through(image, profile)
        if shown is not None:
            return shown
    return image if image.mode == "RGB" else image.convert("RGB")


def is_srgb(profile: bytes) -> bool:
    """Tell whether an ICC profile is sRGB under one of its names, or cannot be read and so means nothing."""
    from PIL import ImageCms

    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except Exception:  # noqa: BLE001 - a damaged profile is as good as none
        return True
    return "srgb" in name.casefold()


def _through(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Convert by lcms; None where the profile is not one of this image's colour space."""
    from PIL import ImageCms

    try:
        source: Any = (
            ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else ImageCms.createProfile("LAB")
        )
        shown = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except Exception:  # noqa: BLE001 - a profile of another space, or damaged, is as good as none
        return None
    return shown
