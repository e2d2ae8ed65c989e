"""Where a browser goes: what the tests of redirects share."""

_CONTROLS = "".join(map(chr, range(0x21)))
_PLACE = "https://auth.example.org"

# What has led browsers astray in other products: slashes, backslashes, whitespace that is dropped, schemes, hosts.
LEAD_ELSEWHERE = (
    "//evil.example",
    "///evil.example",
    "////evil.example/..",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "/\r\n//evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "http:///evil.example",
    "https://auth.example.org@evil.example/",
    "https://auth.example.org.evil.example/",
    "//auth.example.org@evil.example",
    "//2130706433/",
    "//0x7f.1/",
    "http://2130706433",
    "///2130706433",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,hi",
    "vbscript:x",
    "//[::1]/",
    "https://[",
    "//[::ffff:1.2.3.4",
    "evil.example",
    "@evil.example",
    ".evil.example",
)


def stays_here(location: str) -> bool:
    """Tell whether a browser that is sent to a location stays on our origin, by the steps of the URL standard.

    Spaces and controls at the ends go, tabs and newlines go anywhere, a backslash is a slash, two slashes begin a host.
    """
    seen = location.strip(_CONTROLS).translate({ord(character): None for character in "\t\r\n"})
    path = seen.partition("?")[0].partition("#")[0].replace("\\", "/")
    if seen.startswith(f"{_PLACE}/"):
        return True
    return path.startswith("/") and not path.startswith("//")
