#!/usr/bin/env python3
"""Makes the picture fixtures beside it with Pillow and NumPy.  python3 Tests/Goldens/media/make-media.py

`.raw` files hold the expected samples, row by row; sizes are in the file names that the tests list.
"""
import pathlib
import struct
import zlib

import numpy as np
import soundfile
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).resolve().parent
rng = np.random.default_rng(7)


def save(name, array):
    (HERE / name).write_bytes(np.ascontiguousarray(array, dtype=np.uint8).tobytes())


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, depth, kind, rows, interlaced=False):
    """A PNG around ready rows of bytes, each with its filter byte."""
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")


# A picture with gradients, edges and noise: everything a filter can get wrong.
H, W = 29, 37
y, x = np.mgrid[0:H, 0:W]
base = np.stack([x * 255 / W, y * 255 / H, 127 + 120 * np.sin(x / 3) * np.cos(y / 4)], axis=-1)
base[8:16, 10:20] = [255, 0, 0]
base[20:, 25:] = rng.integers(0, 256, (9, 12, 3))
base = base.clip(0, 255).astype(np.uint8)
picture = Image.fromarray(base)
save("source-37x29x3.raw", base)
alpha = np.dstack([base, (128 + 127 * np.sin(x / 5 + y / 7)).astype(np.uint8)])
save("source-37x29x4.raw", alpha)

filters = {"box": Image.Resampling.BOX, "bilinear": Image.Resampling.BILINEAR,
           "bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
for name, code in filters.items():
    for w, h in ((11, 7), (50, 41), (16, 40)):
        save(f"{name}-{w}x{h}x3.raw", picture.resize((w, h), code))
    save(f"{name}-16x13x1.raw", picture.getchannel(2).resize((16, 13), code))
save("bicubic-16x13x4.raw", Image.fromarray(alpha).resize((16, 13), Image.Resampling.BICUBIC))

# Every kind of PNG, 13 x 9, with what it must decode to.
h, w = 9, 13
small = base[:h, :w]
gray = small[..., 0]
Image.fromarray(gray > 60).save(HERE / "gray1.png")
save("gray1.raw", np.where(gray > 60, 255, 0))
packed = []
for row in gray // 64:  # two bits a pixel
    bits = np.zeros(16, np.uint8)
    bits[:w] = row
    packed.append(b"\0" + bytes(int(a << 6 | b << 4 | c << 2 | d) for a, b, c, d in bits.reshape(-1, 4)))
(HERE / "gray2.png").write_bytes(png(w, h, 2, 0, packed))
save("gray2.raw", gray // 64 * 85)
Image.fromarray(gray).save(HERE / "gray8.png")
save("gray8.raw", gray)
palette = Image.fromarray(small).quantize(16)
palette.save(HERE / "palette.png")
save("palette.raw", palette.convert("RGB"))
palette.save(HERE / "palette-clear.png", transparency=3)
Image.open(HERE / "palette-clear.png").load()
save("palette-clear.raw", Image.open(HERE / "palette-clear.png").convert("RGBA"))
both = np.dstack([gray, 255 - gray])
Image.fromarray(both, "LA").save(HERE / "gray-alpha.png")
save("gray-alpha.raw", np.dstack([gray, gray, gray, 255 - gray]))
Image.fromarray(alpha[:h, :w]).save(HERE / "rgba.png")
save("rgba.raw", alpha[:h, :w])
wide = rng.integers(0, 65536, (h, w, 3))
rows = [b"\0" + row.astype(">u2").tobytes() for row in wide]
(HERE / "rgb16.png").write_bytes(png(w, h, 16, 2, rows))
save("rgb16.raw", np.rint(wide * 255 / 65535))
passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
rows = [b"\0" + row.tobytes() for x0, y0, dx, dy in passes for row in small[y0::dy, x0::dx] if row.size]
(HERE / "interlaced.png").write_bytes(png(w, h, 8, 2, rows, interlaced=True))
save("interlaced.raw", small)

# JPEG: colour, gray, progressive, CMYK, and one picture in all eight orientations.
picture.save(HERE / "color.jpg", quality=95, subsampling=0)
save("color.raw", Image.open(HERE / "color.jpg"))
picture.save(HERE / "progressive.jpg", quality=80, progressive=True, subsampling=0)
save("progressive.raw", Image.open(HERE / "progressive.jpg"))
picture.convert("L").save(HERE / "gray.jpg", quality=90)
save("gray.raw", Image.open(HERE / "gray.jpg"))
picture.convert("CMYK").save(HERE / "cmyk.jpg")
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    name = HERE / f"turned{orientation}.jpg"
    Image.fromarray(small).save(name, quality=95, subsampling=0, exif=exif)
    save(f"turned{orientation}.raw", ImageOps.exif_transpose(Image.open(name)))

# MP3: half a second of 440 Hz.
time = np.arange(11025) / 22050
soundfile.write(HERE / "beep.mp3", 0.4 * np.sin(2 * np.pi * 440 * time), 22050, format="MP3")

# Other containers, sixty samples each.
for kind in ["AIFF", "CAF", "W64", "RF64", "AU"]:
    soundfile.write(HERE / f"tone.{kind.lower()}", 0.4 * np.sin(np.arange(60)), 22050, format=kind, subtype="PCM_16")
