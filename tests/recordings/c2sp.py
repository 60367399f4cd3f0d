"""C2SP's shared test vectors for age (CCTV, folder age/, in the public domain), those for the parts that we write.

Source: github.com/C2SP/CCTV, age/testdata, and the same in github.com/FiloSottile/age, testdata/testkit. The published
files hold raw bytes, so they are written down here by how they are made: the published stanza, file key and nonce, and
what each vector changes. Where `mac` stands, it is the published header code, which the rebuilt header must come to;
the others follow the published names and verdicts. Those for passphrases, armour and plug-ins are left out: we write
none of these.
"""

import base64
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FILE_KEY = b"YELLOW SUBMARINE"
IDENTITY = "AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6"
OTHER_IDENTITY = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"
ARGS = "-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc"
BODY = "EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U"
STANZA = (ARGS, BODY)
VERSION = "age-encryption.org/v1"
NONCE = bytes.fromhex("eecf62c7ce91b433274e68d4f2f94cb7")
CHUNK = 65536

SUCCESS, NO_MATCH, HMAC_FAILURE = "success", "no match", "HMAC failure"
HEADER, PAYLOAD = "header failure", "payload failure"


@dataclass(frozen=True)
class Vector:
    """A file and what must come of it. `released` is the plaintext that may be let out before a failure."""

    name: str
    expect: str
    content: bytes
    released: bytes = b""
    identity: str = IDENTITY
    mac: str = ""


def code(lines: Sequence[str]) -> str:
    """The header's code over these lines."""
    key = HKDF(algorithm=SHA256(), length=32, salt=b"", info=b"header").derive(FILE_KEY)
    covered = "".join(f"{line}\n" for line in lines).encode("latin-1") + b"---"
    return base64.b64encode(hmac.digest(key, covered, "sha256")).decode("ascii").rstrip("=")


def sealed(chunks: Sequence[tuple[bytes, bool]]) -> bytes:
    """Chunks at their places, each with whether it is marked as last."""
    key = HKDF(algorithm=SHA256(), length=32, salt=NONCE, info=b"payload").derive(FILE_KEY)
    cipher = ChaCha20Poly1305(key)
    return b"".join(
        cipher.encrypt(place.to_bytes(11, "big") + bytes([last]), data, None)
        for place, (data, last) in enumerate(chunks)
    )


SMALL = [(b"age", True)]
ZEROS, ONES, TWOS = (bytes([value]) * CHUNK for value in range(3))


def head(
    name: str, expect: str, *lines: str, version: str = VERSION, mac: str = "", identity: str = IDENTITY,
    end: Callable[[str], str] = lambda mac: f"--- {mac}\n",
) -> Vector:  # fmt: skip
    """A vector about the header."""
    whole = [version, *lines]
    text = "".join(f"{line}\n" for line in whole) + end(code(whole))
    released = b"age" if expect == SUCCESS else b""
    return Vector(name, expect, text.encode("latin-1") + NONCE + sealed(SMALL), released, identity, mac)


def stream(name: str, expect: str, payload: bytes, released: bytes = b"") -> Vector:
    """A vector about what follows the header."""
    text = "".join(f"{line}\n" for line in (VERSION, *STANZA)) + f"--- {code((VERSION, *STANZA))}\n"
    return Vector(
        name, expect, text.encode("ascii") + payload, released, mac="Vn+54jqiiUCE+WZcEVY3f1sqHjlu/z1LCQ/T7Xm7qI0"
    )


