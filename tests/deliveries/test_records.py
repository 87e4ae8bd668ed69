"""SPF, DKIM and DMARC, asked of a real name server: what is there, what is wrong, what to publish."""

from __future__ import annotations

import pytest

from app.deliveries import asking as dns
from app.deliveries import records
from app.deliveries.asking import Questions
from app.deliveries.finding import Record, Unanswered
from app.deliveries.providers.standing import Needs
from tests.provider.name_server import asking, name_server, took_at_most

HERE = "campus.example"
THEIRS = "include:amazonses.com"
AT_RESEND = Needs(f"send.{HERE}", THEIRS, f"v=spf1 {THEIRS} ~all", (Record(f"resend._domainkey.{HERE}", "p=MIGf"),))
ANYWHERE = Needs(HERE)


@pytest.fixture
def names(app):
    with name_server() as names, asking(app, names):
        yield names


def spf(needs=ANYWHERE):
    return records.spf(Questions(), needs)


def dkim(needs=AT_RESEND):
    return records.dkim(Questions(), needs)


def dmarc(domain=HERE):
    return records.dmarc(Questions(), domain)


def published(finding):
    return [(one.name, one.value) for one in finding.publish]


class TestSpf:
    def test_one_record_is_as_it_should_be(self, names):
        names.texts[HERE] = ["google-site-verification=1", "v=spf1 mx ~all"]
        assert (spf().state, spf().found, spf().publish) == ("good", ["v=spf1 mx ~all"], [])

    def test_none_is_missing_and_what_to_publish_is_said(self, names):
        names.texts[HERE] = ["google-site-verification=1"]
        assert spf().state == "missing"
        assert "Ask whoever runs your mail server" in spf().said
        assert spf(AT_RESEND).state == "missing"
        assert published(spf(AT_RESEND)) == [(f"send.{HERE}", f"v=spf1 {THEIRS} ~all")]

    def test_two_are_taken_by_nobody_and_become_one(self, names):
        names.texts[HERE] = ["v=spf1 mx include:a.example ~all", "v=spf1 ip4:192.0.2.1 mx -all"]
        found = spf()
        assert (found.state, len(found.found)) == ("wrong", 2)
        assert published(found) == [(HERE, "v=spf1 ip4:192.0.2.1 mx include:a.example -all")]

    def test_without_the_provider_it_is_wrong(self, names):
        names.texts[f"send.{HERE}"] = ["v=spf1 mx -all"]
        found = spf(AT_RESEND)
        assert (found.state, published(found)) == ("wrong", [(f"send.{HERE}", f"v=spf1 {THEIRS} mx -all")])

    @pytest.mark.parametrize("by", ["v=spf1 include:spf.campus.example ~all", "v=spf1 redirect=spf.campus.example"])
    def test_the_provider_may_be_named_by_a_record_that_it_refers_to(self, names, by):
        names.texts[f"send.{HERE}"] = [by]
        names.texts[f"spf.{HERE}"] = [f"v=spf1 {THEIRS} -all"]
        assert spf(AT_RESEND).state == "good"

    def test_records_that_refer_to_each_other_come_to_an_end(self, names):
        names.texts[f"send.{HERE}"] = [f"v=spf1 include:send.{HERE} include:b.example ~all"]
        many = " ".join(f"include:n{n}.example" for n in range(40))
        names.texts["b.example"] = [f"v=spf1 include:send.{HERE} {many}"]
        assert spf(AT_RESEND).state == "wrong"
        assert len(names.asked) < 12

    @pytest.mark.parametrize("words", ["v=spf1 mx +all", "v=spf1 all", "V=SPF1 +ALL"])
    def test_one_that_lets_anybody_send_is_wrong(self, names, words):
        names.texts[HERE] = [words]
        assert (spf().state, "anybody" in spf().said) == ("wrong", True)

    def test_what_only_looks_like_one_is_none(self, names):
        names.texts[HERE] = ["v=spf10 mx", "x v=spf1 mx", "v=spf2.0/pra mx"]
        assert spf().state == "missing"


