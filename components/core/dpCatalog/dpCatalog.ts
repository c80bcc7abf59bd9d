/** Sends the data products on the disk, the most urgent first, and remembers across reboots which went. */
import type { Fault } from '../../../fsw/errors';
import {
  bool,
  component,
  defineComponent,
  input,
  ok,
  output,
  readWhole,
  refused,
  Sched,
  type SelfOf,
  string,
  U16,
  U32,
  U64,
} from '../../../fsw/framework';
import { FileSend, FileSendDone } from '../../comms/ports';
import { MAX_PRODUCT_BYTES, ProductWritten } from '../ports';
import { checkProduct, productFileLength } from '../productFile';
import { Catalog, type Entry, entryOf } from './catalog';

const PRODUCT = /\.fdp$/;
const FileName = string(240);

const model = defineComponent({
  kind: 'active',
  doc: 'Keeps the catalogue of data products on the disk and sends them by priority, then age.',
  ports: {
    addToCat: input.async(ProductWritten),
    schedIn: input.async(Sched, { onFull: 'drop-oldest' }),
    fileOut: output(FileSend),
    fileDone: input.async(FileSendDone),
  },
  commands: {
    BUILD_CATALOG: {
      id: 0,
      doc: 'Read the catalogue from the disk again; the product under way may go twice.',
    },
    START_XMIT_CATALOG: {
      id: 1,
      args: { remainActive: bool },
      doc: 'Send all products of the catalogue; with remainActive, also those that come later.',
    },
    STOP_XMIT_CATALOG: { id: 2, doc: 'Send no more; the product under way is sent to its end.' },
    CLEAR_CATALOG: { id: 3, doc: 'Forget the catalogue, not the files: BUILD_CATALOG finds them again.' },
  },
  events: {
    CatalogBuilt: {
      id: 0,
      severity: 'activity-high',
      args: { products: U32, bytes: U64, damaged: U32 },
      format: '{products} products of {bytes} bytes wait, {damaged} damaged',
      doc: 'The catalogue was read from the disk.',
    },
    ProductDamaged: {
      id: 1,
      severity: 'warning-low',
      args: { file: FileName, reason: string(120) },
      format: '{file} put aside: {reason}',
      throttle: 10,
      doc: 'A file is torn or changed; it lies in the folder `damaged` now. Sent again after BUILD_CATALOG.',
    },
    CatalogFull: {
      id: 2,
      severity: 'warning-low',
      args: { file: FileName },
      format: 'no room in the catalogue for {file}',
      throttle: 3,
      doc: 'The least urgent product was left out; BUILD_CATALOG finds it once others have gone.',
    },
    XmitStarted: {
      id: 3,
      severity: 'activity-high',
      args: { products: U32, bytes: U64 },
      format: 'sending {products} products of {bytes} bytes',
      doc: 'START_XMIT_CATALOG was taken.',
    },
    ProductSent: {
      id: 4,
      severity: 'activity-low',
      args: { file: FileName, bytes: U32 },
      format: 'sent {file} ({bytes} bytes)',
      doc: 'A product was handed to the link whole; its file lies in the folder `sent` now.',
    },
    ProductSendFailed: {
      id: 5,
      severity: 'warning-low',
      args: { file: FileName, reason: string(60) },
      format: '{file} was not sent: {reason}',
      doc: 'The product stays on the disk; BUILD_CATALOG takes it up again.',
    },
    XmitCompleted: {
      id: 6,
      severity: 'activity-high',
      args: { products: U32, bytes: U64 },
      format: 'sent {products} products of {bytes} bytes',
      doc: 'Nothing is left to be sent.',
    },
    XmitStopped: {
      id: 7,
      severity: 'activity-high',
      args: { products: U32 },
      format: 'stopped sending, {products} products wait',
      doc: 'By command, or because a product was canceled.',
    },
    CatalogStoreError: {
      id: 8,
      severity: 'warning-high',
      args: { file: FileName, code: string(24), reason: string(120) },
      format: '{file}: {code}: {reason}',
      throttle: 5,
      doc: 'The store did not do what was asked. Sent again after BUILD_CATALOG.',
    },
  },
  telemetry: {
    ProductsWaiting: { id: 0, type: U32, update: 'on-change', doc: 'Products in the catalogue.' },
    BytesWaiting: { id: 1, type: U64, update: 'on-change', unit: 'B', doc: 'Bytes of their files.' },
    ProductsSent: { id: 2, type: U32, update: 'on-change', doc: 'Products sent since boot.' },
    ProductsDamaged: { id: 3, type: U32, update: 'on-change', doc: 'Files put aside since boot.' },
    Transmitting: { id: 4, type: bool, update: 'on-change', doc: 'Products are sent.' },
  },
  params: {
    XmitAtBoot: {
      id: 0,
      type: bool,
      default: false,
      doc: 'Begin to send at boot, as START_XMIT_CATALOG{true}.',
    },
  },
  config: {
    folder: { type: string(60), default: 'products', doc: 'Where dpWriter puts products.' },
    groundFolder: { type: string(60), default: '', doc: 'What goes before their names on the ground.' },
    maxEntries: { type: U32, default: 4096, min: 1, doc: 'Products that the catalogue holds.' },
    keepSent: { type: U16, default: 256, doc: 'Sent products that stay on the disk; the oldest go.' },
  },
});

