/**
 * The one table of coded errors of Perigee, and the values that carry them.
 *
 * An error is a value: it is returned, counted and sent down as an event; it is never thrown across a
 * port. Each entry is a template; `fail` fills its `{fields}`, so that a message always names what was
 * wrong and where.
 */
import { protocolErrors } from './protocolErrors';

export const errorTable = {
  // Serialisable types
  TYPE_MISMATCH: '{path}: {value} is not a {type}',
  TYPE_RANGE: '{path}: {value} is outside {min}..{max}',
  TYPE_TOO_LONG: '{path}: {length} is longer than {max}',
  TYPE_UNKNOWN_MEMBER: '{path}: there is no member {member}; known: {known}',
  TYPE_MISSING_MEMBER: '{path}: member {member} is missing',
  TYPE_TRUNCATED: '{path}: the buffer ends at byte {length}, {needed} more needed',
  TYPE_TRAILING: '{path}: {extra} bytes left over after the value',

  // Framework: buffers, topology, boot
  BUFFER_TOO_LARGE: 'a buffer of {size} bytes was asked for, the pool has blocks of {max}',
  BUFFER_POOL_EMPTY: 'all {capacity} buffers of the pool are on loan',
  BUFFER_NOT_OWNED: 'this loan of {size} bytes was given back already',
  TOPOLOGY_DUPLICATE_NAME: 'two instances are called {name}',
  TOPOLOGY_BASE_ID: '{instance}: base id {baseId} is not a multiple of 0x100 or is not a U32',
  TOPOLOGY_ID_COLLISION: '{instance} and {other} both have base id {baseId}',
  TOPOLOGY_LOCAL_ID: '{instance}.{name}: id {id} is outside 0..{max}',
  TOPOLOGY_LOCAL_ID_TWICE: '{instance}: {name} and {other} both have id {id}',
  TOPOLOGY_NO_SUCH_END: '{from} -> {to}: there is no port {end}',
  TOPOLOGY_TYPE_MISMATCH: '{from} -> {to}: {fromType} cannot be connected to {toType}',
  TOPOLOGY_CONNECTED_TWICE: '{from} is connected to {to} and to {other}',
  TOPOLOGY_UNCONNECTED: '{from} ({type}) is connected to nothing',
  TOPOLOGY_SYNC_CYCLE: 'synchronous calls run in a circle: {path}',
  TOPOLOGY_BLOCK_CYCLE: 'queues that block their senders stand in a circle: {path}',
  TOPOLOGY_NO_QUEUE: '{end}: a passive component has no queue for an asynchronous port',
  TOPOLOGY_QUEUE_DEPTH: '{instance}: a queue of depth {queueDepth} is not one of 1 or more',
  TOPOLOGY_PATTERN_SIZE: 'pattern {pattern} has {size} ports, {needed} are needed',
  TOPOLOGY_PACKET_CHANNEL: 'packet {packet}: there is no channel {channel}; did you mean {nearest}?',
  CONFIG_UNKNOWN_KEY: '{instance}: there is no config key {key}; did you mean {nearest}? Known: {known}',
  CONFIG_MISSING_KEY: '{instance}: config key {key} has no default and was not given',
  PARAM_NOT_SAVED: '{param}: the parameter store did not save it',
  CONFIG_UNKNOWN_INSTANCE: 'there is no instance {instance}; did you mean {nearest}?',

  ...protocolErrors,

  // Native: memory under error correction
  ECC_SHAPE: '{what}: {length} bytes, {expected} expected',
  ECC_ALIGNED: '{what}: starts at byte {offset} of its buffer, a multiple of {expected} expected',
  ECC_NOT_SHARED: '{what}: not over a SharedArrayBuffer',
  ECC_RANGE: '{what} {first} to {last}: there are {count}',
  ECC_PARITY: 'parity of {dataPages} pages in {groups} groups of {parityPerGroup}: {why}',
  ECC_DTYPE:
    'weights of dtype {dtype}: {length} bytes are no whole number of them, or the bound {bound} is none',

  // Learning: graphs, gradients, training
  GRAPH_FILE: 'model graph: {why}',
  GRAPH_OPERATOR: 'operator {operator} (of {output}) is not known here; known: {known}',
  GRAPH_SHAPE: 'operator {operator} (of {output}): {why}',
  GRAPH_VALUE: 'nothing in the graph is called {name}',
  GRADIENT_OPERATOR:
    'operator {operator} (of {output}), as it is used, cannot be differentiated; known: {known}',
  TRAINING_PARAMETER: 'weights {name} cannot be trained: {why}',
  TRAINING_CHOICE: 'what is to learn: {why}',
  TRAINING_VECTOR: 'vector of parameters: {why}',
  COLOUR_MAP: 'colour calibration: {why}',
  TRAINING_EXAMPLES: 'examples: {why}',
  TRAINING_STATE: 'training state: {why}',
  TRAINING_BOUNDS: 'step {step}: {why}',
  TRAINING_BASE: '{model}: it is for weights {wanted}…, on board are {found}…',
  TRAINING_BUDGET: 'budget: {why}',
  TRAINING_NOTHING: 'there is nothing to {what}: {why}',
  TRAINING_WORSE:
    'accuracy on the reference tiles went from {before} to {after}, {least} is the least to adopt',
  TRAINING_OUTPUT: 'the graph has no output {output}; it has: {known}',
  LABELS: 'labels {file}: {why}',
  LABELS_TILE: 'labels {file}: {count} of its tiles are not kept on board, tile {tile} is the first',
  TILE_FILE: 'kept tile {path}: {why}',
  LABELS_BOOK: 'label book {file}: {why}',
  LABELS_CONTEXT: 'context {file}: {why}',
  LABELS_SOURCE: 'source {source}: {file}: {why}',
  LABELS_RECORDING: 'recording {folder}: {why}',
  LABELS_DECISION: '{what}: {why}',
  REFERENCE: '{file}: {why}',
  LABELS_MODEL: 'labels {file}: they are for {what} {found}, this is {expected}',

  // Federation: tasks, updates, what is refused
  FED_FORMAT: '{what}: {why}',
  FED_KEY: '{what}: signed with key {key}, which nobody here trusts; trusted: {known}',
  FED_SIGNATURE: '{what}: the signature of key {key} is not of it',
  FED_PACKED: 'packed vector: {why}',
  FED_NUMBER: '{what}: value {index} is no finite number',
  FED_NODE: '{what} of {node}: {why}',
  FED_TASK: 'update of {node}: task {task} is not open here',
  FED_TASK_REFUSED: 'the satellite refused the task: {why}',
  FED_DUPLICATE: '{what} {id} was taken before',
  FED_BASE: '{what}: for model {model} with weights {found}, ours are {expected}',
  FED_START: '{what}: it begins with parameters {found}, {expected} expected',
  FED_LAYOUT: '{what}: {found}, {expected} expected',
  FED_STALE: 'update of {node}: {age} old, {max} the most',
  FED_EXPIRED: 'task {task}: it expired {seconds} s ago',
  FED_TRAINING: 'task {task}: {why}',
  FED_FULL: '{what}: there are {max} already',
  FED_NORM: 'update of {node}: norm {norm}, {max} the most ({why})',
  FED_WEIGHT: 'update of {node}: weight {weight}, {max} the most',
  FED_CANARY:
    'parameters with updates of {nodes}: accuracy {after} on the reference set after {before}, {loss} the most to lose',

  // Payload: camera, tiles, models, inference
  CAMERA_NO_IMAGER: 'the board has no imager {imager}; it has: {known}',
  CAMERA_DRIVER: 'imager {imager}: {reason}',
  CAMERA_STALLED: 'the camera gives no frame, for {seconds} s now',
  CAMERA_SIZE: 'the camera gives {found}, {expected} expected',
  CAMERA_STREAM: 'what the camera pipeline writes cannot be read: {why}',
  CAMERA_PIPELINE: 'camera pipeline: {why}',
  HIGHRES_BUSY: 'the high-resolution camera is busy: {why}',
  HIGHRES_STRIP:
    'a strip of {lines} lines in bands of scale {scales} needs {needed} bytes, buffers have {max}',
  HIGHRES_SHAPE: 'imager {imager} gives what is no capture: {why}',
  HIGHRES_STALLED: 'imager {imager} has not answered for {seconds} s',
  HIGHRES_NO_BUFFER: 'no buffer came back for {seconds} s',
  TARGET_FORMAT: 'target {text}: {why}',
  TARGET_UNKNOWN: 'there is no target {target}; known: {known}',
  TARGETS_FULL: 'target {target}: there are {max} targets already',
  TILER_FRAME_SIZE: 'frame {frame}: {width}x{height} pixels give {tiles} tiles of {tilePx} px, 1..{max} fit',
  TILER_FRAME_BYTES: 'frame {frame}: its buffer holds {length} bytes, {needed} needed',
  MODEL_UNKNOWN: 'there is no model {model}; known: {known}',
  MODEL_MANIFEST: '{file}: {reason}',
  MODEL_MISSING: '{model}: {file} cannot be read: {reason}',
  MODEL_SIZE: '{model}: {file} has {length} bytes, the manifest says {expected}',
  MODEL_HASH: '{model}: sha256 of {file} is {found}…, the manifest says {expected}…',
  MODEL_TRUNCATED: '{file}: ends at byte {length}, {needed} needed',
  MODEL_HEADER: '{file}: safetensors header: {reason}',
  MODEL_DTYPE: '{file}: {tensor}: unknown dtype {dtype}',
  MODEL_SHAPE: '{file}: {tensor}: {found} does not fit {expected}',
  MODEL_MAGIC: '{file}: it begins with {found}, not as a signed model does',
  MODEL_FORMAT: '{file}: format {found}, this software reads {expected}',
  MODEL_MANIFEST_SIZE: '{file}: a manifest of {length} bytes, 1 to {max} allowed',
  MODEL_KEY_FILE: '{file}: {why}',
  MODEL_KEY: '{file}: signed with key {key}, which nobody here trusts; trusted: {known}',
  MODEL_SIGNATURE: '{file}: the signature of key {key} is not of this manifest',
  MODEL_TRAILING: '{file}: {extra} bytes left over after the weights',
  MODEL_DOWNGRADE: '{model}: serial {serial} is not newer than {highest}, which was installed before',
  MODEL_PROTECTION: '{model}: protection: {reason}',
  MODEL_SLOT: 'there is no slot {slot}: 0 to {last}',
  MODEL_SLOTS_FULL: '{model}: all {slots} slots hold models in use',
  MODEL_DELTA: '{file}: {why}',
  MODEL_DELTA_BASE: '{model}: the delta is of serial {serial} with weights {sha256}…, here is {found}',
  MODEL_DELTA_DEPTH:
    '{model}: step {depth} learned on board since a version that the mission signed, {max} the most',
  MODEL_OWN_KEY: 'the spacecraft has no key of its own, or both copies are damaged: {files}',
  MODEL_KEY_OWN: "{file}: signed with the spacecraft's own key {key}, {why}",
  MODEL_LOST: '{model}: {pages} pages are beyond repair on board',
  MODEL_GOLDEN: '{file}: {why}',
  MODEL_LEDGER: '{file}: {why}',
  MODEL_VERSION: '{model}: there is no {what} version',
  MODEL_REFUSED: '{model}: the runtime keeps the version before: {reason}',
  MODEL_BUSY: '{busy} is under way',
  ENGINE_LOAD: '{model}: no provider loads it: {reason}',
  ENGINE_RUN: '{model}: {reason}',
  ENGINE_REFERENCE:
    '{model}: right on {found} of {items} reference items, what flies on {known}: worse by more than {margin}',
  ENGINE_SHADOW: '{model} cannot run beside the one that flies: {why}',
  ENGINE_CANARY: '{model}: its canary: {reason}',
  ENGINE_SUSPECT: '{model}: {reason}',
  ENGINE_DEADLINE: '{model}: not done after {deadlineUs} us',
  ENGINE_LOST: "the engine's process ended: {reason}",
  INFER_ASKED: '{model}: {items} items of {size} values asked, {length} values given',

  // CUDA, TensorRT and its engine plans
  CUDA_ABSENT: 'CUDA: {reason}',
  CUDA_FAILED: 'CUDA: {reason}',
  TENSORRT_ABSENT: 'TensorRT: {reason}',
  TENSORRT_FAILED: 'TensorRT: {reason}',
  PLAN_MISSING: '{file}: there is no such plan',
  PLAN_CORRUPT: '{file}: {why}',
  PLAN_DEVICE: '{file}: the plan was built for {what} {found}, this is {expected}',

  // Native kernels: what they are given
  KERNEL_SIZE: '{kernel}: {what} is {value}, {min}..{max} are allowed',
  KERNEL_BUFFER: '{kernel}: {what} has {length} elements, {needed} needed',
  KERNEL_SHARED: '{kernel}: {output} shares memory with {input}',
  IMAGE_CROP: 'crop {crop}: {width}x{height} at ({left}, {top}) is not inside of a frame of {frame}',
  IMAGE_SHRINK: 'crop {crop}: {from} to {to} pixels is smaller than 1/{max}',
  BITS_VALUE: 'record {record}, field {field}: {value} does not fit {bits} bits',

  // Imagery: files, scenes, imagers that scan
  IMAGERY_FORMAT: '{file}: no picture that can be read: {why}',
  IMAGERY_TRUNCATED: '{file}: cut short: {why}',
  IMAGERY_SIZE: '{file}: {what} is {value}, {max} the most',
  IMAGERY_WINDOW: '{file}: rows {top} to {bottom} asked for, it has {height}',
  IMAGERY_CRS: '{file}: {crs} is no reference system known here (WGS-84 UTM, EPSG:4326, EPSG:3857)',
  SCENE_FOLDER: '{folder}: {why}',
  SCENE_BANDS_MISSING: '{folder}: a {sensor} scene without {missing}; it has {known}',
  SCENE_MIXED: '{file}: {what} {found} does not fit the {expected} of {other}',
  SWATH_END: 'the capture has no line left: {left} of {asked} lines',
  SWATH_PLANES: 'planes for a read: {why}',
  PUSHBROOM_NOTHING_THERE: 'no imagery at {place}',
  PUSHBROOM_OUT_OF_REACH: '{place} is {offNadir} deg off the nadir, {max} the most',

  // Core components
  PRODUCT_FILE: 'data product: {why}',
  CELL_MAP: 'map of cells: {why}',
  LAYERS: 'layered picture: {why}',
  CAMPAIGN_FLIGHT: 'the flight of a campaign did not start: {why}',
  PRODUCT_CHUNK: 'product {product}: a chunk of it does not fit',
  PICTURE_FAILED: 'the picture could not be made: {why}',
  PARAM_FILE_CORRUPT: 'parameter file: {reason}',
  COMMAND_MEMORY_CORRUPT: 'the memory of commands of sender {sender}: {why}; FORGET_SENDER starts anew',
  COMMAND_SENDERS: 'sender {sender}: commands of {max} senders are remembered already',

  // Sequences
  SEQ_FILE: 'sequence file: {why}',
  SEQ_BUILD: 'the sequence was compiled for dictionary {found}, this is {expected}',
  SEQ_STEP: 'step {step}: {why}',
  SEQ_SOURCE: '{where}: {why}',
  SEQ_NAME: 'there is no {what} {name}; did you mean {nearest}?',
  SEQ_LIMIT: 'the sequence has done {max} steps: an endless loop?',
  SEQ_LATE: 'step {step}: its time was {seconds} s ago, {max} s are allowed',
  SEQ_TIMEOUT: 'step {step}: {what} did not come in {seconds} s',
  SEQ_NO_VALUE: 'step {step}: channel {channel} has no value yet',
  SEQ_COMMAND: 'step {step}: command {command} ended with {status}: {reason}',
  SEQ_ABORTED: 'step {step}: {reason}',

  // Simulators (hwtests)
  ORBIT_BAD_TLE: '{name}: {why}',
  FEDERATION_SHARDS: 'no split of {tiles} tiles gives {satellites} satellites {least} each',
  FEDERATION_MEAN: 'round {round}: the mean of the updates is {apart} from the one that was given',
  FEDERATION_FLOWER: 'the SuperLink can not be used: {why}',
  FLOWER_SILENT: 'round {round}: nothing came from the SuperLink for {seconds} s; is the run started?',
  EUROSAT_MISSING:
    'EuroSAT is not there (looked in {places}): name its parent folder in PERIGEE_DATA, see perigee assets',
  EUROSAT_READ: 'EuroSAT: {file}: {why}',
  SENSOR_EFFECTS: 'sensor effects {text}: {why}',
  START_BOARD: 'board {board} flies no simulated world: --start, --sensor and --drift are for sim and live',
  DRIFT_UNKNOWN: 'there is no drift {name}; known: {known}',
  START_TIME: 'start {text}: {why}',
  EARTH_MAP_MISSING: 'the maps of npm three-globe cannot be read: {why}',
  IMAGER_BUFFER_SIZE: 'the frame buffer holds {length} bytes, {needed} needed',
  RADIATION_FACTOR:
    'radiation {text}: it is x and how many times the published rate, as x10000, x{max} the most',
  RADIATION_TARGETS: 'radiation targets {text}: {why}',
  GGUF_FORM: '{file} is no GGUF file that can be read: {why}',
  CAMPAIGN_MISSING:
    'campaign {name}: {file} is not there; it comes with the project, not with what is deployed',
  CAMPAIGN_MODEL: '{model} is left out: {why}',
  RADIATION_BOARD: 'radiation: board {board} is not simulated; sim is',

  // Launching
  MISSION_UNKNOWN: 'there is no mission {name}; did you mean {nearest}?',
  BOARD_UNKNOWN: 'there is no board {name}; known: {known}',
  PROFILE_UNKNOWN: 'there is no profile {name}; known: {known}',
  CONFIG_FILE: '{file}: {why}',

  // The perigee command
  COMPONENT_NAME: '{path} is not room/name, both lowerCamel letters and digits; rooms: {rooms}',
  COMPONENT_EXISTS: '{folder} exists: nothing was written',

  // Ground: the asset catalogue
  ASSET_OFFLINE: '{url} cannot be had: {why}',
  ASSET_HTTP: '{url}: the server answers {status}',
  ASSET_INDEX: '{index} is not what a package index answers',
  ASSET_VERSION: '{index} has no {file}; it has {known}',
  ASSET_HASH: '{file}: its hash is {found}, {expected} expected: nothing of it was kept',
  ASSET_ARCHIVE: '{file} cannot be unpacked: {why}',
  ASSET_BY_HAND:
    '{name} is in no package index: get it from {page} and name the folder above it in PERIGEE_DATA',
  ASSET_BUSY: '{name} is being pulled by another process (or remove {lock})',

  // Ground: dictionaries for other ground systems
  YAMCS_DIR: '{dir}: {why}',
  GDS_MISSING: 'fprime-gds cannot be started ({why}): pip install fprime-gds==4.4.1',
  DICTIONARY_NO_FORM: '{format} has no form for the types of {entries}',

  // Ground: the gateway to a Flower SuperLink
  FLOWER_UNREACHABLE: 'no SuperLink answers at {url}: {why}',
  FLOWER_REFUSED: 'the SuperLink at {url} refused {call} ({status}): {why}',
  FLOWER_CLOCK:
    "our clock is {seconds} s {way} the SuperLink's at {url}; it takes calls from {maxAhead} s ahead to {maxBehind} s behind: set the clock",
  FLOWER_VERSION: 'the SuperLink at {url} does not speak as flwr {expected} does: {why}',
  FLOWER_ANSWER: 'Flower: {what} cannot be read: {why}',
  FLOWER_OBJECT: 'Flower object {id}: {why}',
  FLOWER_ARRAY: 'Flower array {name}: {why}',
  FLOWER_KEY: 'SuperNode key {where}: {why}',
  FLOWER_UNREGISTERED:
    'the operator of this SuperLink registers keys: flwr supernode register identity.pub (of the gateway state): {why}',
  FLOWER_ORDER: 'Flower message {id}: {why}',
  FLOWER_GIVEN_UP: 'Flower has given message {id} up: {why}',
  FLOWER_FLEET: 'fleet file {file}: {why}',
  FLOWER_STATE: 'gateway state {folder}: {why}',

  // Ground: deploying a release to a board
  DEPLOY_PACK: 'packing {what}: {why}',
  DEPLOY_NO_ADDON: '{file} is not built: {how} makes it (or fly without it: --without-addon)',
  DEPLOY_BOARD_FILE: 'mission {mission} on board flight: {why}',
  DEPLOY_ARCH: 'the target is {machine}; a release can be packed for Linux on {known}',
  DEPLOY_TARGET: '{target}: {why}',
  DEPLOY_UNREACHABLE: '{target} cannot be reached: {why}',
  DEPLOY_SPACE: '{target}: {needed} MiB needed in {dir}, {free} MiB are free',
  DEPLOY_TRANSFER: '{target}: the transfer failed, what arrived stays for the next try: {why}',
  DEPLOY_CORRUPT: '{target}: the release that arrived is not what was sent, nothing was switched: {why}',
  DEPLOY_UNHEALTHY: '{target}: {release} was rolled back, {flying} flies: {why}',
  DEPLOY_UNDECIDED: '{target}: {release} is neither healthy nor rolled back: {why}',
  DEPLOY_NO_PREVIOUS: '{target}: there is no previous release to go back to',

  // Ground: reading the downlink, sending commands
  LINK_UNKNOWN_DESCRIPTOR: 'no packet has descriptor {descriptor}',
  LINK_UNKNOWN_ID: 'the dictionary has no {what} {id}: is it the dictionary of this build?',
  LINK_UNKNOWN_COMMAND: 'there is no command {name}; did you mean {nearest}?',
  DOWNLOAD_UNKNOWN: 'a {packet} packet of a file whose START did not arrive',
  LINK_SHORT_PACKET: '{packet} ends before {channel}',

  // Ground: dictionary files, transports, recordings, the gateway and its clients
  DICTIONARY_FILE: '{file} is no Perigee dictionary: {why}',
  DICTIONARY_MISMATCH: 'the spacecraft flies dictionary {found}, this is {loaded}: nothing was sent',
  DICTIONARY_UNVERIFIED: 'the spacecraft has not said which dictionary it flies: nothing was sent',
  LINK_ARGUMENT: '{command}: {why} (it takes {usage})',
  LINK_UNKNOWN_CHANNEL: 'there is no channel {name}; did you mean {nearest}?',
  LINK_DOWN: 'the link to the spacecraft is down: {why}',
  RECORD_FAILED: 'recording in {folder}: {why}',
  RECORD_EMPTY: '{folder} holds no recording',
  RECORD_FORMAT: '{file}: byte {at}: {why}',
  GATEWAY_UNREACHABLE: 'no gateway answers at {address}: {why}',
  GATEWAY_CLOSED: 'the gateway at {address} closed the connection: {why}',
  GATEWAY_REQUEST: 'the gateway cannot read this request: {why}',
  GATEWAY_BUSY: '{count} commands are under way, {max} the most',
  CAPTURE_FORMAT: '{file} holds no frames that can be read: {why}',

  // Platform drivers
  NEIGHBOUR_UNSEEN: '{to} is not in view; in view: {known}',
  STORAGE_NAME: '{name} is no name for a stored file: letters, digits, _ - and . only, no folder',
  STORAGE_MISSING: '{name} is not in storage',
  STORAGE_FAILED: 'storage: {name}: {why}',
  FILE_PATH: '{path} is no path of a file here: {why}',
  FILE_MISSING: '{path} does not exist',
  FILE_KIND: '{path} is not a {kind}',
  FILE_EXISTS: '{path} exists already',
  FILE_NOT_EMPTY: 'folder {path} is not empty',
  FILE_DISK_FULL: '{path}: there is no room for it',
  FILE_TOO_LARGE: '{path}: {size} bytes, {max} the most',
  FILE_FAILED: '{path}: {why}',
  IMAGE_UNREADABLE: '{file}: the picture cannot be read: {why}',
  IMAGE_FOLDER_EMPTY: '{folder}: there is no picture (jpg, png, tiff) in it',
  IMAGE_FOLDER_UNREADABLE: '{folder}: the folder cannot be read: {why}',
  IMAGING_BANDS: 'band {band} is not there; the sensor has {known}',
  IMAGING_SCALES: 'bands {bands} have pixels of sizes that are no multiples of each other',
  IMAGING_GSD: 'pixels of {gsdM} m; {model} is for {minM} to {maxM} m',
  LINK_FORM: 'link {text}: {why}',
  RADIO_PORT: 'radio: cannot listen on {host}:{port}: {why}',
  BOARD_CONFIG: '{file}: {why}',
  TIMER_FAILED: 'the real-time timer does not start: {why}',
  MEMORY_EXHAUSTED: '{name}: {bytes} bytes asked, {free} free',
} as const;

export type ErrorCode = keyof typeof errorTable;

/** A coded error: `code` for machines, `text` for people, already filled in. */
export interface Fault {
  readonly code: ErrorCode;
  readonly text: string;
}

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Failed {
  readonly ok: false;
  readonly error: Fault;
}

/** What a function returns that can go wrong. */
export type Result<T> = Ok<T> | Failed;

export function succeed<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** Fills the table's template for `code` with `detail`, e.g. `fail('TYPE_RANGE', { path, value, min, max })`. */
export function fail(code: ErrorCode, detail: Readonly<Record<string, unknown>> = {}): Failed {
  const text = errorTable[code].replace(/\{(\w+)\}/g, (_, field: string) => String(detail[field]));
  return { ok: false, error: { code, text } };
}
