"""Hostile ZIP files: refused with a reason, and nothing is written outside the folder."""

import io
import stat
import struct
import zipfile

import pytest

from portal.amendments.archive import MOST_BYTES, MOST_FILES, unpack
from portal.amendments.errors import BadArchive


def made(*entries, method=zipfile.ZIP_DEFLATED):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return data.getvalue()


def link(name, target):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry, target


def encrypted():
    data = bytearray(made(("study.yaml", "x" * 30)))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", data, data.index(signature) + offset, 1)
    return bytes(data)


def lying():
    """Says that it holds little, and holds much."""
    data = bytearray(made(("study.yaml", b"\0" * (MOST_BYTES + 1))))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + offset, 10)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a ZIP"),
        (b"PK\x03\x04 nonsense", "not a ZIP"),
        (made(("study.yaml", "a"))[:-30], "not a ZIP"),
        (encrypted(), "without a password"),
        (made(("other.yaml", "a")), "no study.yaml"),
        (made(("a/b/study.yaml", "a")), "no study.yaml"),
        (made(("../study.yaml", "a")), "not allowed"),
        (made(("/tmp/study.yaml", "a")), "not allowed"),
        (made(("a\\..\\study.yaml", "a")), "not allowed"),
        (made(("C:/study.yaml", "a")), "not allowed"),
        (made(("a/b/c/d/study.yaml", "a")), "not allowed"),
        (made(("x" * 300 + ".yaml", "a")), "not allowed"),
        (made(("stu\x07dy.yaml", "a")), "not allowed"),
        (made(link("study.yaml", "/etc/passwd")), "not a plain file"),
        (made(*((f"{n}.yaml", "a") for n in range(MOST_FILES + 1))), "more than"),
        (made(("study.yaml", b"\0" * (MOST_BYTES + 1))), "larger than"),
        (made(("study.yaml", b"\0" * 6_000_000), ("b.yaml", b"\0" * 6_000_000)), "larger than"),
        (lying(), "not a ZIP|larger than"),
    ],
    ids=lambda one: one if isinstance(one, str) else "data",  # a ZIP tells the time, and workers must agree on names
)
def test_it_is_refused(tmp_path, data, why):
    inside = tmp_path / "inside"
    inside.mkdir()
    with pytest.raises(BadArchive, match=why):
        unpack(data, inside)
    assert [one.name for one in tmp_path.iterdir()] == ["inside"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(tmp_path):
    with pytest.raises(BadArchive, match="twice"):
        unpack(made(("study.yaml", "a"), ("study.yaml", "b")), tmp_path)


def test_what_a_study_does_not_need_is_left_out(tmp_path):
    data = made(("study/study.yaml", "a"), ("study/run.sh", "rm"), ("__MACOSX/study/._study.yaml", "x"))
    assert unpack(data, tmp_path) == tmp_path / "study"
    assert [one.name for one in (tmp_path / "study").iterdir()] == ["study.yaml"]
