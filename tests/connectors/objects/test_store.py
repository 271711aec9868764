"""Are objects found, read and written alike in memory, in folders and in S3, and mishaps told?"""

import base64
import gzip
import os
import time
import traceback
from urllib.parse import quote

import pytest
from hypothesis import example, given, strategies as st

from fwf import milliseconds, seconds
from fwf.connectors.objects import client, store
from fwf.connectors.objects.unpacking import unpack
from fwf.connectors.shared.errors import (
    BadData,
    Conflict,
    KeyReused,
    MaybeDone,
    Missing,
    Refused,
    Transient,
    Unauthorized,
    Unreachable,
)
from fwf.secrets import Secret
from tests.connectors.objects.conftest import CANARY, Moody, error_of, s3, said, secret

HOSTILE = [
    "../out", "a/../../out", "/etc/passwd", "a//b", "a/", ".", "..", "a/./b", "", "a\0b", "a\nb",
    "\x7f", "a\x1b[31m", "\ud800", "x" * 1025, "ä" * 513, "//host/x", "a/..",
]  # fmt: skip
ODD = [
    "a b", "ä/ß", "日本/🦉.json", "a%2Fb", "%2e%2e/x", "a?b#c", "a&b=c;d", "'; DROP TABLE x; --",
    "$(rm -rf)", "`x`", "a\\b", "..a/b..", "{day}", "a+b", "a:b", "*", "[x]", "<x>", "a|b", "~",
    "CON", "-rf", "a'b\"c", "\u202ea", "x" * 200, "\u2028", "e\u0301", "C:\\x",
]  # fmt: skip


class TestKeys:
    @pytest.mark.parametrize("key", HOSTILE, ids=ascii)
    def test_a_key_that_none_can_have_or_that_leaves_the_store_is_refused(self, lake, key):
        for use in (lake.get, lake.head, lambda k: lake.put(k, b"x"), lambda k: lake.delete([k])):
            with pytest.raises(Refused, match="a key"):
                use(key)
        assert lake.list() == []

    @pytest.mark.parametrize("key", ODD, ids=ascii)
    def test_any_other_key_means_itself(self, lake, key):
        lake.put(key, b"mine")
        assert [each.key for each in lake.list()] == [key]
        assert [each.key for each in lake.list(key[:-1])] == [key]
        assert lake.get(key) == b"mine"
        lake.delete([key])
        assert lake.head(key) is None

    @given(st.text(max_size=40))
    @example("a/%2e%2e/b")
    def test_a_text_is_refused_or_comes_back_as_it_was(self, key):
        lake = store("memory://")
        try:
            lake.put(key, b"x")
        except Refused:
            return
        assert [each.key for each in lake.list()] == [key]

    def test_a_link_does_not_lead_out_of_a_folder(self, tmp_path):
        (tmp_path / "secret").write_text("x")
        (tmp_path / "lake").mkdir()
        os.symlink(tmp_path, tmp_path / "lake" / "up")
        lake = store(f"file://{tmp_path}/lake")
        for use in (lake.get, lake.head, lambda k: lake.put(k, b"y"), lambda k: lake.delete([k])):
            with pytest.raises(Refused, match="a link leads out"):
                use("up/secret")
        assert (tmp_path / "secret").read_text() == "x"


