from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from portal.db.base import Base
from portal.db.engine import Database
from portal.db.keyring import Keyring
from portal.db.personal_keys import PersonalKeys
from portal.receipts import certificates
from portal.receipts.certificates import SealingKey
from portal.receipts.domain import (
    ChainHead,
    DocumentShown,
    Enclosure,
    Kind,
    Record,
    Signature,
    StatementAnswered,
    StudyFacts,
)
from portal.receipts.render import Renderer
from portal.receipts.seal import Sealer
from portal.receipts.service import ReceiptService
from portal.settings import ROOT

NOW = datetime(2026, 11, 24, 14, 33, 12, 345678, tzinfo=UTC)
HASH = "ab12cd34" * 8


def a_record(**changes: object) -> Record:
    record = Record(
        kind=Kind.CONSENT,
        reference="C-7QK2-M4XB-9TWD",
        language="en",
        made_at=NOW,
        study=StudyFacts(
            title="An invented study of video guidance",
            short_title="Invented study",
            iras_id="310569",
            rec_name="Invented Research Ethics Committee",
            rec_reference="22/YH/0057",
            sponsor="Invented University",
            contact_name="Research team",
            contact_email="team@example.org",
        ),
        participant="C-0007",
        group="Mother or carer",
        documents=(DocumentShown("Information sheet", "0.1", date(2026, 11, 24), "en", HASH),),
        statements=(
            StatementAnswered("read", "I have read the information sheet.", True, True, "AT", HASH),
            StatementAnswered("quotes", "My words may be quoted.", False, False, "AT", HASH),
        ),
        signatures=(Signature("Participant", "Anna Testperson", "I agree to take part.", NOW),),
        chain=ChainHead(41, HASH),
        enclosures=(Enclosure("information-sheet.md", "text/markdown", "Information sheet 0.1", b"# Sheet\n"),),
    )
    return replace(record, **changes)


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer(ROOT / "templates" / "receipts", ROOT / "translations", "https://study.example.org/verify")


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> SealingKey:
    folder = tmp_path_factory.mktemp("keys")
    return certificates.load_or_make(folder, organisation="Invented University", at=NOW)


@pytest.fixture(scope="session")
def sealer(key: SealingKey) -> Sealer:
    return Sealer(lambda: key, lambda: NOW)


@pytest.fixture(scope="session")
def unsealed(renderer: Renderer) -> bytes:
    return renderer.render(a_record()).pdf


@pytest.fixture(scope="session")
def sealed(sealer: Sealer, unsealed: bytes) -> bytes:
    return sealer.seal(unsealed, "Receipt")[0]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    keyring = Keyring.new()
    keys = PersonalKeys(f"sqlite:///{tmp_path / 'keys.sqlite3'}", keyring)
    made = Database(f"sqlite:///{tmp_path / 'test.sqlite3'}", keyring, keys)
    Base.metadata.create_all(made.engine, tables=[Base.metadata.tables["receipt"]])
    yield made
    made.dispose()


@pytest.fixture
def service_with(database: Database, renderer: Renderer) -> Callable[[Sealer], ReceiptService]:
    return lambda sealer: ReceiptService(database, lambda: NOW, renderer, sealer)


@pytest.fixture
def receipts(service_with: Callable[[Sealer], ReceiptService], sealer: Sealer) -> ReceiptService:
    return service_with(sealer)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """WeasyPrint 70 leaves its own colour profile for the garbage collector to close."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed file.*sRGB2014.icc:ResourceWarning"))
            item.add_marker(
                pytest.mark.filterwarnings("ignore:Exception ignored in.*:pytest.PytestUnraisableExceptionWarning")
            )
