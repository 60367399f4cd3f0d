import pytest
from sqlalchemy import event, func, select, text

from portal.consent.domain import Signature
from portal.consent.service import ConsentService
from portal.consent.store import ConsentRow
from portal.db.engine import Database
from portal.db.errors import StorageUnavailable


def consents(world):
    with world.get(Database).reading() as session:
        return session.scalar(select(func.count()).select_from(ConsentRow))


@pytest.mark.faults
def test_a_full_disk_in_mid_consent_keeps_all_or_nothing(world):
    person = world.participant()
    world.answers(person)
    _, form = world.get(ConsentService).form(person)
    database = world.get(Database)
    with database.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    database.dispose()

    def limit(connection, _entry):
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(database.engine, "connect", limit)
    long = Signature("Invented Person", "600x200;" + ";".join(["1,1 2,2 3,3 4,4"] * 3000))
    with pytest.raises(StorageUnavailable):
        world.get(ConsentService).give(person, form.content_hash, long)
    event.remove(database.engine, "connect", limit)
    database.dispose()
    assert consents(world) == 0
    assert world.get(ConsentService).give(person, form.content_hash, long).startswith("C-")


@pytest.mark.faults
def test_a_locked_database_gives_a_clear_page(world, monkeypatch):
    client, _ = world.participant_client()
    client.get("/information")

    def locked(*_args, **_kwargs):
        raise StorageUnavailable("locked")

    monkeypatch.setattr(ConsentService, "answer", locked)
    page = client.submit(client.get("/consent/statement/voluntary"), {"agreed": "yes", "initials": "IP"})
    assert (page.status, page.heading) == (503, "Sorry, we cannot save right now")
