"""Writes cfdp.json: PDUs of CFDP as spacepackets 0.32 (of cfdp-py 0.7.0) encodes them, with what is in them.

    python3 -m venv VENV && VENV/bin/pip install spacepackets==0.32.0 cfdp-py==0.7.0 fastcrc==0.3.6
    VENV/bin/python hwtests/vectors/makeCfdpVectors.py
"""

import json
from importlib.metadata import version
from pathlib import Path

from spacepackets.cfdp import (
    ChecksumType,
    ConditionCode,
    CrcFlag,
    Direction,
    DirectiveType,
    EntityIdTlv,
    FilestoreActionCode,
    FileStoreRequestTlv,
    FileStoreResponseTlv,
    FilestoreResponseStatusCode,
    LargeFileFlag,
    MessageToUserTlv,
    PduConfig,
    TransmissionMode,
)
from spacepackets.cfdp.lv import CfdpLv
from spacepackets.cfdp.pdu import (
    AckPdu,
    EofPdu,
    FileDataPdu,
    FinishedPdu,
    KeepAlivePdu,
    MetadataParams,
    MetadataPdu,
    NakPdu,
    PromptPdu,
    TransactionStatus,
)
from spacepackets.cfdp.pdu.file_data import FileDataParams
from spacepackets.cfdp.pdu.finished import DeliveryCode, FileStatus, FinishedParams
from spacepackets.cfdp.pdu.prompt import ResponseRequired
from spacepackets.util import ByteFieldGenerator

pdus = []


def config(length, sequence_length, acknowledged, crc, large, toward_sender):
    ids = ByteFieldGenerator.from_int
    return PduConfig(
        source_entity_id=ids(length, 1 if length == 1 else 0x0102),
        dest_entity_id=ids(length, 2),
        transaction_seq_num=ids(sequence_length, 5),
        trans_mode=TransmissionMode.ACKNOWLEDGED if acknowledged else TransmissionMode.UNACKNOWLEDGED,
        crc_flag=CrcFlag.WITH_CRC if crc else CrcFlag.NO_CRC,
        file_flag=LargeFileFlag.LARGE if large else LargeFileFlag.NORMAL,
        direction=Direction.TOWARDS_SENDER if toward_sender else Direction.TOWARDS_RECEIVER,
    )


def add(name, pdu, body):
    header = pdu.pdu_header
    pdus.append(
        {
            "name": name,
            "header": {
                "towardSender": header.direction == Direction.TOWARDS_SENDER,
                "acknowledged": header.transmission_mode == TransmissionMode.ACKNOWLEDGED,
                "crc": header.crc_flag == CrcFlag.WITH_CRC,
                "largeFile": header.file_flag == LargeFileFlag.LARGE,
                "source": header.source_entity_id.value,
                "sequence": header.transaction_seq_num.value,
                "destination": header.dest_entity_id.value,
                "entityIdLength": header.source_entity_id.byte_len,
                "sequenceLength": header.transaction_seq_num.byte_len,
            },
            "body": body,
            "pdu": bytes(pdu.pack()).hex(),
        }
    )


def tlv(one):
    packed = bytes(one.pack())
    return {"type": packed[0], "hex": packed[2:].hex()}