class TestReadingAndWriting:
    def test_what_is_written_is_read(self, lake):
        lake.put("a/b", b"")
        assert lake.get("a/b") == b"" and list(lake.chunks("a/b")) == []
        lake.put("a/b", b"text")
        found = lake.head("a/b")
        assert (found.key, found.size) == ("a/b", 4) and found.modified.tzinfo
        assert lake.exists("a/b") and not lake.exists("a")

    def test_what_is_long_is_read_in_pieces_and_written_in_parts(self, lake, monkeypatch):
        monkeypatch.setattr(client, "PIECE", 1 << 20)
        part = os.urandom(3 << 20)
        lake.put("long", iter([part, b"", part, part, b"end"]))
        whole = part * 3 + b"end"
        assert lake.get("long") == whole
        assert max(map(len, lake.chunks("long"))) == 1 << 20

    def test_what_is_written_anew_while_it_is_read_is_no_mixture(self, lake, monkeypatch):
        monkeypatch.setattr(client, "PIECE", 4)
        lake.put("k", b"12345678")
        chunks = lake.chunks("k")
        assert next(chunks) == b"1234"
        time.sleep(0.01)
        lake.put("k", b"abcdefgh")
        with pytest.raises(Conflict):
            next(chunks)

    def test_what_is_not_there_is_missing(self, lake):
        assert lake.head("k") is None
        with pytest.raises(Missing, match="k: not there"):
            lake.get("k")
        lake.delete(["k"])

    def test_more_than_was_allowed_is_not_read(self, lake):
        lake.put("k", b"12345")
        assert lake.get("k", at_most=5) == b"12345"
        with pytest.raises(BadData, match="5 bytes, of at most 4"):
            lake.get("k", at_most=4)

    @pytest.mark.parametrize("kind", [BadData, OSError, ValueError, KeyError, Unreachable])
    def test_a_write_whose_source_fails_leaves_nothing(self, lake, s3_client, bucket, kind):
        trouble = kind("no more")

        def chunks():
            yield b"x" * (9 << 20)
            raise trouble

        with pytest.raises(kind, match="no more") as raised:
            lake.put("k", chunks())
        assert raised.value is trouble
        assert lake.list() == [] and not lake.exists("k")
        assert not s3_client.list_multipart_uploads(Bucket=bucket).get("Uploads")

    def test_a_write_that_fails_before_the_end_of_its_source_says_why(self, moody, monkeypatch):
        monkeypatch.setattr(client, "PART", 1 << 10)
        upload = b"<UploadId>1</UploadId>"
        begin = said(200, b"<CreateMultipartUpload>%s</CreateMultipartUpload>" % upload)
        fail = error_of(500, "InternalError")
        moody.answer = lambda asked: (begin if asked.command == "POST" else fail)(asked)
        with pytest.raises(MaybeDone, match="s3://lake/k: 500 InternalError"):
            moody.store().put("k", (b"x" * (1 << 10) for _ in range(1000)))

    def test_once_is_once(self, lake):
        lake.put_once("k", b"mine")
        lake.put_once("k", b"mine")  # as after an answer that was lost
        with pytest.raises(KeyReused):
            lake.put_once("k", b"your")
        with pytest.raises(KeyReused):
            lake.put_once("k", b"longer")
        assert lake.get("k") == b"mine"

    @pytest.mark.parametrize("kind", ["memory", "s3"])
    def test_what_changed_meanwhile_is_not_replaced(self, make, kind):
        lake = make(kind)
        lake.put("k", b"1")
        found = lake.head("k")
        assert lake.replace(found, b"2")
        assert not lake.replace(found, b"3")
        assert lake.get("k") == b"2"


class TestListing:
    def test_a_prefix_is_text_wherever_it_ends(self, lake):
        keys = [
            "logs/2026-06-30-23", "logs/2026-07-01-00-13-A", "logs/2026-07-01-00-14-B",
            "logs/2026-07-010", "logs/2026-07-02-00", "logs", "logs/2026-07-01/x", "logsx/1",
        ]  # fmt: skip
        for key in keys if lake._place.root is None else keys[:5] + keys[6:]:
            lake.put(key, b"x")

        def found(prefix):
            return [each.key for each in lake.list(prefix)]

        assert found("logs/2026-07-01-") == keys[1:3]
        assert found("logs/2026-07-01") == [*keys[1:3], keys[6], keys[3]]
        assert found("logs/2026-07-01/") == [keys[6]]
        assert found("logs/2026-08") == []
        assert found("logsx") == ["logsx/1"]
        assert found("") == sorted(found(""))

    def test_markers_are_left_out_and_counted_and_empty_data_are_not(self, lake):
        for key in ("day/_SUCCESS", "day_$folder$", "day/_committed_12", "day/empty.json"):
            lake.put(key, b"")
        lake.put("day/a.json", b"{}")
        if lake._place.root is None:  # a folder's name is no file's
            lake.put("day", b"")
        listing = lake.listed("day")
        assert [each.key for each in listing.objects] == ["day/a.json", "day/empty.json"]
        assert listing.skipped == (4 if lake._place.root is None else 3)

    @pytest.mark.parametrize("prefix", ["../", "/", "a//", "a/../b", "\0"])
    def test_a_prefix_that_no_key_has_is_refused(self, lake, prefix):
        with pytest.raises(Refused):
            lake.list(prefix)