class TestDkim:
    def test_the_key_is_compared_with_the_one_that_they_sign_with(self, names):
        key = f"resend._domainkey.{HERE}"
        names.texts[key] = ["v=DKIM1; k=rsa; p=MI Gf"]
        assert dkim().state == "good"
        names.texts[key] = ["p=other"]
        assert (dkim().state, published(dkim())) == ("wrong", [(key, "p=MIGf")])
        names.texts[key] = ["p="]
        assert "withdrawn" in dkim().said
        del names.texts[key]
        assert (dkim().state, published(dkim())) == ("missing", [(key, "p=MIGf")])

    def test_without_their_word_a_key_is_enough_and_none_can_be_published(self, names):
        usual = Needs(HERE, keys=(Record(f"resend._domainkey.{HERE}", ""),))
        assert (dkim(usual).state, dkim(usual).publish) == ("missing", [])
        names.texts[f"resend._domainkey.{HERE}"] = ["p=anything"]
        assert dkim(usual).state == "good"

    def test_a_key_in_pieces_is_one(self, names):
        whole = "p=" + "A" * 700
        names.texts[f"resend._domainkey.{HERE}"] = [whole]
        needs = Needs(HERE, keys=(Record(f"resend._domainkey.{HERE}", whole),))
        assert dkim(needs).state == "good"

    def test_a_key_may_be_another_name_for_theirs(self, names):
        names.aliases[f"one._domainkey.{HERE}"] = "one.dkim.example"
        names.texts["one.dkim.example"] = ["p=MIGf"]
        needs = Needs(HERE, keys=(Record(f"one._domainkey.{HERE}", "one.dkim.example", "CNAME"),))
        assert dkim(needs).state == "good"

    def test_of_several_keys_each_must_be_there(self, names):
        names.texts[f"one._domainkey.{HERE}"] = ["p=MIGf"]
        two = (Record(f"one._domainkey.{HERE}", ""), Record(f"two._domainkey.{HERE}", ""))
        found = dkim(Needs(HERE, keys=two))
        assert (found.state, "two._domainkey" in found.said) == ("missing", True)

    def test_of_a_mail_server_nobody_knows_the_name_of_the_key(self, names):
        assert dkim(ANYWHERE).state == "nothing"
        assert names.asked == []


class TestDmarc:
    @pytest.mark.parametrize("policy", ["none", "quarantine", "reject", "Reject"])
    def test_a_policy_is_as_it_should_be(self, names, policy):
        names.texts[f"_dmarc.{HERE}"] = [f"v=DMARC1; p={policy}; rua=mailto:a@campus.example"]
        assert (dmarc().state, f"p={policy.lower()}" in dmarc().said) == ("good", True)

    def test_none_is_missing_and_the_first_step_is_said(self, names):
        names.texts[HERE] = ["v=DMARC1; p=none"]  # not where it belongs
        assert published(dmarc()) == [(f"_dmarc.{HERE}", "v=DMARC1; p=none")]

    def test_the_domain_above_speaks_for_those_below(self, names):
        names.texts[f"_dmarc.{HERE}"] = ["v=DMARC1; p=none; sp=reject"]
        found = dmarc(f"news.{HERE}")
        assert (found.state, "p=reject" in found.said, HERE in found.said) == ("good", True, True)
        assert f"_dmarc.{HERE.rpartition('.')[2]}" not in names.asked

    @pytest.mark.parametrize("texts", [["v=DMARC1; p=maybe"], ["v=DMARC1"], ["v=DMARC1; p=none", "v=DMARC1; p=reject"]])
    def test_what_receivers_do_not_take_is_wrong(self, names, texts):
        names.texts[f"_dmarc.{HERE}"] = texts
        assert dmarc().state == "wrong"


class TestTheDns:
    @pytest.mark.parametrize("fault", ["silent", "servfail", "rubbish", "another"])
    def test_an_answer_that_is_none_is_neither_a_yes_nor_a_no(self, names, fault):
        names.texts[HERE] = ["v=spf1 mx ~all"]
        names.faults[HERE] = fault
        with took_at_most(4), pytest.raises(Unanswered):
            spf()

    def test_nobody_at_all_is_no_answer(self, names):
        names.stop()
        with took_at_most(4), pytest.raises(Unanswered):
            spf()

    def test_all_questions_together_end_in_time(self, names, monkeypatch):
        monkeypatch.setattr(dns, "ALL", 1.0)
        names.faults["*"] = "silent"
        ask = Questions()
        with took_at_most(2):
            for _ in range(5):
                with pytest.raises(Unanswered, match="in time"):
                    ask.texts(HERE)

    def test_what_does_not_fit_is_fetched_by_tcp(self, names):
        names.texts[HERE] = ["v=spf1 mx ~all", *(f"verification-{n}=" + "x" * 200 for n in range(40))]
        assert spf().state == "good"
        assert names.by_tcp == [HERE]

    def test_a_huge_answer_is_judged_and_not_kept_whole(self, names):
        many = " ".join(f"include:n{n}.example" for n in range(1000))
        names.faults[HERE] = "huge"
        names.texts[HERE] = [f"v=spf1 \x00 {many} ~all", *(f"v=spf1 ip4:9.9.9.{n} ~all" for n in range(200))]
        found = spf()
        assert (found.state, len(found.found), found.publish) == ("wrong", 3, [])
        assert all(len(one) <= 501 and one.isprintable() for one in found.found)

    def test_letters_that_are_none_do_no_harm(self, names):
        names.texts[HERE] = [b"v=spf1 \x00\xff\xfe ~all"]
        assert spf().found == ["v=spf1 ��� ~all"]

    @pytest.mark.parametrize("domain", ["x" * 64 + ".example", ".".join(["a" * 60] * 5), "a..b"])
    def test_a_name_that_cannot_be_is_no_answer(self, names, domain):
        with pytest.raises(Unanswered):
            spf(Needs(domain))

    def test_where_nobody_shall_be_asked_nobody_is(self, app):
        with pytest.raises(Unanswered, match="DNS_SERVERS=none"):
            spf()