for length, sequence_length, acknowledged, crc, large in [
    (1, 1, True, False, False),
    (2, 2, True, False, False),
    (2, 4, False, True, False),
    (8, 8, True, True, True),
]:
    what = f"{length}/{sequence_length}" + (" crc" if crc else "") + (" large" if large else "")
    down = lambda: config(length, sequence_length, acknowledged, crc, large, False)
    back = lambda: config(length, sequence_length, acknowledged, crc, large, True)
    size = 2**40 + 3 if large else 1000
    request = FileStoreRequestTlv(FilestoreActionCode.RENAME_FILE_SNP, "old", "new")
    message = MessageToUserTlv(b"hello")
    add(
        f"Metadata {what}",
        MetadataPdu(down(), MetadataParams(True, ChecksumType.CRC_32, size, "/a", "/b"), [request, message]),
        {
            "kind": "metadata",
            "closureRequested": True,
            "checksumType": 3,
            "fileSize": size,
            "sourceName": "/a",
            "destinationName": "/b",
            "options": [tlv(request), tlv(message)],
        },
    )
    add(
        f"File data {what}",
        FileDataPdu(down(), FileDataParams(file_data=b"hello", offset=size - 5)),
        {"kind": "file-data", "offset": size - 5, "data": b"hello".hex()},
    )
    add(
        f"EOF {what}",
        EofPdu(down(), file_checksum=bytes.fromhex("21fdd8ce"), file_size=size),
        {"kind": "eof", "condition": 0, "checksum": 0x21FDD8CE, "fileSize": size},
    )
    add(
        f"EOF, cancelled {what}",
        EofPdu(
            down(),
            file_checksum=bytes(4),
            file_size=size,
            condition_code=ConditionCode.CANCEL_REQUEST_RECEIVED,
            fault_location=EntityIdTlv(b"\x07"),
        ),
        {"kind": "eof", "condition": 15, "checksum": 0, "fileSize": size, "faultLocation": 7},
    )
    response = FileStoreResponseTlv(
        FilestoreActionCode.CREATE_FILE_SNM,
        FilestoreResponseStatusCode.CREATE_SUCCESS,
        "made",
        filestore_msg=CfdpLv(b""),
    )
    add(
        f"Finished {what}",
        FinishedPdu(
            back(),
            FinishedParams(
                ConditionCode.NO_ERROR,
                DeliveryCode.DATA_COMPLETE,
                FileStatus.FILE_RETAINED,
                file_store_responses=[response],
            ),
        ),
        {"kind": "finished", "condition": 0, "complete": True, "fileStatus": 2, "responses": [tlv(response)]},
    )
    add(
        f"Finished, rejected {what}",
        FinishedPdu(
            back(),
            FinishedParams(
                ConditionCode.FILESTORE_REJECTION,
                DeliveryCode.DATA_INCOMPLETE,
                FileStatus.DISCARDED_FILESTORE_REJECTION,
                fault_location=EntityIdTlv(b"\x02"),
            ),
        ),
        {
            "kind": "finished",
            "condition": 4,
            "complete": False,
            "fileStatus": 1,
            "responses": [],
            "faultLocation": 2,
        },
    )
    add(
        f"ACK of EOF {what}",
        AckPdu(back(), DirectiveType.EOF_PDU, ConditionCode.NO_ERROR, TransactionStatus.ACTIVE),
        {"kind": "ack", "of": "eof", "condition": 0, "status": 1},
    )
    add(
        f"ACK of Finished {what}",
        AckPdu(down(), DirectiveType.FINISHED_PDU, ConditionCode.NO_ERROR, TransactionStatus.TERMINATED),
        {"kind": "ack", "of": "finished", "condition": 0, "status": 2},
    )
    ranges = [(0, 0), (100, 200), (size - 9, size)]
    add(
        f"NAK {what}",
        NakPdu(back(), 0, size, ranges),
        {
            "kind": "nak",
            "scope": {"start": 0, "end": size},
            "missing": [{"start": start, "end": end} for start, end in ranges],
        },
    )
    for ask, response_required in [("nak", ResponseRequired.NAK), ("keep-alive", ResponseRequired.KEEP_ALIVE)]:
        add(f"Prompt {ask} {what}", PromptPdu(down(), response_required), {"kind": "prompt", "ask": ask})
    add(f"Keep Alive {what}", KeepAlivePdu(back(), size - 1), {"kind": "keep-alive", "progress": size - 1})

# Said by spacepackets and understood by LibreCube cfdp 0.2.0 when the link was first measured.
golden = [
    "20000c110001000500020700000003e8022f61022f62",
    "300009110001000500020000000068656c6c6f",
    "20000a11000100050002040021fdd8ce000003eb",
]
made = {name: version(name) for name in ("spacepackets", "cfdp-py")}
path = Path(__file__).with_name("cfdp.json")
path.write_text(json.dumps({"madeBy": made, "golden": golden, "pdus": pdus}, indent=1) + "\n")
print(f"{path}: {len(pdus)} PDUs")
