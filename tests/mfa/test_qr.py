"""The QR code: fit for a page without inline style. That a camera reads it is seen in the browser's tests."""

import re

from coatcheck.mfa.qr import qr_svg


def test_it_may_stand_in_our_pages() -> None:
    svg = qr_svg("otpauth://totp/Notes:ann@example.org?secret=GEZDGNBVGY3TQOJQ&issuer=<b>")
    assert svg.startswith("<svg ")
    assert not re.search(r"style|<script|href|secret|<b>", svg)
    assert re.search(r'viewBox="0 0 \d+ \d+"', svg)
