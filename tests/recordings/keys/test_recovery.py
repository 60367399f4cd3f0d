import itertools
import subprocess

import pytest
from click.testing import CliRunner

from portal.cli import portal
from portal.recordings.age import Kind
from portal.recordings.keys.recovery import SharesRefused, check, join, make, needed


@pytest.mark.parametrize("kind", list(Kind))
def test_any_two_of_three_join_to_the_same_key(kind):
    key = make(2, 3, kind)
    for pair in itertools.combinations(key.shares, 2):
        assert join(pair) == key.identity
    with pytest.raises(SharesRefused):
        join(key.shares[:1])
    assert needed(key.shares[2]) == 2


def test_a_share_of_another_key_and_a_mistyped_one_are_told_apart():
    one, other = make(2, 3, Kind.X25519), make(2, 3, Kind.X25519)
    with pytest.raises(SharesRefused, match="do not join"):
        join([one.shares[0], other.shares[1]])
    words = one.shares[0].split()
    swapped = " ".join([*words[:5], words[6], words[5], *words[7:]])
    for wrong in (swapped, "academic acid", "", "not words at all"):
        with pytest.raises(SharesRefused, match="mistyped"):
            check(wrong)
    assert check("  " + one.shares[0].upper().replace(" ", "\n")) == one.shares[0]


@pytest.mark.parametrize(("threshold", "shares"), [(1, 3), (4, 3), (2, 17), (0, 0)])
def test_odd_numbers_are_refused(threshold, shares):
    with pytest.raises(SharesRefused):
        make(threshold, shares)


def test_from_the_printer_back_to_a_file_that_age_takes(tmp_path):
    runner = CliRunner()
    printed = runner.invoke(portal, ["keys", "recovery", "--threshold", "2", "--shares", "3", "--classic"])
    assert printed.exit_code == 0, printed.output
    public, *sheets = printed.stdout.split("\f")
    recipient = next(line for line in public.splitlines() if line.startswith("age1"))
    shares = [sheet.split("On one line:\n")[1].strip() for sheet in sheets]
    file = tmp_path / "recovery.txt"
    typed = "\n".join([shares[2], "mistyped words", shares[2], shares[0]]) + "\n"
    joined = runner.invoke(portal, ["keys", "recovery", "join", "--to", str(file)], input=typed)
    assert joined.exit_code == 0, joined.output
    assert "mistyped" in joined.output
    assert "already" in joined.output
    assert file.stat().st_mode & 0o777 == 0o600
    words = next(line for line in public.splitlines() if line.startswith("Its words: ")).removeprefix("Its words: ")
    assert words in joined.output
    sealed = subprocess.run(["age", "-r", recipient], input=b"content", capture_output=True, check=True).stdout
    opened = subprocess.run(["age", "-d", "-i", str(file)], input=sealed, capture_output=True, check=True).stdout
    assert opened == b"content"
    again = runner.invoke(portal, ["keys", "recovery", "join", "--to", str(file)], input=typed)
    assert again.exit_code == 1
