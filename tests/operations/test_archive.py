"""Files into one encrypted file and back."""

import pytest

from portal.operations.archive import pack, unpack
from portal.operations.errors import BackupDamaged
from portal.recordings.age import new_identity


def test_files_come_back_as_they_were_and_for_their_owner_alone(tmp_path):
    identity, one, folder = new_identity(), tmp_path / "one", tmp_path / "back"
    one.write_bytes(bytes(range(256)) * 1000)
    one.chmod(0o644)
    folder.mkdir()
    pack({"vault/deep/one": one, "two": one}, tmp_path / "files.age", [identity.recipient])
    found = unpack(tmp_path / "files.age", folder, [identity])
    assert sorted(found) == [folder / "two", folder / "vault" / "deep" / "one"]
    for path in found:
        assert path.read_bytes() == one.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_mtime == pytest.approx(one.stat().st_mtime, abs=1)


@pytest.mark.parametrize("name", ["../evil", "vault/../../evil"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    identity, one, folder = new_identity(), tmp_path / "one", tmp_path / "back"
    one.write_text("x")
    folder.mkdir()
    pack({name: one}, tmp_path / "files.age", [identity.recipient])
    before = set(tmp_path.rglob("*"))
    with pytest.raises(BackupDamaged):
        unpack(tmp_path / "files.age", folder, [identity])
    assert set(tmp_path.rglob("*")) == before
