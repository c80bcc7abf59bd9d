"""Golden vectors of the link, made by the peers' own packages: F' GDS and spacepackets.

    python3 -m venv /tmp/vectors && /tmp/vectors/bin/pip install fprime-gds==4.4.1
    /tmp/vectors/bin/python hwtests/vectors/makeLinkVectors.py    # rewrites link.json beside this file

GDS can't build TM frames, only read them: those are built with spacepackets and read back with the GDS
deframer, which must give the packets that went in.
"""

import json
from importlib.metadata import version
from pathlib import Path

from fprime_gds.common.communication.ccsds.space_data_link import SpaceDataLinkFramerDeframer
from fprime_gds.common.communication.ccsds.space_packet import SpacePacketFramerDeframer
from fprime_gds.common.data_types.ch_data import ChData
from fprime_gds.common.data_types.cmd_data import CmdData
from fprime_gds.common.data_types.event_data import EventData
from fprime_gds.common.data_types.pkt_data import PktData
from fprime_gds.common.encoders.ch_encoder import ChEncoder
from fprime_gds.common.encoders.cmd_encoder import CmdEncoder
from fprime_gds.common.encoders.event_encoder import EventEncoder
from fprime_gds.common.encoders.pkt_encoder import PktEncoder
from fprime_gds.common.models.serialize.numerical_types import F32Type, U16Type, U32Type, U8Type
from fprime_gds.common.models.serialize.string_type import StringType
from fprime_gds.common.models.serialize.time_type import TimeType
from fprime_gds.common.templates.ch_template import ChTemplate
from fprime_gds.common.templates.cmd_template import CmdTemplate
from fprime_gds.common.templates.event_template import EventTemplate
from fprime_gds.common.templates.pkt_template import PktTemplate
from fprime_gds.common.utils.event_severity import EventSeverity
from spacepackets.ccsds.spacepacket import PacketType, SequenceFlags, SpacePacket, SpacePacketHeader
from spacepackets.ccsds.tm_frame import (
    MasterChannelId,
    TmFramePrimaryHeader,
    TmTransferFrame,
    TransferFrameDataFieldStatus,
)

TIME = {"base": 2, "context": 7, "seconds": 1795288947, "useconds": 256001}
Text = StringType.construct_type("Text", max_length=40)


def crc16(data):
    return SpaceDataLinkFramerDeframer.CCITT_CRC_FUNCTION(data)


def space_packet(kind, apid, sequence, data):
    header = SpacePacketHeader(
        packet_type=kind,
        apid=apid,
        seq_count=sequence,
        data_len=len(data) - 1,
        seq_flags=SequenceFlags.UNSEGMENTED,
    )
    return bytes(SpacePacket(header, sec_header=None, user_data=data).pack())


def space_packets():
    cases = [
        (PacketType.TM, 2, 0, b"\x00"),
        (PacketType.TM, 1, 16383, bytes(range(40))),
        (PacketType.TC, 0, 15, bytes.fromhex("00000000100000086869207468657265")),
        (PacketType.TC, 0x7FE, 8192, b"\xff" * 300),
        (PacketType.TM, 0x7FF, 0, b"\x44" * 7),
    ]
    return [
        {
            "type": "telecommand" if kind == PacketType.TC else "telemetry",
            "apid": apid,
            "sequence": sequence,
            "data": data.hex(),
            "packet": space_packet(kind, apid, sequence, data).hex(),
        }
        for kind, apid, sequence, data in cases
    ]


def tc_frames():
    """What GDS sends for each payload: a space packet in a TC frame."""
    vectors = []
    for scid, vcid in [(0x44, 1), (0x3FF, 63), (1, 0)]:
        packets, frames = SpacePacketFramerDeframer(), SpaceDataLinkFramerDeframer(scid, vcid, 1024)
        for payload in [bytes.fromhex("000000001000"), b"\x00\x00" + bytes(range(200)), b"\x00\x03" + b"\xa5" * 1000]:
            packet = bytes(packets.frame(payload))
            vectors.append(
                {"spacecraftId": scid, "channelId": vcid, "data": packet.hex(), "frame": bytes(frames.frame(packet)).hex()}
            )
    return vectors


