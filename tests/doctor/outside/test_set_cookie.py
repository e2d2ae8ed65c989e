"""`Set-Cookie`, as a browser reads it."""

from coatcheck.doctor.outside.set_cookie import ours_in, parse_set_cookie


def test_attributes_are_read_in_any_spelling() -> None:
    cookie = parse_set_cookie("__Host-coatcheck=a=b; path=/ ;HTTPONLY; samesite = Strict;Secure; Max-Age=60")
    assert (cookie.name, cookie.value, cookie.pair) == ("__Host-coatcheck", "a=b", "__Host-coatcheck=a=b")
    expected = {"path": "/", "httponly": "", "samesite": "Strict", "secure": "", "max-age": "60"}
    assert cookie.attributes == expected


def test_the_last_of_two_counts() -> None:
    """So does a proxy's that comes after ours."""
    assert parse_set_cookie("a=b; SameSite=Strict; SameSite=None").attributes["samesite"] == "None"


def test_what_is_removed_or_somebody_elses_is_not_ours() -> None:
    lines = ["__Host-coatcheck=; Max-Age=0", "AWSALB=x", "coatcheck-session=y"]
    assert [each.name for each in ours_in(lines)] == ["coatcheck-session"]


def test_its_value_is_not_shown() -> None:
    assert "secret" not in repr(parse_set_cookie("__Host-coatcheck=secret"))