def not_canonical(text: str) -> str:
    """The same bytes in base64 with a stray bit at the end."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-1] + letters[letters.index(text[-1]) + 1]


def flipped(data: bytes) -> bytes:
    """With the last bit changed."""
    return data[:-1] + bytes([data[-1] ^ 1])


LONG = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"  # 48 letters A
BASIC = "Vn+54jqiiUCE+WZcEVY3f1sqHjlu/z1LCQ/T7Xm7qI0"

HEADERS = [
    head("x25519", SUCCESS, *STANZA, mac=BASIC),
    head("x25519_grease", SUCCESS, "-> grease", "", *STANZA, "-> grease", "",
         mac="7NLrfbRUZt6qK0pdtARUf59dHwo12ReldjJKjMlbE3I"),
    head("x25519_bad_tag", NO_MATCH, ARGS, BODY[:20] + "A" + BODY[21:]),
    head("x25519_no_match", NO_MATCH, *STANZA, identity=OTHER_IDENTITY),
    head("x25519_lowercase", NO_MATCH, ARGS.replace("X25519", "x25519"), BODY),
    head("x25519_multiple_recipients", SUCCESS, ARGS, BODY[:20] + "A" + BODY[21:], *STANZA),
    head("x25519_extra_argument", HEADER, f"{ARGS} 1234", BODY),
    head("x25519_short_share", HEADER, ARGS[:-3], BODY),
    head("x25519_long_share", HEADER, f"{ARGS}AAAA".replace("Cc", "CcA"), BODY),
    head("x25519_long_file_key", HEADER, ARGS, base64.b64encode(bytes(40)).decode().rstrip("=")),
    head("x25519_not_canonical_body", HEADER, ARGS, not_canonical(BODY)),
    head("x25519_not_canonical_share", HEADER, not_canonical(ARGS), BODY),
    head("x25519_low_order", HEADER, "-> X25519 X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEdc",
         "3E0NpFans/m0WLWF7+54ZBdNj3iqQqpraGDFiaRkvBA", identity=OTHER_IDENTITY,
         mac="sXw327YMT1/ULXe+ZyRMbMY0Z2jnWHGgI9j1we6yQ8A"),
    head("x25519_identity", HEADER, f"-> X25519 {'A' * 43}", "W3E/OCRme9TiTY97JoK31Z71arNur77WIIdB90XnN3M",
         identity=OTHER_IDENTITY, mac="Pne3IPMDvBj7wRbPMcNViffpVZAx814tgMxp8AwyMhs"),
    head("version_unsupported", HEADER, *STANZA, version="age-encryption.org/v1234"),
    head("header_crlf", HEADER, f"{ARGS}\r", f"{BODY}\r", version=f"{VERSION}\r", end=lambda mac: f"--- {mac}\r\n"),
    head("hmac_bad", HMAC_FAILURE, *STANZA, end=lambda mac: f"--- {'A' * 43}\n"),
    head("hmac_extra_space", HEADER, *STANZA, end=lambda mac: f"---  {mac}\n"),
    head("hmac_garbage", HEADER, *STANZA, end=lambda mac: f"--- {mac}AAA\n"),
    head("hmac_missing", HEADER, *STANZA, end=lambda mac: "---\n"),
    head("hmac_no_space", HEADER, *STANZA, end=lambda mac: f"---{mac}\n"),
    head("hmac_not_canonical", HEADER, *STANZA, end=lambda mac: f"--- {not_canonical(mac)}\n"),
    head("hmac_trailing_space", HEADER, *STANZA, end=lambda mac: f"--- {mac} \n"),
    head("hmac_truncated", HEADER, *STANZA, end=lambda mac: f"--- {mac[:-4]}\n"),
    head("stanza_bad_start", HEADER, *STANZA, "-- stanza", "QUFB"),
    head("stanza_base64_padding", HEADER, *STANZA, "-> stanza", "QUE="),
    head("stanza_empty_argument", HEADER, *STANZA, "-> stanza  argument", ""),
    head("stanza_empty_body", SUCCESS, *STANZA, "-> empty", ""),
    head("stanza_empty_last_line", SUCCESS, *STANZA, "-> stanza", LONG, "",
         mac="+3PC416gxa7Mk7WxpX0kb6DVfSuCun0niGre+G4bZhE"),
    head("stanza_invalid_character", HEADER, *STANZA, "-> stanza \xe8", ""),
    head("stanza_long_line", HEADER, *STANZA, "-> stanza", f"{LONG}QQ", ""),
    head("stanza_missing_body", HEADER, *STANZA, "-> stanza"),
    head("stanza_missing_final_line", HEADER, *STANZA, "-> stanza", LONG),
    head("stanza_multiple_short_lines", HEADER, *STANZA, "-> stanza", "QUFB", "QUFB"),
    head("stanza_no_arguments", HEADER, *STANZA, "->", ""),
    head("stanza_not_canonical", HEADER, *STANZA, "-> stanza", not_canonical("QUE")),
    head("stanza_spurious_cr", HEADER, *STANZA, "-> stanza", "QUFB\r"),
    head("stanza_valid_characters", SUCCESS, "-> !\"#$%&' ()*+,-./ 01234567 89:;<=>? @ABCDEFG HIJKLMNO", "",
         "-> PQRSTUVW XYZ[\\]^_ `abcdefg hijklmno pqrstuvw xyz{|}~", "", *STANZA,
         mac="x538z9xJq9XEK1aTTTv80aWDVvVdROvaXn2tpqXPC8g"),
]  # fmt: skip

STREAMS = [
    stream("empty", SUCCESS, NONCE + sealed([(b"", True)])),
    stream("stream_no_nonce", HEADER, b""),
    stream("stream_short_nonce", HEADER, NONCE[:12]),
    stream("stream_no_chunks", PAYLOAD, NONCE),
    stream("stream_missing_tag", PAYLOAD, NONCE + sealed(SMALL)[:3]),
    stream("stream_bad_tag", PAYLOAD, NONCE + flipped(sealed(SMALL))),
    stream("stream_short_chunk", PAYLOAD, NONCE + sealed([(b"age", False), (b"age", True)])),
    stream("stream_no_final", PAYLOAD, NONCE + sealed([(b"age", False)])),
    stream("stream_no_final_full", PAYLOAD, NONCE + sealed([(ZEROS, False)])),
    stream("stream_no_final_two_chunks", PAYLOAD, NONCE + sealed([(ZEROS, False), (b"age", False)]), ZEROS),
    stream("stream_no_final_two_chunks_full", PAYLOAD, NONCE + sealed([(ZEROS, False), (ONES, False)]), ZEROS),
    stream("stream_short_second_chunk", PAYLOAD,
           NONCE + sealed([(ZEROS, False), (b"age", False), (b"age", True)]), ZEROS),
    stream("stream_last_chunk_empty", PAYLOAD, NONCE + sealed([(ZEROS, False), (b"", True)]), ZEROS),
    stream("stream_last_chunk_full", SUCCESS, NONCE + sealed([(ZEROS, True)]), ZEROS),
    stream("stream_last_chunk_full_second", SUCCESS, NONCE + sealed([(ZEROS, False), (ONES, True)]), ZEROS + ONES),
    stream("stream_two_chunks", SUCCESS, NONCE + sealed([(ZEROS, False), (b"age", True)]), ZEROS + b"age"),
    stream("stream_three_chunks", SUCCESS, NONCE + sealed([(ZEROS, False), (ONES, False), (b"age", True)]),
           ZEROS + ONES + b"age"),
    stream("stream_bad_tag_second_chunk", PAYLOAD, NONCE + flipped(sealed([(ZEROS, False), (b"age", True)])), ZEROS),
    stream("stream_bad_tag_second_chunk_full", PAYLOAD, NONCE + flipped(sealed([(ZEROS, False), (ONES, True)])), ZEROS),
    stream("stream_two_final_chunks", PAYLOAD, NONCE + sealed([(b"age", True), (b"age", True)])),
    stream("stream_two_final_chunks_full", PAYLOAD, NONCE + sealed([(ZEROS, True), (ONES, True)])),
    stream("stream_trailing_garbage_long", PAYLOAD, NONCE + sealed([(ZEROS, True)]) + b"trailing garbage, long enough"),
    stream("stream_trailing_garbage_short", PAYLOAD, NONCE + sealed([(ZEROS, True)]) + b"short"),
    stream("stream_reordered", PAYLOAD,
           NONCE + b"".join(sealed([(ZEROS, False), (ONES, False), (TWOS, True)])[at : at + CHUNK + 16]
                            for at in (CHUNK + 16, 0, 2 * (CHUNK + 16)))),
]  # fmt: skip

VECTORS = [*HEADERS, *STREAMS]
