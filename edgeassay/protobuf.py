"""Reads ProtoBuf without knowing its schema: fields one after another, each with a number and,
where it is itself a message, a length.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5


def messages(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The fields of a message that have a length, each with its number. ValueError or IndexError
    where the bytes are no message.
    """
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, wire = tag >> 3, tag & 7
        if wire == BYTES:
            length, place = _varint(message, place)
            if place + length > len(message):
                raise ValueError("cut off")
            yield number, message[place : place + length]
            place += length
        elif wire == VARINT:
            _, place = _varint(message, place)
        elif wire in (FIXED_64, FIXED_32):
            place += 8 if wire == FIXED_64 else 4
        else:
            raise ValueError("no ProtoBuf")


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and the place after it."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("no number")