class TestOpening:
    @pytest.mark.parametrize(
        "url",
        [
            "s3://", "s3:///x", "s3://Bucket", "s3://a", "s3://a..b", "s3://b_b", "s3://a b",
            "s3://bucket/../x", "s3://bucket/a//b", "s3://bucket?x=1", "s3://bucket#x", "gs://b",
            "bucket", "", "file://host/x", "file:x", "file://", "s3://'; DROP TABLE x",
            "s3://169.254.169.254:80/x", "http://bucket", "s3://[::1",
            f"s3://u:{CANARY}@bucket", "file:///a%00b", "s3://-b-", "memory://x",
        ],
    )  # fmt: skip
    def test_a_url_that_is_none_is_refused(self, url):
        with pytest.raises(ValueError, match="store") as raised:
            store(url)
        assert "hunter2" not in str(raised.value)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"access_key": Secret.env("X")}, "together"),
            ({"session_token": Secret.env("X")}, "together"),
            ({"endpoint": "http://host"}, "isn't encrypted"),
            ({"endpoint": "ftp://host"}, "needs https://host"),
            ({"endpoint": f"https://u:{CANARY}@host"}, "without user and password"),
            ({"within": seconds(0)}, "leaves no time"),
            ({"connect_within": seconds(-1)}, "leaves no time"),
        ],
    )
    def test_settings_that_do_not_fit_are_refused(self, given, said):
        with pytest.raises(ValueError, match=said) as raised:
            store("s3://bucket", **given)
        assert CANARY not in str(raised.value)

    def test_a_key_that_is_no_secret_is_refused_unseen(self):
        with pytest.raises(TypeError, match="is a Secret") as raised:
            store("s3://bucket", access_key="AKIA", secret_key=CANARY)
        assert CANARY not in str(raised.value)

    def test_nothing_is_asked_or_made_before_it_is_entered(self, tmp_path):
        lake = store(f"file://{tmp_path}/lake", make_folder=True)
        assert not (tmp_path / "lake").exists()
        with lake:
            assert (tmp_path / "lake").exists()
        unset = Secret.env("FWF_NO_SUCH_VARIABLE")
        lake = store("s3://lake", access_key=unset, secret_key=unset)
        with pytest.raises(LookupError, match="FWF_NO_SUCH_VARIABLE"):
            lake.__enter__()
        with pytest.raises(LookupError):
            store(unset).list()

    def test_settings_of_s3_are_of_no_folder(self, tmp_path):
        with pytest.raises(ValueError, match="region: of s3://bucket alone"):
            store(f"file://{tmp_path}", region="x")

    def test_a_folder_that_is_not_there_is_made_when_it_is_asked_for(self, tmp_path):
        with pytest.raises(Missing, match="make_folder=True"):
            store(f"file://{tmp_path}/a%20b").list()
        (tmp_path / "file").write_text("")
        with pytest.raises(Refused, match="Not a directory") as raised:
            store(f"file://{tmp_path}/file/x", make_folder=True).list()
        assert raised.value.__context__ is None
        store(f"file://{tmp_path}/a%20b", make_folder=True).put("k", b"x")
        assert (tmp_path / "a b" / "k").read_bytes() == b"x"

    def test_a_url_may_be_secret_and_is_nowhere_seen(self):
        lake = store(secret("memory://"))
        assert repr(lake) == "<Store <Secret from a test>>"
        with pytest.raises(Missing, match=r"^<Secret from a test>/k: not there"):
            lake.get("k")
        with pytest.raises(ValueError, match="store") as raised:
            store(secret(f"s3://user:{CANARY}@bucket")).list()
        assert "hunter2" not in told(raised.value)


