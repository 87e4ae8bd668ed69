"""SPF, DKIM and DMARC of a domain: what is there, what is wrong with it, and what to publish."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.deliveries.asking import Questions
from app.deliveries.finding import Finding, Record, shown
from app.deliveries.providers.standing import Needs

SPF = re.compile(r"v=spf1(?= |$)", re.IGNORECASE)
DMARC = re.compile(r"v=DMARC1\s*(?=;|$)", re.IGNORECASE)
OTHERS = re.compile(r"[+?~-]?include:(\S+)|redirect=(\S+)", re.IGNORECASE)
POLICIES = {
    "none": "receivers watch, and refuse nothing",
    "quarantine": "mail that is not ours goes to spam",
    "reject": "mail that is not ours is refused",
}
FIRST_STEP = "v=DMARC1; p=none"
FOLLOWED = 8  # records that an SPF record refers to: receivers follow ten
PARENTS = 4  # above a domain, that are asked for DMARC
LONGEST = 450  # characters of a record that somebody could publish in one go


def spf(ask: Questions, needs: Needs) -> Finding:
    there = [text for text in ask.texts(needs.spf_at) if SPF.match(text)]
    if not there:
        return _no_spf(needs)
    if len(there) > 1:
        said = f"There are {len(there)} SPF records at {needs.spf_at}, so receivers take none of them. Make them one."
        return _wrong(said, there, _record(needs.spf_at, _merged(there, needs.include)))
    (only,) = there
    if {"all", "+all"} & set(only.lower().split()):
        said = "It lets anybody send in your name: its last word must be ~all or -all."
        return _wrong(said, there, _record(needs.spf_at, _merged(there, needs.include)))
    if needs.include and not _names(ask, only, needs.include):
        said = f"It does not let the provider's servers send: {needs.include} is not in it."
        return _wrong(said, there, _record(needs.spf_at, _merged(there, needs.include)))
    said = f"There is one record, with {needs.include}." if needs.include else "There is one record."
    return _good(said, there)


def dkim(ask: Questions, needs: Needs) -> Finding:
    """Of several keys the first that is not right."""
    if not needs.keys:
        said = "Cannot be looked up: only whoever signs your mail knows the name of the key (its selector)."
        return Finding(state="nothing", said=said)
    found = [_key(ask, wanted) for wanted in needs.keys]
    return next((one for one in found if one.state != "good"), found[0])


def dmarc(ask: Questions, domain: str) -> Finding:
    """The domain's own, else the next one above it, as receivers look for it."""
    for name in _upwards(domain):
        there = [text for text in ask.texts(f"_dmarc.{name}") if DMARC.match(text)]
        if there:
            return _policy(there, name, domain)
    said = "There is none: large mailbox providers ask for it from whoever writes to many people."
    return _missing(said, Record(f"_dmarc.{domain}", FIRST_STEP))


def _no_spf(needs: Needs) -> Finding:
    said = f"There is no SPF record at {needs.spf_at}."
    if needs.spf:
        return _missing(said, Record(needs.spf_at, needs.spf))
    return Finding(state="missing", said=f"{said} Ask whoever runs your mail server which one it should be.")


def _names(ask: Questions, record: str, include: str) -> bool:
    """Itself, or a record that it refers to."""
    waiting, asked = [record], set[str]()
    while waiting:
        words = waiting.pop().lower().split()
        if any(word.lstrip("+") == include for word in words):
            return True
        others = {said[1] or said[2] for word in words if (said := OTHERS.fullmatch(word))} - asked
        for other in sorted(others)[: FOLLOWED - len(asked)]:
            asked.add(other)
            waiting += [text for text in ask.texts(other) if SPF.match(text)]
    return False


def _merged(records: list[str], include: str) -> str:
    """Everything that any of them allows, once, and what is to become of the rest."""
    words = [word for record in records for word in record.split()[1:]]
    wanted = [word for word in dict.fromkeys([include, *words]) if word and word.lstrip("+?~-").lower() != "all"]
    return " ".join(["v=spf1", *wanted, "-all" if "-all" in (word.lower() for word in words) else "~all"])


def _key(ask: Questions, wanted: Record) -> Finding:
    there = [text for text in ask.texts(wanted.name) if "p" in _tags(text)]
    publish = [wanted] if wanted.value else []
    if not there:
        said = f"There is no key at {wanted.name}."
        said = said if publish else f"{said} The provider's page of this domain shows the one to publish."
        return Finding(state="missing", said=said, publish=publish)
    keys = [_tags(text)["p"] for text in there]
    if len(keys) > 1:
        return _wrong(f"There are {len(keys)} keys at {wanted.name}: one must go.", there, *publish)
    if not keys[0]:
        return _wrong(f"The key at {wanted.name} is empty, which means that it was withdrawn.", there, *publish)
    ours = _tags(wanted.value).get("p") if wanted.type == "TXT" else None
    if ours and ours != keys[0]:
        return _wrong(f"The key at {wanted.name} is another than the provider signs with.", there, *publish)
    said = "The key is there." if ours or wanted.type != "TXT" else "A key is there."
    return _good(f"{said[:-1]}, at {wanted.name}.", there)


def _policy(there: list[str], name: str, domain: str) -> Finding:
    step = Record(f"_dmarc.{name}", FIRST_STEP)
    if len(there) > 1:
        said = f"There are {len(there)} records at _dmarc.{name}, so receivers take none of them: one must go."
        return _wrong(said, there)
    tags = _tags(there[0])
    policy = (tags.get("sp") if name != domain else None) or tags.get("p", "")
    if policy.lower() not in POLICIES:
        return _wrong("It has no policy that receivers know: p=none, p=quarantine or p=reject.", there, step)
    where = f", by the record of {name}" if name != domain else ""
    return _good(f"p={policy.lower()}{where}: {POLICIES[policy.lower()]}.", there)


def _upwards(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    for above in range(min(PARENTS + 1, max(1, len(labels) - 1))):
        yield ".".join(labels[above:])


def _tags(text: str) -> dict[str, str]:
    """`v=DKIM1; k=rsa; p=MIG…` by name; blanks inside a value mean nothing."""
    parts = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, equals, value in parts if equals}


def _record(name: str, value: str) -> Record | None:
    return Record(name, value) if len(value) <= LONGEST else None


def _good(said: str, there: list[str]) -> Finding:
    return Finding(state="good", said=said, found=_shown(there))


def _missing(said: str, publish: Record) -> Finding:
    return Finding(state="missing", said=said, publish=[publish])


def _wrong(said: str, there: list[str], *publish: Record | None) -> Finding:
    return Finding(state="wrong", said=said, found=_shown(there), publish=[one for one in publish if one])


def _shown(there: list[str]) -> list[str]:
    return [shown(text) for text in there[:3]]
