"""A believable CSV of customers, and the same good rows as PostgreSQL's own COPY takes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

HEADER = "lms_lead_id,email,first_name,last_name,mobile,timezone,created_date,score:numeric,course,interest,paid\n"
COLUMNS = "lms_lead_id, email, first_name, last_name, mobile, timezone, created_date, attributes"
FIRST = ("Maya", "Tomasz", "Aisha", "Chiara", "Samir", "Greta", "Noah", "Julia", "Zoë", "Lars", "Priya", "Ömer")
LAST = ("Lindqvist", "Nowak", "Rahman", "Bianchi", "Haddad", "Neumann", "Fischer", "Mensah", "Šimková", "O'Neil")
HOSTS = ("posteo.example", "web.example", "mail.example", "campus.example")
ZONES = ("Europe/Berlin", "Europe/Rome", "Europe/London", "America/New_York", "Asia/Kolkata")
COURSES = ("UX Bootcamp", "Data Foundations", "Sound for Film", "Web Design, Evening", "Product Photography")
INTERESTS = ("festivals", "design", "data", "film", "music", "photography")
BAD_EVERY = 200  # rows: one address without an @, as a real export has


def write(folder: Path, rows: int) -> tuple[Path, Path]:
    """The file to import, and what a COPY of its good rows would be; both are kept between runs."""
    file, raw = folder / f"customers-{rows}.csv", folder / f"customers-{rows}.copy"
    if not (file.exists() and raw.exists()):
        new = [path.with_name(path.name + ".new") for path in (file, raw)]
        with new[0].open("w") as ours, new[1].open("w") as theirs:
            ours.write(HEADER)
            for line, copied in _lines(rows):
                ours.write(line)
                theirs.write(copied)
        new[0].rename(file)
        new[1].rename(raw)
    return file, raw


def _lines(rows: int) -> Iterator[tuple[str, str]]:
    dice = Random(7)
    for n in range(rows):
        first, last, zone = dice.choice(FIRST), dice.choice(LAST), dice.choice(ZONES)
        lead, mobile = f"LMS-{n * 7919 % rows:08}", f"+49 151 {dice.randrange(10**7, 10**8)}"
        email = f"{first}.{last}.{n}@{dice.choice(HOSTS)}".lower().replace("'", "")
        email = email.encode("ascii", "ignore").decode()
        signed_up = f"20{dice.randrange(20, 26)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}T10:0{n % 10}:00Z"
        course, interests = dice.choice(COURSES), dice.sample(INTERESTS, 2)
        known = {"score": dice.randrange(100), "course": course, "interest": interests, "paid": n % 3 == 0}
        is_bad = n % BAD_EVERY == 17
        listed = json.dumps(interests).replace('"', '""')
        yield (
            f"{lead},{email.replace('@', ' at ') if is_bad else email},{first},{last},{mobile},{zone},{signed_up},"
            f'{known["score"]},"{course}","{listed}",{str(known["paid"]).lower()}\n',
            "" if is_bad else "\t".join((lead, email, first, last, mobile, zone, signed_up, json.dumps(known))) + "\n",
        )