def told(error: BaseException) -> str:
    """All that anybody is told about an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__)


USES = {
    "get": (lambda lake: lake.get("k"), False),
    "head": (lambda lake: lake.head("k"), False),
    "list": (lambda lake: lake.list("k"), False),
    "put": (lambda lake: lake.put("k", b"x"), True),
    "parts": (lambda lake: lake.put("k", iter([b"x"])), True),
    "once": (lambda lake: lake.put_once("k", b"x"), True),
    "delete": (lambda lake: lake.delete(["k"]), True),
}


@pytest.mark.parametrize("use", USES)
class TestMishaps:
    @pytest.mark.parametrize(
        ("answer", "read", "wrote"),
        [
            (error_of(503, "SlowDown"), Unreachable, Unreachable),
            (error_of(500, "InternalError"), Unreachable, MaybeDone),
            (error_of(403, "AccessDenied"), Unauthorized, Unauthorized),
            (error_of(400, "ExpiredToken"), Unauthorized, Unauthorized),
            (error_of(403, "InvalidAccessKeyId"), Unauthorized, Unauthorized),
            (error_of(404, "NoSuchBucket"), Missing, Missing),
            (error_of(400, "InvalidRequest"), Refused, Refused),
            (error_of(409, "ConditionalRequestConflict"), Conflict, Conflict),
        ],
        ids=["503", "500", "403", "expired", "unknown", "no bucket", "400", "409"],
    )
    def test_an_error_says_whether_asking_again_helps_and_is_asked_once(
        self, moody: Moody, use, answer, read, wrote
    ):
        call, writes = USES[use]
        expected = wrote if writes else read
        moody.answer = answer
        with pytest.raises(Exception, match=r"^s3://lake/k: ") as raised:
            call(moody.store())
        assert isinstance(raised.value, expected)
        assert len(moody.asked) <= (2 if use in ("once", "parts") else 1)
        for form in (CANARY, quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode()):
            assert form not in told(raised.value)
        assert raised.value.__context__ is None

    def test_a_server_that_is_not_there_or_says_nothing_is_asked_once(self, moody, use):
        call, writes = USES[use]
        moody.answer = lambda request: time.sleep(0.5)
        with pytest.raises(MaybeDone if writes else Unreachable, match="within the time") as raised:
            call(moody.store(within=milliseconds(200)))
        assert len(moody.asked) == 1
        assert CANARY not in told(raised.value)
        with pytest.raises(Unreachable, match="no connection"):
            call(s3("lake", "http://127.0.0.1:1"))

    def test_a_connection_that_is_cut_is_told_as_such(self, moody, use):
        call, writes = USES[use]
        moody.answer = lambda request: request.connection.close()
        with pytest.raises(MaybeDone if writes else Unreachable, match="cut"):
            call(moody.store())
        assert len(moody.asked) == 1


def test_a_body_that_is_cut_is_none(moody):
    moody.answer = said(206, b"cut", Content_Length="100", Content_Range="bytes 0-99/100")
    with pytest.raises(Transient):
        moody.store().get("k")


def test_a_bucket_that_is_not_there_is_no_object_that_may_come_yet(aws_endpoint):
    with pytest.raises(Missing, match="there is no such bucket"):
        s3("never-made", aws_endpoint).head("k")


def test_a_bucket_whose_name_has_bucket_in_it_is_one(s3_client, aws_endpoint):
    s3_client.create_bucket(Bucket="some-bucket")
    assert s3("some-bucket", aws_endpoint).head("k") is None


def test_an_error_of_this_machine_is_told_by_its_name_alone(tmp_path):
    lake = store(f"file://{tmp_path}")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Refused, match="/folder: "):
        lake.put("folder", b"x")
    with pytest.raises((Refused, Missing)):
        lake.get("folder")


def test_a_lost_answer_to_a_write_once_is_recognised(moody, make):
    real = make("s3")
    lost = []

    def answer(request):
        lost.append(real.create("k", b"mine"))
        request.connection.close()

    moody.answer = answer
    with pytest.raises(MaybeDone):
        moody.store().put_once("k", b"mine")
    assert lost == [True]
    real.put_once("k", b"mine")
    with pytest.raises(KeyReused):
        real.put_once("k", b"your")


def test_who_takes_time_between_pieces_is_not_cut_off(bucket, aws_endpoint, monkeypatch):
    monkeypatch.setattr(client, "PIECE", 1 << 20)
    lake = s3(bucket, aws_endpoint, within=seconds(2))

    def slowly(chunks):
        for chunk in chunks:
            yield chunk
            time.sleep(0.8)

    content = os.urandom(3 << 20)
    lake.put("k", slowly([content[: 1 << 20], content[1 << 20 : 2 << 20], content[2 << 20 :]]))
    assert b"".join(slowly(lake.chunks("k"))) == content


def test_a_header_says_nothing_about_what_is_in_an_object(make, s3_client, bucket):
    lake = make("s3")
    for key, content in (("plain.gz", b"text"), ("packed.txt", gzip.compress(b"text"))):
        s3_client.put_object(
            Bucket=bucket, Key=f"below/{key}", Body=content, ContentEncoding="gzip"
        )
        assert lake.get(key) == content
        assert b"".join(unpack(lake.chunks(key), key)) == b"text"


def test_keys_are_found_where_aws_looks_for_them(make, bucket, aws_endpoint, monkeypatch):
    make("s3").put("k", b"x")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    lake = store(f"s3://{bucket}/below", endpoint=aws_endpoint, allow_http=True, region="us-east-1")
    assert lake.get("k") == b"x"
    assert CANARY not in repr(lake) + repr(vars(lake))
