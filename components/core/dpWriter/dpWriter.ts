/** Keeps data products on the disk until the link has time for them. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import {
  component,
  defineComponent,
  type FileStore,
  input,
  ok,
  output,
  type SelfOf,
  string,
  U32,
  U64,
  writeWhole,
} from '../../../fsw/framework';
import { ProductOut, ProductWritten } from '../ports';
import { productFile } from '../productFile';

/** Products of one id in one microsecond. */
const MAX_NAMESAKES = 100;

const model = defineComponent({
  kind: 'active',
  doc: 'Writes each data product to a file of its own, whole or not at all.',
  ports: {
    productIn: input.async(ProductOut),
    productWritten: output(ProductWritten, { optional: true }),
  },
  commands: {
    CLEAR_EVENT_THROTTLE: { id: 0, doc: 'Let FileWriteError through again.' },
  },
  events: {
    FileWritten: {
      id: 0,
      severity: 'diagnostic',
      args: { bytes: U32, file: string(240) },
      format: '{bytes} bytes to {file}',
      doc: 'A product is on the disk.',
    },
    FileWriteError: {
      id: 1,
      severity: 'warning-high',
      args: { id: U32, code: string(24), reason: string(120) },
      format: 'product {id} is lost: {code}: {reason}',
      throttle: 5,
      doc: 'The store did not take a product: it is full, say. Sent again once a product could be written.',
    },
  },
  telemetry: {
    ProductsWritten: { id: 0, type: U32, update: 'on-change', doc: 'Products written since boot.' },
    BytesWritten: { id: 1, type: U64, update: 'on-change', unit: 'B', doc: 'Bytes of their files.' },
    ProductsLost: { id: 2, type: U32, update: 'on-change', doc: 'Products that the store did not take.' },
  },
  config: {
    folder: { type: string(60), default: 'products', doc: 'Where products go, in the store of the board.' },
  },
});

interface State {
  written: number;
  bytes: number;
  lost: number;
}
type Self = SelfOf<typeof model, State>;

export const dpWriter = component(model, {
  state: (): State => ({ written: 0, bytes: 0, lost: 0 }),
  ports: (self) => {
    const { board, config, state, event, tlm, out } = self;
    return {
      productIn({ id, priority, time, data }) {
        const stem = `${config.folder}/Dp_${[id, time.seconds, time.useconds].map(eightDigits).join('_')}`;
        const bytes = productFile({ id, priority, time }, data);
        const written = writeNew(board.files, stem, bytes);
        if (!written.ok) {
          event.FileWriteError({ id, code: written.error.code, reason: written.error.text });
          tlm.ProductsLost(++state.lost);
          return;
        }
        const file = written.value;
        self.clearThrottle('FileWriteError');
        tlm.ProductsWritten(++state.written);
        state.bytes += bytes.length;
        tlm.BytesWritten(BigInt(state.bytes));
        event.FileWritten({ bytes: bytes.length, file });
        out.productWritten({ file, id, priority, time, size: bytes.length });
      },
    };
  },
  commands: (self) => ({
    CLEAR_EVENT_THROTTLE() {
      self.clearThrottle('FileWriteError');
      return ok;
    },
  }),
  start({ board, config, tlm, state }: Self) {
    board.files.makeFolder(config.folder);
    // What a kill left of a write.
    const names = board.files.list(config.folder);
    for (const name of names.ok ? names.value : [])
      if (name.endsWith('.tmp')) board.files.remove(`${config.folder}/${name}`);
    tlm.ProductsWritten(state.written);
    tlm.ProductsLost(state.lost);
  },
});

function eightDigits(value: number): string {
  return String(value).padStart(8, '0');
}

/** Writes a file under the first name of a stem that is free; returns the name. Errors: those of the store. */
function writeNew(files: FileStore, stem: string, bytes: Uint8Array): Result<string> {
  for (let i = 0; i < MAX_NAMESAKES; i++) {
    const path = `${stem}${i === 0 ? '' : `_${i}`}.fdp`;
    const stat = files.stat(path);
    if (stat.ok) continue;
    if (stat.error.code !== 'FILE_MISSING') return stat;
    const written = writeWhole(files, path, bytes);
    return written.ok ? succeed(path) : written;
  }
  return fail('FILE_EXISTS', { path: stem });
}
