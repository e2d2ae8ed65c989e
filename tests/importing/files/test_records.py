"""What is put aside while an export is read."""

from coatcheck.importing.files.records import Aside


def test_what_is_put_aside_is_found_under_its_owner_in_order() -> None:
    with Aside() as aside:
        aside.put((f"owner {number % 700}", str(number)) for number in range(2500))
        assert aside.of("owner 3") == ["3", "703", "1403", "2103"]
        assert aside.of("nobody") == []
