import json
from io import BytesIO

import pytest
from pypdf import PdfReader

from portal.canonical import canonical_json
from portal.receipts.domain import Signature
from portal.receipts.drawings import Picture, Strokes
from portal.receipts.errors import InvalidRecord
from portal.receipts.fetching import OnlyOurs, RefusedAddress
from portal.receipts.render import Renderer
from tests.receipts.conftest import NOW, a_record


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_it_claims_and_carries_what_pdf_a_3a_asks_for(sealed: bytes) -> None:
    reader = PdfReader(BytesIO(sealed))
    root = reader.trailer["/Root"]
    packet = root["/Metadata"].get_data()
    assert b'pdfaid:part="3"' in packet
    assert b'pdfaid:conformance="A"' in packet
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
    assert root["/OutputIntents"][0]["/DestOutputProfile"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Record of consent C-7QK2-M4XB-9TWD"
    assert [one["/Title"] for one in reader.outline if not isinstance(one, list)] == ["Record of consent"]
    fonts = {id(font): font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()}
    for font in fonts.values():
        assert "/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"] or (
            "/FontFile3" in font["/DescendantFonts"][0]["/FontDescriptor"]
        )


def test_it_carries_the_record_and_the_sheet(sealed: bytes) -> None:
    reader = PdfReader(BytesIO(sealed))
    assert reader.attachments["record.json"] == [a_record().as_json()]
    assert reader.attachments["information-sheet.md"] == [b"# Sheet\n"]
    files = [one.get_object() for one in reader.trailer["/Root"]["/AF"]]
    assert {(one["/UF"], one["/AFRelationship"]) for one in files} == {
        ("record.json", "/Source"),
        ("information-sheet.md", "/Supplement"),
    }
    assert len(files) == 2


def test_it_shows_what_was_asked_answered_and_signed(unsealed: bytes) -> None:
    text = text_of(unsealed)
    for part in (
        "I have read the information sheet.", "(optional)", "Yes", "No", "AT", "Anna Testperson", "310569",
        "22/YH/0057",
        "simple electronic signature, sealed by the organisation", "24 November 2026, 14:33 GMT",
        "2026-11-24 14:33:12 UTC", "Page 1 of", "event 41",
    ):  # fmt: skip
        assert part in text
    assert "qualified" not in text
    assert "advanced" not in text


def test_the_same_record_gives_the_same_bytes(renderer: Renderer, unsealed: bytes) -> None:
    assert renderer.render(a_record()).pdf == unsealed


def test_the_record_is_canonical(unsealed: bytes) -> None:
    data = a_record().as_json()
    assert canonical_json(json.loads(data)) == data


@pytest.mark.parametrize(
    "name", ["فاطمة اختبار", "प्रिया परीक्षण", "Ànna Ñandú-Øster", "Ελένη Δοκιμή", "Maximiliana " * 16]
)
def test_it_prints_names_in_any_script(renderer: Renderer, name: str) -> None:
    printed = renderer.render(a_record(signatures=(Signature("Participant", name, "I agree.", NOW),)))
    assert printed.complete


def test_it_says_so_where_no_font_has_a_letter(renderer: Renderer) -> None:
    signature = Signature("Participant", "\U000e0100\u1fff \U0001fae8\U0003134a", "I agree.", NOW)
    printed = renderer.render(a_record(signatures=(signature,)))
    assert not printed.complete
    assert "Some letters could not be printed" in text_of(printed.pdf).replace("\0", "")


def test_a_name_is_text_and_cannot_turn_its_surroundings_about(renderer: Renderer) -> None:
    signature = Signature("Participant", "<img src='file:///etc/passwd'>\u202eevE", "I agree.", NOW)
    html = renderer.page(a_record(signatures=(signature,))).html
    assert "<img" not in html
    assert "\u202e" not in html
    renderer.render(a_record(signatures=(signature,)))


def test_it_prints_a_drawn_signature(renderer: Renderer) -> None:
    drawing = Strokes(600, 200, (((10.0, 10.0), (300.0, 150.0)), ((5.0, 5.0),)))
    signature = Signature("Participant", "Anna Testperson", "I agree.", NOW, drawing)
    printed = renderer.render(a_record(signatures=(signature,)))
    assert printed.complete
    assert len(printed.pdf) > 1000


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://127.0.0.1/", "data:text/plain,x", "receipt-picture:9"]
)
def test_it_fetches_nothing_from_outside(renderer: Renderer, address: str) -> None:
    with pytest.raises(RefusedAddress):
        OnlyOurs().fetch(address)
    with pytest.raises(RefusedAddress):
        renderer.document("Title", f'<img src="{address}" alt="x">', "Version", "en")


def test_it_rejects_drawings_that_are_too_much_or_none() -> None:
    with pytest.raises(InvalidRecord):
        Picture(b"GIF89a")
    with pytest.raises(InvalidRecord):
        Strokes(600, 200, (((float("nan"), 1.0),),))
    with pytest.raises(InvalidRecord):
        Strokes(600, 200, (((0.0, 0.0),),) * 401)
