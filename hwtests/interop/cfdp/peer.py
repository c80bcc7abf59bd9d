"""LibreCube's cfdp as the other end of a pipe: PDUs on stdin and stdout, each behind its length (u32).

peer.py ID ROOT receive
peer.py ID ROOT send DESTINATION SOURCE_NAME DESTINATION_NAME acknowledged|unacknowledged

Says on stderr, a line each, what is finished. Ends when stdin does.
"""

import os
import struct
import sys
import threading

import cfdp
from cfdp.filestore import NativeFileStore
from cfdp.transport.base import Transport

LIMIT = 1000
lock = threading.Lock()


class Pipe(Transport):
    def request(self, data):
        with lock:
            sys.stdout.buffer.write(struct.pack(">I", len(data)) + bytes(data))
            sys.stdout.buffer.flush()


class Peer(cfdp.CfdpEntity):
    def transaction_finished_indication(self, transaction_id, condition_code, file_status, *rest, **more):
        print("FINISHED", *transaction_id, condition_code, file_status, file=sys.stderr, flush=True)


pipe = Pipe()
peer = Peer(
    entity_id=int(sys.argv[1]),
    filestore=NativeFileStore(sys.argv[2]),
    transport=pipe,
    transaction_finished_indication_required=True,
    transaction_inactivity_limit=120,
    positive_ack_timer_interval=1,
    positive_ack_timer_expiration_limit=LIMIT,
    nak_timer_interval=1,
    nak_timer_expiration_limit=LIMIT,
)
if sys.argv[3] == "send":
    destination, source_name, destination_name, mode = sys.argv[4:8]
    peer.put(
        destination_id=int(destination),
        source_filename=source_name,
        destination_filename=destination_name,
        transmission_mode=getattr(cfdp.TransmissionMode, mode.upper()),
    )
while True:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        break
    pipe.indication(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
os._exit(0)