interface State {
  readonly catalog: Catalog;
  active: boolean;
  remainActive: boolean;
  /** Asked for; `key` tells its answer from that of an earlier one. */
  underWay: Entry | undefined;
  key: number;
  /** Since START_XMIT_CATALOG. */
  round: { products: number; bytes: number };
  sent: number;
  damaged: number;
}
type Self = SelfOf<typeof model, State>;

export const dpCatalog = component(model, {
  state: ({ config }): State => ({
    catalog: new Catalog(config.maxEntries),
    active: false,
    remainActive: false,
    underWay: undefined,
    key: 0,
    round: { products: 0, bytes: 0 },
    sent: 0,
    damaged: 0,
  }),
  ports: (self) => ({
    addToCat(product) {
      add(self, product);
      sendNext(self);
    },
    schedIn: () => sendNext(self),
    fileDone({ key, status }) {
      const { state, event } = self;
      const { underWay } = state;
      if (underWay === undefined || key !== state.key) return;
      state.underWay = undefined;
      if (status === 'OK') markSent(self, underWay);
      else event.ProductSendFailed({ file: underWay.file, reason: status });
      if (status === 'CANCELED') stopXmit(self);
      sendNext(self);
    },
  }),
  commands: (self) => ({
    BUILD_CATALOG() {
      self.clearThrottle('ProductDamaged');
      self.clearThrottle('CatalogStoreError');
      self.clearThrottle('CatalogFull');
      build(self);
      sendNext(self);
      return ok;
    },
    START_XMIT_CATALOG({ remainActive }) {
      startXmit(self, remainActive);
      return ok;
    },
    STOP_XMIT_CATALOG() {
      if (!self.state.active) return refused('nothing is being sent');
      stopXmit(self);
      return ok;
    },
    CLEAR_CATALOG() {
      self.state.catalog.clear();
      report(self);
      return ok;
    },
  }),
  start(self) {
    build(self);
    if (self.param.XmitAtBoot) startXmit(self, true);
  },
});

/** Reads what is in the folder. A file that makes no sense is put aside and disturbs nothing. */
function build(self: Self): void {
  const { state, board, config, event } = self;
  state.catalog.clear();
  // Whoever was to send it may have restarted and forgotten it.
  state.underWay = undefined;
  for (const folder of [config.folder, `${config.folder}/sent`, `${config.folder}/damaged`]) {
    const made = board.files.makeFolder(folder);
    if (!made.ok) reportStore(self, folder, made.error);
  }
  const names = board.files.list(config.folder);
  const before = state.damaged;
  for (const name of names.ok ? names.value.filter((one) => PRODUCT.test(one)) : []) {
    const file = `${config.folder}/${name}`;
    const entry = entryOf(board.files, file);
    if (entry.ok) add(self, entry.value);
    else if (entry.error.code === 'PRODUCT_FILE') putAside(self, file, entry.error.text);
    else reportStore(self, file, entry.error);
  }
  const { size, bytes } = state.catalog;
  event.CatalogBuilt({ products: size, bytes: BigInt(bytes), damaged: state.damaged - before });
  report(self);
}

