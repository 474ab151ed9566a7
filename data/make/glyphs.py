"""Make data/glyphs.npz: 62 characters drawn in the 21 text fonts that come inside matplotlib.

Run `python data/make/glyphs.py` from anywhere. It needs no network and takes about a second.
The arrays come out the same on every run; `tests/test_datasets.py` checks that the committed file agrees.
"""

import argparse
import io
import os
import string
import zipfile
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
SIDE = 56  # pixels of a picture in the bank, twice the 28 that learners get
CAP_HEIGHT = 40  # every font is scaled so that its capital H is this tall, 20 of 28 pixels
INK_LIMIT = 48  # what is wider or taller (W, j) is squeezed to this, which leaves room to rotate and shift
OVERSAMPLE = 8  # letters are drawn this much larger, then averaged down


def four_styles(name: str, family: str, stem: str, endings: str) -> list[tuple[str, str, bool, bool, str]]:
    """Rows (name, family, bold, italic, file) of a font that has a regular, bold, italic and bold italic face."""
    styles = (("Regular", False, False), ("Bold", True, False), ("Italic", False, True), ("Bold Italic", True, True))
    files = [stem + ending for ending in ("", *endings.split())]
    return [
        (f"{name} {style}", family, bold, italic, file)
        for (style, bold, italic), file in zip(styles, files, strict=True)
    ]


FONTS = (
    *four_styles("DejaVu Sans", "sans", "DejaVuSans", "-Bold -Oblique -BoldOblique"),
    *four_styles("DejaVu Mono", "mono", "DejaVuSansMono", "-Bold -Oblique -BoldOblique"),
    *four_styles("DejaVu Serif", "serif", "DejaVuSerif", "-Bold -Italic -BoldItalic"),
    *four_styles("STIX", "serif", "STIXGeneral", "Bol Italic BolIta"),
    ("Computer Modern Roman", "serif", False, False, "cmr10"),
    ("Computer Modern Bold", "serif", True, False, "cmb10"),
    ("Computer Modern Italic", "serif", False, True, "cmti10"),
    ("Computer Modern Sans", "sans", False, False, "cmss10"),
    ("Computer Modern Mono", "mono", False, False, "cmtt10"),
)


def open_font(stem: str) -> ImageFont.FreeTypeFont:
    """The font at the size where its capital H is CAP_HEIGHT * OVERSAMPLE pixels tall."""
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", stem + ".ttf")
    goal = CAP_HEIGHT * OVERSAMPLE
    trial = ImageFont.truetype(path, 1000, layout_engine=ImageFont.Layout.BASIC)
    _, top, _, bottom = trial.getbbox("H")
    return trial.font_variant(size=round(1000 * goal / (bottom - top)))


def draw(character: str, font: ImageFont.FreeTypeFont) -> np.ndarray:
    """One character, white on black, its ink centred: uint8, shape (SIDE, SIDE)."""
    cap = CAP_HEIGHT * OVERSAMPLE
    large = Image.new("L", (5 * cap // 2, 5 * cap // 2))
    ImageDraw.Draw(large).text((cap // 2, cap // 4), character, font=font, fill=255)
    large = large.crop(large.getbbox())  # the ink; the font's own box would include the space beside it
    size = [min(INK_LIMIT, max(1, round(side / OVERSAMPLE))) for side in large.size]
    picture = Image.new("L", (SIDE, SIDE))
    picture.paste(large.resize(size, Image.Resampling.BOX), [(SIDE - side) // 2 for side in size])
    return np.asarray(picture)


def make_bank() -> dict[str, np.ndarray]:
    """All pictures, shape (fonts, characters, SIDE, SIDE), with the names and the style of each font."""
    names, families, bold, italic, stems = zip(*FONTS, strict=True)
    pictures = [[draw(character, font) for character in CHARACTERS] for font in map(open_font, stems)]
    return {
        "bank": np.array(pictures, np.uint8),
        "characters": np.array(list(CHARACTERS)),
        "fonts": np.array(names),
        "family": np.array(families),
        "bold": np.array(bold),
        "italic": np.array(italic),
    }


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write what numpy.load reads, with fixed dates inside and a rename at the end."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, array in arrays.items():
                content = io.BytesIO()
                np.lib.format.write_array(content, array, allow_pickle=False)
                info = zipfile.ZipInfo(name + ".npy", date_time=(1980, 1, 1, 0, 0, 0))
                archive.writestr(info, content.getvalue(), zipfile.ZIP_DEFLATED, 9)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def main() -> None:
    """Write the bank and print its size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "glyphs.npz")
    out = parser.parse_args().out
    arrays = make_bank()
    write_npz(out, arrays)
    print(f"{out.name}: bank {arrays['bank'].shape}, {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