def tm_stream(name, frame_length, events):
    """Frames of `events`: each is the data of a packet, or "flush" for idle fill to the end of the frame."""
    scid, vcid, room = 0x44, 1, frame_length - 8
    stream, starts, packets = b"", [], []
    for event in events:
        starts.append(len(stream))
        if event == "flush":
            # A gap of 1..6 bytes can't hold a packet: the shortest one then spans.
            length = max(-len(stream) % room, 7)
            stream += space_packet(PacketType.TM, 0x7FF, 0, b"\x44" * (length - 6))
        else:
            packet = space_packet(PacketType.TM, 2, len(packets), event)
            packets.append(packet)
            stream += packet
    frames = []
    for count in range(len(stream) // room):
        first = [start - count * room for start in starts if count * room <= start < (count + 1) * room]
        status = TransferFrameDataFieldStatus(False, False, False, 3, first[0] if first else 0x7FF)
        header = TmFramePrimaryHeader(MasterChannelId(0, scid), vcid, False, count, count, status)
        field = stream[count * room : (count + 1) * room]
        fecf = crc16(header.pack() + field).to_bytes(2, "big")
        frames.append(TmTransferFrame(frame_length, header, None, field, None, fecf).pack())
        TmTransferFrame.unpack(frames[-1], frame_length, True)
    read_back = gds_reads(scid, vcid, frame_length, b"".join(frames))
    assert read_back == [p for p in packets if stream.index(p) + len(p) <= len(frames) * room], name
    return {
        "name": name,
        "frameLength": frame_length,
        "events": ["flush" if e == "flush" else e.hex() for e in events],
        "packets": [p.hex() for p in read_back],
        "frames": [f.hex() for f in frames],
    }


def gds_reads(scid, vcid, frame_length, data):
    deframer, packets = SpaceDataLinkFramerDeframer(scid, vcid, frame_length), []
    while True:
        deframed, data, discarded = deframer.deframe(data)
        assert not discarded
        if not deframed:
            return packets
        while deframed:
            length = 7 + int.from_bytes(deframed[4:6], "big")
            if deframed[:2] != b"\x07\xff":
                packets.append(bytes(deframed[:length]))
            deframed = deframed[length:]


def tm_streams():
    return [
        tm_stream("one packet and idle fill", 64, [b"\x00\x02abc", "flush"]),
        tm_stream("a packet that just fills the frame", 64, [b"\x11" * 50]),
        tm_stream("a packet over four frames", 64, [b"\x01" * 20, bytes(range(150)), b"\x02" * 9, "flush"]),
        tm_stream("a packet header over two frames", 64, [b"\x01" * 47, b"\x02" * 30, "flush"]),
        tm_stream("a gap of three bytes, so that the idle packet spans", 64, [b"\x01" * 47, "flush", b"\x02" * 9, "flush"]),
        tm_stream("a frame of 1024", 1024, [b"\x03" * 400, b"\x04" * 100, "flush"]),
    ]


def fprime_packets():
    time = TimeType(TIME["base"], TIME["context"], TIME["seconds"], TIME["useconds"])
    arguments = [("text", None, Text), ("count", None, U16Type)]

    command = CmdTemplate(0x1001, "SAY", "demo", arguments)
    command_bytes = CmdEncoder().encode_api(CmdData(("hi there", "513"), command))[8:]
    event = EventTemplate(0x1201, "Said", "demo", arguments, EventSeverity.ACTIVITY_HI, "{} {}")
    event_bytes = EventEncoder().encode_api(EventData((Text("hi there"), U16Type(513)), time, event))[4:]
    channels = [
        ChData(value, time, ChTemplate(identifier, name, "demo", type(value)))
        for identifier, name, value in [
            (0x1301, "Counter", U32Type(48)),
            (0x1302, "Gain", F32Type(0.25)),
            (0x1303, "Mode", U8Type(2)),
        ]
    ]
    channel_bytes = [ChEncoder().encode_api(channel)[4:] for channel in channels]
    packet = PktTemplate(9, "Hk", [channel.get_template() for channel in channels])
    packet_bytes = PktEncoder().encode_api(PktData(channels, time, packet))[4:]
    return {
        "time": {**TIME, "bytes": time.serialize().hex()},
        "command": {"opcode": 0x1001, "args": "00086869207468657265" + "0201", "packet": command_bytes.hex()},
        "event": {"id": 0x1201, "args": "00086869207468657265" + "0201", "packet": event_bytes.hex()},
        "channels": [
            {"id": channel.get_id(), "value": channel.get_val_obj().serialize().hex(), "packet": data.hex()}
            for channel, data in zip(channels, channel_bytes)
        ],
        "telemetryPacket": {
            "id": 9,
            "values": b"".join(channel.get_val_obj().serialize() for channel in channels).hex(),
            "packet": packet_bytes.hex(),
        },
    }


vectors = {
    "madeBy": {name: version(name) for name in ["fprime-gds", "spacepackets", "crcmod"]},
    "crc16": [{"data": d.hex(), "crc": crc16(d)} for d in [b"", b"123456789", bytes(range(256)), b"\xff" * 37]],
    "spacePackets": space_packets(),
    "tcFrames": tc_frames(),
    "tmStreams": tm_streams(),
    "fprime": fprime_packets(),
}
Path(__file__).with_name("link.json").write_text(json.dumps(vectors, indent=1) + "\n")
