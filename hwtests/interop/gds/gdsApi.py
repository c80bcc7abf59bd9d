"""F´ GDS's own IntegrationTestAPI for a test in another language: one JSON request a line in, one JSON reply a line out.

Request {"method": name, "args": [...], "kwargs": {...}}; reply {"result": ...} or {"error": text}.
The command line is that of any GDS client (--dictionary, --zmq-transport, ...).
"""

import json
import sys
import traceback

from fprime_gds.common.data_types.ch_data import ChData
from fprime_gds.common.data_types.event_data import EventData
from fprime_gds.common.data_types.pkt_data import PktData
from fprime_gds.common.testing_fw.api import IntegrationTestAPI
from fprime_gds.executables.cli import ParserBase, StandardPipelineParser


def plain(item):
    """Results as JSON: events and channels by name, text and value."""
    if isinstance(item, PktData):
        return {"packet": item.get_template().get_name(), "channels": [plain(ch) for ch in item.get_chs()]}
    if isinstance(item, EventData):
        return {
            "name": item.get_template().get_full_name(),
            "severity": item.get_severity().name,
            "text": item.get_display_text(),
            "args": [plain(arg.val) for arg in item.get_args()],
        }
    if isinstance(item, ChData):
        return {
            "name": item.get_template().get_full_name(),
            "value": plain(item.get_val()),
            "text": item.get_display_text(),
        }
    if isinstance(item, dict):
        return {key: plain(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [plain(value) for value in item]
    if isinstance(item, int) and abs(item) > 2**53:
        return str(item)  # JSON numbers of the other side are doubles
    if item is None or isinstance(item, (bool, int, float, str)):
        return item
    return str(item)


def main():
    wire = sys.stdout
    sys.stdout = sys.stderr  # the API prints its log
    logs = sys.argv[1]
    arguments, _ = ParserBase.parse_args([StandardPipelineParser], "perigee", client=True, arguments=sys.argv[2:])
    pipeline = StandardPipelineParser().pipeline_factory(arguments)
    api = IntegrationTestAPI(pipeline, logpath=logs)
    api.setup()
    api.start_test_case("perigee", "1")
    own = {
        "events": lambda: api.get_event_test_history().retrieve(),
        "channels": lambda: api.get_telemetry_test_history().retrieve(),
        "packet_names": lambda: [p.get_name() for p in pipeline.dictionaries.packet.values()],
    }
    print(json.dumps({"result": "ready"}), file=wire, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            method = own.get(request["method"]) or getattr(api, request["method"])
            reply = {"result": plain(method(*request.get("args", []), **request.get("kwargs", {})))}
        except BaseException as error:
            reply = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        print(json.dumps(reply), file=wire, flush=True)
    api.teardown()


if __name__ == "__main__":
    main()
