"""A QR code as SVG, to be put into a page or an answer."""

import importlib
from typing import Any


def qr_svg(text: str) -> str:
    """Draw a text as a QR code, with the quiet margin that cameras need; dark on light, whatever the page's colours.

    To a screen reader it is nothing: whoever shows it says beside it what it holds.

    See: ISO/IEC 18004 section 9.1 (four modules of margin).
    """
    # By name: few requests draw one, and a worker that draws none needs no memory for it.
    segno: Any = importlib.import_module("segno")
    svg: str = segno.make(text, error="m", micro=False).svg_inline(
        scale=4, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return svg.replace("<svg ", '<svg aria-hidden="true" ', 1)
