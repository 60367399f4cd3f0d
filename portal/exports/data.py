"""The research data: one table, the same as JSON, and everything needed to understand it."""

from collections.abc import Collection, Iterator, Sequence

from portal.canonical import canonical_json
from portal.exports.archive import Archive
from portal.exports.columns import variables
from portal.exports.dictionary import codebook, dictionary_csv, redcap_csv
from portal.exports.domain import SMALL, Reader, SmallCells, Tally, Variable, csv_line
from portal.exports.editions import Edition, editions, versions_csv
from portal.exports.explaining import Line, listed, text
from portal.exports.gather import Gathering
from portal.exports.register import BOM
from portal.sentence import said
from portal.study.domain import Study
from portal.study.service import StudyBook

_FILES: tuple[Line, ...] = (
    ("participants.csv", said("one line for each participant, by study ID; UTF-8")),
    ("participants.json", said("the same as JSON")),
    ("data-dictionary.csv", said("what each column means")),
    ("versions.csv", said("the published versions of the study, by number, with the versions of their documents")),
    ("codebook.html", said("the same, to read")),
    ("redcap-data-dictionary.csv", said("for REDCap: Project Setup, Data Dictionary, Upload")),
    ("small-cells.csv", said("answers that few people gave")),
    ("SHA256SUMS", said("check with: sha256sum -c SHA256SUMS")),
)


class DataContents:
    """Writes the archive of the data."""

    def __init__(self, studies: StudyBook, gathering: Gathering) -> None:
        self._studies = studies
        self._gathering = gathering

    def archive(self, sites: Collection[str] | None, tally: Tally, reader: Reader) -> Iterator[bytes]:
        """The archive, piece by piece. People are read twice, for the table and for JSON, so that memory stays flat."""
        known, archive, cells = editions(self._studies.all()), Archive(), SmallCells()
        study, columns = known[-1].study, variables(known)
        yield from archive.add("participants.csv", self._table(sites, columns, cells, tally))
        yield from archive.add("participants.json", self._json(known, sites, columns))
        yield from archive.add("data-dictionary.csv", _marked(dictionary_csv(columns, reader)))
        yield from archive.add("versions.csv", _marked(versions_csv(known)))
        yield from archive.add("codebook.html", [codebook(study, columns, reader)])
        yield from archive.add("redcap-data-dictionary.csv", redcap_csv(columns, reader))
        small = cells.found()
        tally.small_cells = len(small)
        lines = [csv_line(("group", "column", "value", "people")), *(csv_line(one) for one in small)]
        yield from archive.add("small-cells.csv", _marked(iter(lines)))
        yield from archive.add("README.txt", [_readme(study, len(small), reader)])
        sums = "".join(f"{digest}  {name}\n" for name, digest in archive.members.items())
        yield from archive.add("SHA256SUMS", [sums.encode("ascii")])
        yield from archive.finish()

    def _table(
        self, sites: Collection[str] | None, columns: tuple[Variable, ...], cells: SmallCells, tally: Tally
    ) -> Iterator[bytes]:
        yield BOM + csv_line(one.name for one in columns)
        for chunk in self._gathering.people(sites, answers=True):
            tally.people += len(chunk)
            lines = []
            for person in chunk:
                row = self._gathering.row(person, columns)
                cells.add(person.participant.group, columns, row)
                lines.append(csv_line(row.get(one.name) for one in columns))
            yield b"".join(lines)

    def _json(
        self, known: Sequence[Edition], sites: Collection[str] | None, columns: tuple[Variable, ...]
    ) -> Iterator[bytes]:
        study, hashes = known[-1].study, {str(one.number): one.publication.content_hash for one in known}
        head = canonical_json(
            {
                "study": study.short_title, "iras_id": study.iras_id, "version": hashes[str(len(known))],
                "versions": hashes,
            }
        )  # fmt: skip
        yield b'{"about":' + head + b',"participants":['
        first = True
        for chunk in self._gathering.people(sites, answers=True):
            rows = [self._gathering.row(person, columns) for person in chunk]
            filled = [{key: value for key, value in row.items() if value not in (None, "")} for row in rows]
            yield (b"" if first else b",\n") + b",\n".join(canonical_json(row) for row in filled)
            first = False
        yield b"]}\n"


def _marked(lines: Iterator[bytes]) -> Iterator[bytes]:
    yield BOM
    yield from lines


def _readme(study: Study, small: int, reader: Reader) -> bytes:
    few = (
        said(
            "WARNING: answers that fewer than %(few)s people of a group gave: %(number)s (small-cells.csv). Somebody"
            " who knows them may recognise them. Put such answers together before you share or publish anything.",
            few=SMALL, number=small,
        )
        if small
        else said("No answer was given by fewer than %(few)s people of a group.", few=SMALL)
    )  # fmt: skip
    last = (
        said("The data is pseudonymous, not anonymous: it is still personal data. Keep it where your protocol says."),
        said("An apostrophe before = + - @ keeps spreadsheets from running a text as a formula."),
    )
    about = (study.title, said("IRAS ID %(number)s", number=study.iras_id))
    return text((about, (few,), listed(_FILES, reader), last), reader)
