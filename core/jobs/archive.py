"""An ended training as one file: a zip of its request, map, epochs and outcome, checked before it is taken in."""

import io
import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core.files import json_object, read_json, write_bytes, write_json
from core.jobs.epochs import MAX_EPOCHS_BYTES, read_epochs, write_epochs
from core.jobs.folder import EPOCHS, OUTCOME, REQUEST
from core.jobs.progress import read_progress
from core.jobs.request import Request, read_request
from core.jobs.runs import check_name, new_folder, put_last
from core.maps.card import MAX_CARD_BYTES
from core.maps.inverse_map import MAX_FILE_BYTES, load_inverse_map
from core.maps.recipe_file import recipe_from_json

CARD, MAP = "map.json", "map.safetensors"
# Each file of an archive, and the bytes that it may have once it is decompressed.
MEMBERS = {REQUEST: 2**18, CARD: MAX_CARD_BYTES, MAP: MAX_FILE_BYTES, EPOCHS: MAX_EPOCHS_BYTES, OUTCOME: 2**14}
MAX_ARCHIVE_BYTES = 12 * 2**20
MAX_LIST_BYTES = 4096  # of the list of files at the archive's end
END, END_64 = b"PK\x05\x06", b"PK\x06\x07"  # which begin the archive's last bytes, and those before them in a large one
END_BYTES, END_64_BYTES = 22, 20
NO_ARCHIVE = "This is no archive of a training: choose a file that was downloaded here."
OTHER_FILES = f"An archive of a training holds the {len(MEMBERS)} files {', '.join(MEMBERS)}, and no others."


@dataclass(frozen=True)
class Archive:
    """The files of a training: its request, the card of its map, and the bytes of the others by name."""

    request: Request
    card: dict[str, Any]
    others: dict[str, bytes]


def pack(folder: Path) -> bytes:
    """Return the archive of an ended training with a map; it does not tell whose training it is.

    Raises ValueError where a file cannot be read.
    """
    name = folder.name
    try:
        request = replace(read_request(folder), owner="", expected_seconds=None)
        content = {
            REQUEST: json.dumps(asdict(request), indent=2).encode(),
            CARD: json.dumps(read_json(folder / f"{name}.json"), indent=2).encode(),
            MAP: (folder / f"{name}.safetensors").read_bytes(),
            EPOCHS: (folder / EPOCHS).read_bytes(),
            OUTCOME: _outcome(folder),
        }
    except (OSError, ValueError):
        raise ValueError(f"The files of the training {name!r} cannot be read.") from None
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for member, data in content.items():
            archive.writestr(zipfile.ZipInfo(member), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _outcome(folder: Path) -> bytes:
    """Return how a training with a map has ended; one that was killed after its map has no file that says it."""
    if (folder / OUTCOME).exists():
        return (folder / OUTCOME).read_bytes()
    progress = read_progress(folder)
    if not progress.state.ended:
        raise ValueError("Its process is about to write how it has ended.")
    return json.dumps({"state": progress.state, "message": progress.message}).encode()


def unpacked_bytes(content: bytes) -> int:
    """Return the bytes that the files of an archive have together once they are decompressed; none is.

    Raises ValueError with a sentence where the archive's list is not one that `pack` makes.
    """
    return sum(each.file_size for each in _opened(content).infolist())


def unpack(content: bytes) -> Archive:
    """Return what an archive holds; no file is decompressed before it is known how large it will be.

    Raises ValueError with a sentence for anything that `pack` does not make.
    """
    archive = _opened(content)
    with _whole():
        files = {each.filename: _read(archive, each) for each in archive.infolist()}
    request = json_object("The request in the archive", files.pop(REQUEST))
    card = json_object("The card in the archive", files.pop(CARD))
    try:
        return Archive(Request(**request), card, files)
    except TypeError:
        raise ValueError("The request in the archive is not complete: download the training again.") from None


def _opened(content: bytes) -> zipfile.ZipFile:
    """Return an archive whose list of files is as it must be; raises ValueError with a sentence for another."""
    if len(content) > MAX_ARCHIVE_BYTES:
        raise ValueError("The file is larger than 12 MB, which no archive of a training is.")
    _check_end(content)
    with _whole():
        archive = zipfile.ZipFile(io.BytesIO(content))
    _check_members(archive.infolist())
    return archive


@contextmanager
def _whole() -> Iterator[None]:
    """Turn what Python's reader raises for a damaged archive into a ValueError with a sentence."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError):
        raise ValueError(NO_ARCHIVE) from None


def _check_end(content: bytes) -> None:
    """Raise ValueError unless the archive ends with a short list of as many files as there must be.

    Python's reader takes the whole list, however long it is.
    """
    end = content[-END_BYTES:]
    if len(end) < END_BYTES or not end.startswith(END) or content[-END_BYTES - END_64_BYTES :].startswith(END_64):
        raise ValueError(NO_ARCHIVE)
    n_files, n_bytes = struct.unpack("<HL", end[10:16])
    if n_files != len(MEMBERS) or n_bytes > MAX_LIST_BYTES:
        raise ValueError(OTHER_FILES)


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Raise ValueError unless there are just the files that there must be, each a plain one and not too large."""
    if sorted(each.filename for each in members) != sorted(MEMBERS):
        raise ValueError(OTHER_FILES)
    for each in members:
        mode = each.external_attr >> 16
        if (stat.S_IFMT(mode) and not stat.S_ISREG(mode)) or each.flag_bits & 1:
            raise ValueError(f"{each.filename} in the archive is no plain file: download the training again.")
        if each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{each.filename} in the archive is compressed in another way: download it again.")
        if each.file_size > MEMBERS[each.filename]:
            raise ValueError(f"{each.filename} in the archive is larger than that of any training.")


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a file, up to the size that the list states, where their checksum is compared."""
    with archive.open(member) as file:
        return file.read(member.file_size + 1)  # without a number all would be decompressed at once


def add(runs: Path, archive: Archive, name: str, owner: str) -> Path:
    """Make an archive a training of this name and owner, and return its folder; after an error there is none.

    Raises ValueError with a sentence where a file is not one of an ended training, for a name that is taken or not
    valid, and where the folder cannot be written to.
    """
    check_name(name)
    folder = runs / name
    with new_folder(folder) as new:
        replace(archive.request, name=name, owner=owner, expected_seconds=None).save(new)
        write_json(new / f"{name}.json", {**archive.card, "name": name})
        for member, content in archive.others.items():
            write_bytes(new / (f"{name}.safetensors" if member == MAP else member), content)
        _check(new, name)
        write_epochs(new, read_epochs(new))  # without what follows the first line that no training writes
        put_last(new, runs)
    return folder


def _check(folder: Path, name: str) -> None:
    """Raise ValueError where a file is not one of an ended training, or where the map is of another recipe."""
    try:
        progress = read_progress(folder)
    except ValueError:
        raise ValueError("The epochs or the outcome in the archive are not those of a training.") from None
    if not (progress.state.ended and progress.done):
        raise ValueError("The training in the archive has not ended: download it again.")
    if load_inverse_map(folder / f"{name}.safetensors").recipe != recipe_from_json(read_request(folder).recipe):
        raise ValueError("The map in the archive has another recipe than its training: download it again.")
