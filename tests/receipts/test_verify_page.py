from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal.app import create_app
from portal.db.engine import Database
from portal.receipts.service import ReceiptService
from portal.receipts.verify import LARGEST
from portal.settings import Settings
from portal.wiring import build
from tests.receipts.conftest import a_record


@pytest.fixture
def page(tmp_path: Path) -> Iterator[tuple[FlaskClient, ReceiptService]]:
    settings = Settings(instance=tmp_path, demonstration=True)
    services = build(settings)
    app = create_app(settings, services)
    app.config["WTF_CSRF_ENABLED"] = False
    receipts = services.get(ReceiptService)
    yield app.test_client(), receipts
    database: Database = receipts._database
    database.dispose()


def upload(client: FlaskClient, pdf: bytes) -> tuple[int, str]:
    file = {"file": (BytesIO(pdf), "name.pdf")}
    answer = client.post("/verify", data=file, content_type="multipart/form-data")
    return answer.status_code, answer.get_data(as_text=True)


def test_it_tells_a_whole_receipt_and_a_tampered_one(page: tuple[FlaskClient, ReceiptService]) -> None:
    client, receipts = page
    pdf = receipts.pdf(receipts.issue(a_record()).reference)
    code, text = upload(client, pdf)
    assert code == 200
    assert "nothing was changed" in text
    assert "C-7QK2-M4XB-9TWD" in text
    assert "24/11/2026 14:33 GMT" in text
    assert "Anna Testperson" not in text
    assert "extra bytes after the end" in upload(client, pdf + b"x")[1]
    assert "C-7QK2-M4XB-9TWD" not in upload(client, pdf + b"x")[1]
    assert client.get("/verify/certificate.pem").data == receipts.certificate_pem


def test_it_refuses_what_is_too_large(page: tuple[FlaskClient, ReceiptService]) -> None:
    client, _ = page
    assert "too large" in upload(client, b"%PDF-" + b"0" * LARGEST)[1]
    assert upload(client, b"%PDF-" + b"0" * 7_000_000)[0] == 413


def test_it_asks_for_a_file(page: tuple[FlaskClient, ReceiptService]) -> None:
    client, _ = page
    assert "Choose a PDF file" in client.post("/verify").get_data(as_text=True)
