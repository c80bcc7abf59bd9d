"""Decodes or encodes the bytes of the link bench with a peer: linkPeer.py <what> <file> [dictionary]; prints JSON.

what: decode-spacepackets, decode-gds, encode-spacepackets, encode-gds.
"""

import json
import struct
import sys
import time

import crcmod

FRAME = 1024
crc16 = crcmod.predefined.mkCrcFun("crc-ccitt-false")


def timed(work, *args):
    start = time.perf_counter()
    result = work(*args)
    return time.perf_counter() - start, result


def decode_spacepackets(stream):
    """TM frames checked, packets rebuilt across frames, headers by spacepackets; it has no F´ events to read."""
    from spacepackets.ccsds.spacepacket import SpacePacketHeader

    packets = 0
    total = 0
    pending = b""
    for at in range(0, len(stream), FRAME):
        frame = stream[at : at + FRAME]
        if crc16(frame[:-2]) != struct.unpack_from(">H", frame, FRAME - 2)[0]:
            raise ValueError("checksum")
        pending += frame[6:-2]
        while len(pending) >= 6:
            header = SpacePacketHeader.unpack(pending)
            if len(pending) < header.packet_len:
                break
            if header.apid != 0x7FF:
                packets += 1
                total += struct.unpack_from(">I", pending, 23)[0]
            pending = pending[header.packet_len :]
    return packets, total


def gds_stages(dictionary):
    from fprime_gds.common.models.dictionaries import Dictionaries

    return Dictionaries.load_dictionaries_into_config(dictionary)


def decode_gds(stream, dictionary):
    """The stages of F´ GDS from bytes to events: its space data link chain, then its event decoder."""
    from fprime_gds.common.communication.ccsds.space_data_link import SpaceDataLinkFramerDeframer
    from fprime_gds.common.communication.ccsds.space_packet import SpacePacketFramerDeframer
    from fprime_gds.common.communication.ccsds.space_packet_splitter import SpacePacketSplitterFramerDeframer
    from fprime_gds.common.decoders.event_decoder import EventDecoder

    dictionaries = gds_stages(dictionary)
    decoder = EventDecoder(dictionaries.event_id)
    link = SpaceDataLinkFramerDeframer(0x44, 1, FRAME)
    splitter = SpacePacketSplitterFramerDeframer()
    packet = SpacePacketFramerDeframer()

    def run():
        packets = 0
        total = 0
        for at in range(0, len(stream), FRAME):
            fields, _, _ = link.deframe_all(stream[at : at + FRAME], True)
            for field in fields:
                wholes, _, _ = splitter.deframe_all(field, True)
                for whole in wholes:
                    data, _, _ = packet.deframe(whole, True)
                    for event in decoder.decode_api(data[2:]):
                        packets += 1
                        total += event.args[0].val
        return packets, total

    return run


def encode_spacepackets(count):
    """Space packets with spacepackets, the data field given, packed into TM frames with struct."""
    from spacepackets.ccsds.spacepacket import PacketType, SpacePacket, SpacePacketHeader

    frames = 0
    pending = b""
    for i in range(count):
        data = struct.pack(">HIHBIIIII", 2, 0x1001, 2, 0, 1_700_000_000, 0, i, i, i)
        header = SpacePacketHeader(PacketType.TM, apid=2, seq_count=i & 0x3FFF, data_len=len(data) - 1)
        pending += SpacePacket(header, None, data).pack()
        if len(pending) >= FRAME - 8:
            frame = struct.pack(">HBBH", 0x0442, frames & 255, frames & 255, 0x1800) + pending[: FRAME - 8]
            frame += struct.pack(">H", crc16(frame))
            pending = pending[FRAME - 8 :]
            frames += 1
    return count, frames


def encode_gds(count, dictionary):
    """Command packets into space packets into TC frames with F´ GDS's own framers."""
    gds_stages(dictionary)
    from fprime_gds.common.communication.ccsds.space_data_link import SpaceDataLinkFramerDeframer
    from fprime_gds.common.communication.ccsds.space_packet import SpacePacketFramerDeframer

    link = SpaceDataLinkFramerDeframer(0x44, 1, FRAME)
    packet = SpacePacketFramerDeframer()

    def run():
        for i in range(count):
            link.frame(packet.frame(struct.pack(">HIIII", 0, 0x1001, i, i, i)))
        return count, 0

    return run


def main():
    what, file, *rest = sys.argv[1:]
    if what == "decode-spacepackets":
        seconds, (packets, total) = timed(decode_spacepackets, open(file, "rb").read())
    elif what == "decode-gds":
        seconds, (packets, total) = timed(decode_gds(open(file, "rb").read(), rest[0]))
    elif what == "encode-spacepackets":
        seconds, (packets, total) = timed(encode_spacepackets, int(file))
    else:
        seconds, (packets, total) = timed(encode_gds(int(file), rest[0]))
    print(json.dumps({"packets": packets, "total": total, "seconds": seconds}))


main()
