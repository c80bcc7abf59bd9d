/** File operations by command, in the board's store and nowhere else. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import {
  bool,
  type Clock,
  type CommandReply,
  component,
  defineComponent,
  enumeration,
  type FileStore,
  ok,
  refused,
  type SelfOf,
  string,
  U16,
  U32,
  U64,
} from '../../../fsw/framework';

const Path = string(240);
const EntryKind = enumeration('Core.EntryKind', { FILE: 0, FOLDER: 1 });
const COPY_CHUNK_BYTES = 1 << 20;
/** What copying a chunk costs, in flight time. */
const COPY_CHUNK_US = 5000;

const model = defineComponent({
  kind: 'active',
  doc: 'Makes, moves, measures, joins and removes files and folders of the board by command.',
  // The ids of F´; 4 is its ShellCommand, which is not here (see README.md).
  commands: {
    CreateDirectory: { id: 0, args: { dirName: Path }, doc: 'Make a folder, and those above it.' },
    MoveFile: {
      id: 1,
      args: { sourceFileName: Path, destFileName: Path },
      doc: 'Move or rename a file or folder; a file replaces a file, whole or not at all.',
    },
    RemoveDirectory: { id: 2, args: { dirName: Path }, doc: 'Remove an empty folder.' },
    RemoveFile: {
      id: 3,
      args: { fileName: Path, ignoreErrors: bool },
      doc: 'Remove a file; with ignoreErrors, one that is not there is no error.',
    },
    AppendFile: {
      id: 5,
      args: { source: Path, target: Path },
      doc: 'Add the bytes of one file to the end of another, all or none; the target is made if it is missing.',
    },
    FileSize: { id: 6, args: { fileName: Path }, doc: 'Tell the size of a file.' },
    ListDirectory: { id: 7, args: { dirName: Path }, doc: 'Tell what is in a folder, an event each.' },
  },
  events: {
    CreateDirectorySucceeded: {
      id: 0,
      severity: 'activity-high',
      args: { dirName: Path },
      format: 'made folder {dirName}',
      doc: 'CreateDirectory was done.',
    },
    MoveFileSucceeded: {
      id: 1,
      severity: 'activity-high',
      args: { sourceFileName: Path, destFileName: Path },
      format: 'moved {sourceFileName} to {destFileName}',
      doc: 'MoveFile was done.',
    },
    RemoveDirectorySucceeded: {
      id: 2,
      severity: 'activity-high',
      args: { dirName: Path },
      format: 'removed folder {dirName}',
      doc: 'RemoveDirectory was done.',
    },
    RemoveFileSucceeded: {
      id: 3,
      severity: 'activity-high',
      args: { fileName: Path },
      format: 'removed {fileName}',
      doc: 'RemoveFile was done.',
    },
    AppendFileSucceeded: {
      id: 4,
      severity: 'activity-high',
      args: { source: Path, target: Path },
      format: 'added {source} to the end of {target}',
      doc: 'AppendFile was done.',
    },
    FileSizeSucceeded: {
      id: 5,
      severity: 'activity-high',
      args: { fileName: Path, size: U64 },
      format: '{fileName} has {size} bytes',
      doc: 'The answer to FileSize.',
    },
    DirectoryListing: {
      id: 6,
      severity: 'activity-low',
      args: { dirName: Path, name: string(120), kind: EntryKind, size: U64 },
      format: '{dirName}: {name}, {kind}, {size} bytes',
      doc: 'One entry of a folder.',
    },
    ListDirectorySucceeded: {
      id: 7,
      severity: 'activity-high',
      args: { dirName: Path, entries: U32, told: U16 },
      format: '{dirName}: {entries} entries, {told} told',
      doc: 'The end of the answer to ListDirectory; a long folder is not told whole.',
    },
    FileCommandError: {
      id: 8,
      severity: 'warning-high',
      args: { command: string(20), path: Path, code: string(24), reason: string(120) },
      format: '{command} {path}: {code}: {reason}',
      doc: 'A command was not done, and nothing was changed.',
    },
  },
  telemetry: {
    CommandsExecuted: { id: 0, type: U32, update: 'on-change', doc: 'Commands done since boot.' },
    Errors: { id: 1, type: U32, update: 'on-change', doc: 'Commands that could not be done.' },
  },
  config: {
    maxListed: { type: U16, default: 64, min: 1, doc: 'Entries that ListDirectory tells at most.' },
  },
});

interface State {
  executed: number;
  errors: number;
}
type Self = SelfOf<typeof model, State>;