function add(self: Self, entry: Entry): void {
  const left = self.state.catalog.add(entry);
  if (left) self.event.CatalogFull({ file: left.file });
  report(self);
}

function startXmit(self: Self, remainActive: boolean): void {
  const { state, event } = self;
  state.active = true;
  state.remainActive = remainActive;
  state.round = { products: 0, bytes: 0 };
  event.XmitStarted({ products: state.catalog.size, bytes: BigInt(state.catalog.bytes) });
  sendNext(self);
}

function stopXmit(self: Self): void {
  if (!self.state.active) return;
  self.state.active = false;
  self.event.XmitStopped({ products: self.state.catalog.size });
  report(self);
}

/** Asks for the most urgent product, if none is under way. Refused, it is asked for again at the next tick. */
function sendNext(self: Self): void {
  const { state, config, out } = self;
  for (let next = state.catalog.first; state.active && !state.underWay && next; next = state.catalog.first) {
    if (!isSound(self, next)) continue;
    const destination = `${config.groundFolder}${baseName(next.file)}`;
    const request = { source: next.file, destination, offset: 0, length: 0, key: ++state.key };
    if (out.fileOut(request) !== 'OK') break;
    state.catalog.remove(next.file);
    state.underWay = next;
  }
  const idle = state.active && !state.underWay && state.catalog.size === 0;
  if (idle && (state.round.products > 0 || !state.remainActive)) completed(self);
  if (idle && !state.remainActive) state.active = false;
  report(self);
}

function completed({ state, event }: Self): void {
  event.XmitCompleted({ products: state.round.products, bytes: BigInt(state.round.bytes) });
  state.round = { products: 0, bytes: 0 };
}

/** Reads the whole file before it goes: one that changed since it was catalogued is put aside, or left out if it is gone. */
function isSound(self: Self, { file }: Entry): boolean {
  const { board, state } = self;
  const bytes = readWhole(board.files, file, productFileLength(MAX_PRODUCT_BYTES));
  const checked = bytes.ok ? checkProduct(bytes.value) : bytes;
  if (checked.ok) return true;
  state.catalog.remove(file);
  if (checked.error.code === 'PRODUCT_FILE') putAside(self, file, checked.error.text);
  else reportStore(self, file, checked.error);
  return false;
}

/** A move says it: no record can contradict the disk after a power cut. */
function markSent(self: Self, { file, size }: Entry): void {
  const { state, board, config, event } = self;
  const moved = board.files.rename(file, `${config.folder}/sent/${baseName(file)}`);
  if (!moved.ok) reportStore(self, file, moved.error);
  state.sent++;
  state.round.products++;
  state.round.bytes += size;
  event.ProductSent({ file, bytes: size });
  const folder = `${config.folder}/sent`;
  const sent = board.files.list(folder);
  const byAge = sent.ok ? sent.value.toSorted((a, b) => (timeIn(a) < timeIn(b) ? -1 : 1)) : [];
  for (const name of byAge.slice(0, Math.max(0, byAge.length - config.keepSent)))
    board.files.remove(`${folder}/${name}`);
}

function putAside(self: Self, file: string, reason: string): void {
  const { state, board, config, event } = self;
  state.damaged++;
  event.ProductDamaged({ file, reason });
  const moved = board.files.rename(file, `${config.folder}/damaged/${baseName(file)}`);
  if (!moved.ok) reportStore(self, file, moved.error);
}

function reportStore({ event }: Self, file: string, { code, text }: Fault): void {
  event.CatalogStoreError({ file, code, reason: text });
}

function report({ state, tlm }: Self): void {
  tlm.ProductsWaiting(state.catalog.size);
  tlm.BytesWaiting(BigInt(state.catalog.bytes));
  tlm.ProductsSent(state.sent);
  tlm.ProductsDamaged(state.damaged);
  tlm.Transmitting(state.active);
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1);
}

/** The time in a product's name, `Dp_id_seconds_microseconds.fdp`, so that names sort by age. */
function timeIn(name: string): string {
  return name.split('_').slice(2).join('_').padStart(32, '0');
}
