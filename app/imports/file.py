"""The file itself, in chunks of a megabyte in the database: any worker on any machine reads it from there."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from sqlalchemy import delete, insert, select

from app.db import db
from app.imports.upload import Import, ImportChunk

CHUNK = 1024 * 1024
LARGEST = 2 * 1024**3
HEAD = 256 * 1024  # enough to see how a file is written


class TooLarge(ValueError):
    """More than LARGEST."""


def store(upload: Import, stream: BinaryIO) -> None:
    digest, size, number = hashlib.sha256(), 0, 0
    while data := stream.read(CHUNK):
        digest.update(data)
        size += len(data)
        if size > LARGEST:
            raise TooLarge
        chunk = {"import_id": upload.id, "number": number, "size": len(data), "data": zlib.compress(data, 1)}
        db.session.execute(insert(ImportChunk).values(chunk))
        number += 1
    upload.size, upload.sha256 = size, digest.hexdigest()


def chunks(import_id: int) -> Iterator[bytes]:
    number = 0
    while True:
        data = db.session.scalar(
            select(ImportChunk.data).where(ImportChunk.import_id == import_id, ImportChunk.number == number)
        )
        if data is None:
            return
        yield zlib.decompress(data)
        number += 1


def head(import_id: int) -> bytes:
    return next(chunks(import_id), b"")[:HEAD]


def forget(import_id: int) -> None:
    db.session.execute(delete(ImportChunk).where(ImportChunk.import_id == import_id))