export const fileManager = component(model, {
  state: (): State => ({ executed: 0, errors: 0 }),
  commands: (self) => {
    const { board, event, config, clock } = self;
    return {
      CreateDirectory: ({ dirName }) =>
        answer(self, 'CreateDirectory', dirName, board.files.makeFolder(dirName), () =>
          event.CreateDirectorySucceeded({ dirName }),
        ),
      MoveFile: ({ sourceFileName, destFileName }) =>
        answer(self, 'MoveFile', sourceFileName, board.files.rename(sourceFileName, destFileName), () =>
          event.MoveFileSucceeded({ sourceFileName, destFileName }),
        ),
      RemoveDirectory: ({ dirName }) =>
        answer(self, 'RemoveDirectory', dirName, board.files.removeFolder(dirName), () =>
          event.RemoveDirectorySucceeded({ dirName }),
        ),
      RemoveFile({ fileName, ignoreErrors }) {
        const removed = board.files.remove(fileName);
        const forgiven = ignoreErrors && !removed.ok && removed.error.code === 'FILE_MISSING';
        return answer(self, 'RemoveFile', fileName, forgiven ? succeed(undefined) : removed, () =>
          event.RemoveFileSucceeded({ fileName }),
        );
      },
      async AppendFile({ source, target }) {
        return answer(self, 'AppendFile', target, await append(board.files, clock, source, target), () =>
          event.AppendFileSucceeded({ source, target }),
        );
      },
      FileSize: ({ fileName }) =>
        answer(self, 'FileSize', fileName, sizeOf(board.files, fileName), (size) =>
          event.FileSizeSucceeded({ fileName, size: BigInt(size) }),
        ),
      ListDirectory: ({ dirName }) =>
        answer(self, 'ListDirectory', dirName, board.files.list(dirName), (names) => {
          const told = names.slice(0, config.maxListed);
          for (const name of told) {
            const stat = board.files.stat(`${dirName}/${name}`);
            if (!stat.ok) continue;
            const { kind, size } = stat.value;
            event.DirectoryListing({
              dirName,
              name,
              kind: kind === 'file' ? 'FILE' : 'FOLDER',
              size: BigInt(size),
            });
          }
          event.ListDirectorySucceeded({ dirName, entries: names.length, told: told.length });
        }),
    };
  },
  start({ tlm }) {
    tlm.CommandsExecuted(0);
    tlm.Errors(0);
  },
});

/** Reports how a command went, and answers it. */
function answer<T>(
  { state, tlm, event }: Self,
  command: string,
  path: string,
  done: Result<T>,
  tell: (value: T) => void,
): CommandReply {
  if (done.ok) {
    tlm.CommandsExecuted(++state.executed);
    tell(done.value);
    return ok;
  }
  const { code, text } = done.error;
  tlm.Errors(++state.errors);
  event.FileCommandError({ command, path, code, reason: text });
  return refused(text);
}

function sizeOf(files: FileStore, path: string): Result<number> {
  const stat = files.stat(path);
  if (!stat.ok) return stat;
  return stat.value.kind === 'file' ? succeed(stat.value.size) : fail('FILE_KIND', { path, kind: 'file' });
}

/** Copies chunk by chunk; others run in between. What fails on the way is taken back. */
async function append(files: FileStore, clock: Clock, source: string, target: string): Promise<Result<void>> {
  const size = sizeOf(files, source);
  if (!size.ok) return size;
  const before = sizeOf(files, target);
  if (!before.ok && before.error.code !== 'FILE_MISSING') return before;
  const start = before.ok ? before.value : 0;
  const takeBack = () => (before.ok ? files.truncate(target, start) : files.remove(target));
  const chunk = new Uint8Array(Math.min(COPY_CHUNK_BYTES, size.value));
  for (let at = 0; at < size.value; ) {
    const part = chunk.subarray(0, Math.min(chunk.length, size.value - at));
    const read = files.read(source, at, part);
    const short = read.ok && read.value < part.length;
    const written = short
      ? fail('FILE_FAILED', { path: source, why: 'it became shorter' })
      : read.ok
        ? files.write(target, start + at, part)
        : read;
    if (!written.ok) {
      takeBack();
      return written;
    }
    at += part.length;
    await clock.work(Promise.resolve(), COPY_CHUNK_US);
  }
  const synced = size.value === 0 ? files.truncate(target, start) : files.sync(target);
  if (!synced.ok) takeBack();
  return synced;
}
