"""What the media process reaches into aiortc and pylibsrtp for. Where one of these fails, one of them moved: see
rooms/media/dtls.py and rooms/media/srtp.py.
"""

import inspect
from importlib.metadata import version

from aiortc import rtcdtlstransport, rtcsctptransport, rtp, sdp
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from aiortc.rtcsctptransport import RTCSctpTransport
from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib


def test_the_version_is_the_one_that_was_read():
    assert version("aiortc").startswith("1.16.")


def test_a_dtls_transport_needs_of_its_ice_transport_what_our_pipe_gives():
    source = inspect.getsource(RTCDtlsTransport)
    used = {word for word in ("_recv(", "_send(", ".role") if f"transport.{word.strip('.')}" in source}
    assert used == {"_recv(", "_send(", ".role"}
    assert "transport.state" not in source


def test_a_dtls_transport_keeps_its_keys_where_we_take_them():
    source = inspect.getsource(RTCDtlsTransport)
    for name in ("_rx_srtp = Session", "_tx_srtp = Session", "_data_receiver._handle_data(data)", "def _set_role"):
        assert name in source, name
    assert inspect.iscoroutinefunction(RTCDtlsTransport.start)
    assert rtcdtlstransport.SRTP_PROFILES, "libsrtp offers no profile"
    assert "sha-256" in {one.algorithm for one in RTCCertificate.generateCertificate().getFingerprints()}


def test_an_sctp_transport_hands_over_data_channels():
    source = inspect.getsource(RTCSctpTransport)
    for name in (
        "async def _handle_data(self, data: bytes)",
        "self._data_channels: dict",
        'emit("datachannel", channel)',
    ):
        assert name in source, name
    assert 'return self.transport._role == "server"' in source
    assert hasattr(rtcsctptransport, "RTCSctpCapabilities")


def test_packets_and_descriptions_are_called_as_we_call_them():
    for name in ("RtcpPacket", "RtcpSrPacket", "RtcpRrPacket", "RtcpRtpfbPacket", "RtcpPsfbPacket", "RtcpSdesPacket"):
        assert hasattr(rtp, name), name
    assert inspect.signature(sdp.SessionDescription.parse).parameters.keys() == {"sdp"}


def test_libsrtps_functions_take_a_session_a_packet_and_its_length():
    for name in ("srtp_protect", "srtp_unprotect"):
        kind = ffi.typeof(ffi.addressof(lib, name))
        assert [one.cname for one in kind.args] == ["struct srtp_ctx_t_ *", "void *", "int *"], name
        assert (kind.result.kind, ffi.sizeof(kind.result)) == ("enum", 4)
    assert ffi.typeof(Session()._srtp).item.cname == "struct srtp_ctx_t_ *"
