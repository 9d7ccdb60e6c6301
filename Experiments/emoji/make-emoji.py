#!/usr/bin/env python3
"""Makes Assets/datasets/emoji from Debian's fonts-noto-color-emoji, unicode-cldr-core and unicode-data.

    apt install fonts-noto-color-emoji unicode-cldr-core unicode-data python3-pil libraqm0
    python3 Experiments/emoji/make-emoji.py

Run once; the result is committed, so that nobody who only uses the data needs Python or the font.

Which emoji: every CLDR annotation that the font draws as one colour glyph, without skin-tone variants, without the
plain digits, '#' and '*', without lone hair, and without pictures that equal an earlier one (some territories share a flag).
Pictures: the font's own 136 x 128 bitmap, laid on white, reduced to 64 x 60 (Lanczos) and centred in 64 x 64, stored
as a PNG with the smallest of 64, 128 or 256 own colours that keeps 44 dB.
Subgroups: those under which Unicode's emoji-test.txt lists them.
Held out: an emoji whose code points sum to 7 modulo 10 (variation selectors not counted; about a tenth).
"""
import io
import json
import pathlib
import shutil
import sys
import xml.etree.ElementTree as ET

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageStat, features

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
CLDR = pathlib.Path("/usr/share/unicode/cldr/common")
GROUPS = pathlib.Path("/usr/share/unicode/emoji/emoji-test.txt")
DOC = pathlib.Path("/usr/share/doc")
LANGUAGES = ["en", "de", "fr", "es", "ja"]
SKIN_TONES = range(0x1F3FB, 0x1F400)
HAIR = range(0x1F9B0, 0x1F9B4)  # alone it is a part, drawn with a dashed frame
STRIKE = 109  # the font's only bitmap size, pixels per em
GLYPH = (136, 128)
SIDE = 64
KEEP_DB = 44.0


def annotations(language):
    """Name and keywords of every annotated sequence: {sequence: {"name": str, "keywords": [str]}}."""
    found = {}
    for folder in ("annotations", "annotationsDerived"):
        for node in ET.parse(CLDR / folder / f"{language}.xml").iter("annotation"):
            entry = found.setdefault(node.get("cp"), {})
            if node.get("type") == "tts":
                entry["name"] = node.text.strip()
            else:
                entry["keywords"] = [word.strip() for word in node.text.split("|")]
    return found


def subgroups():
    """Subgroup of every listed sequence, without variation selectors."""
    found, subgroup = {}, None
    for line in GROUPS.read_text(encoding="utf-8").splitlines():
        if line.startswith("# subgroup:"):
            subgroup = line.split(":", 1)[1].strip()
        elif line and not line.startswith("#"):
            points = [int(word, 16) for word in line.split(";")[0].split()]
            found["".join(chr(p) for p in points if p != 0xFE0F)] = subgroup
    return found


def drawn(sequence, font):
    """The glyph on white as 64 x 64 RGB, or None where the font has no single colour glyph for it."""
    if abs(font.getlength(sequence) - font.getlength("\U0001F600")) > 1:
        return None
    canvas = Image.new("RGBA", (2 * GLYPH[0], 2 * GLYPH[1]), (255, 255, 255, 0))
    ImageDraw.Draw(canvas).text((0, 0), sequence, font=font, embedded_color=True)
    box = canvas.getbbox()
    if box is None:
        return None
    assert box[2] <= GLYPH[0] and box[3] <= GLYPH[1], (sequence, box)
    glyph = canvas.crop((0, 0, *GLYPH))
    white = Image.new("RGB", GLYPH, (255, 255, 255))
    white.paste(glyph, mask=glyph.getchannel("A"))
    height = round(SIDE * GLYPH[1] / GLYPH[0])
    picture = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    picture.paste(white.resize((SIDE, height), Image.Resampling.LANCZOS), (0, (SIDE - height) // 2))
    return picture


def packed(picture):
    """PNG bytes with the fewest colours that keep the picture."""
    for colours in (64, 128, 256):
        reduced = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, kmeans=3, dither=Image.Dither.NONE)
        squares = ImageStat.Stat(ImageChops.difference(picture, reduced.convert("RGB"))).sum2
        error = sum(squares) / (3 * SIDE * SIDE)
        if error <= 255.0**2 / 10 ** (KEEP_DB / 10):
            break
    out = io.BytesIO()
    reduced.save(out, "PNG", optimize=True)
    return out.getvalue()


def licence(package, heading):
    """Holders and full text of a licence in a Debian copyright file, with the file's indentation undone."""
    text = (DOC / package / "copyright").read_text(encoding="utf-8")
    blocks, field = [], None
    for line in text.splitlines():
        if line.startswith(" ") and field is not None:
            field.append("" if line.strip() == "." else line[1:].rstrip())
        elif ":" in line:
            field = [line]
            blocks.append(field)
    holders = [block for block in blocks if block[0].startswith("Copyright:")][-1]
    body = max((block for block in blocks if block[0].split() == ["License:", heading]), key=len)
    names = [holders[0].removeprefix("Copyright:"), *holders[1:]]
    return "Copyright " + ", ".join(name.strip() for name in names) + "\n\n" + "\n".join(body[1:]).strip() + "\n"


def main():
    if not features.check("raqm"):
        sys.exit("make-emoji: Pillow lacks raqm, which composes flags and joined emoji (apt install libraqm0)")
    target = pathlib.Path(__file__).resolve().parents[2] / "Assets" / "datasets" / "emoji"
    pictures = target / "pictures"
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    font = ImageFont.truetype(FONT, STRIKE, layout_engine=ImageFont.Layout.RAQM)
    words = {language: annotations(language) for language in LANGUAGES}
    subgroup = subgroups()
    rows, seen, total = [], set(), 0
    for sequence in words["en"]:
        points = [ord(c) for c in sequence]
        if sequence.isascii() or points[0] in HAIR or any(p in SKIN_TONES for p in points):
            continue
        entries = {language: words[language].get(sequence, {}) for language in LANGUAGES}
        if not all("name" in entry for entry in entries.values()):
            continue
        picture = drawn(sequence, font)
        if picture is None or picture.tobytes() in seen:
            continue
        seen.add(picture.tobytes())
        stem = "-".join(f"{p:x}" for p in points)
        data = packed(picture)
        total += len(data)
        (pictures / f"{stem}.png").write_bytes(data)
        rows.append({
            "file_name": f"pictures/{stem}.png",
            "text": entries["en"]["name"],
            "emoji": sequence,
            "split": "held-out" if sum(p for p in points if p != 0xFE0F) % 10 == 7 else "train",
            "subgroup": subgroup[sequence.replace("\ufe0f", "")],
            "names": {language: entry["name"] for language, entry in entries.items()},
            "keywords": {language: entry.get("keywords", []) for language, entry in entries.items()},
        })
    rows.sort(key=lambda row: [ord(c) for c in row["emoji"]])
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    (target / "metadata.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (target / "LICENSE.pictures.txt").write_text(licence("fonts-noto-color-emoji", "SIL-1.1"), encoding="utf-8")
    (target / "LICENSE.names.txt").write_text(licence("unicode-cldr-core", "Unicode-DFS-2016"), encoding="utf-8")
    held = sum(row["split"] == "held-out" for row in rows)
    print(f"{len(rows)} emoji, {held} held out, {total} bytes of pictures")


main()
