import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, type Result, succeed } from '../../fsw/errors';
import { componentFile, readmeFile, testFile } from './templates';

/** A component's folder and file name: lowerCamel, as an identifier. */
const NAME = /^[a-z][A-Za-z0-9]{1,39}$/;

/**
 * Writes `components/<room>/<name>/` with a component that passes its own test. `path` is `room/name`.
 * Returns what to say: the files and the command that runs the test.
 * Errors: `COMPONENT_NAME` when the path is not two names, `COMPONENT_EXISTS` when the folder is there.
 */
export function newComponent(root: string, path: string): Result<string> {
  const parts = path.split('/');
  const [room, name] = parts;
  if (parts.length !== 2 || !parts.every((part) => NAME.test(part)))
    return fail('COMPONENT_NAME', { path, rooms: roomsOf(root).join(', ') });
  const folder = join(root, 'components', room, name);
  if (existsSync(folder)) return fail('COMPONENT_EXISTS', { folder: `components/${path}` });

  const files: Record<string, string> = {
    [`${name}.ts`]: componentFile(name),
    [`${name}.test.ts`]: testFile(name, freePrefix(root, name)),
    'README.md': readmeFile(name, freePrefix(root, name)),
  };
  mkdirSync(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  const written = Object.keys(files).map((file) => `  components/${path}/${file}\n`);
  return succeed(`written:\n${written.join('')}try it:\n  npx vitest run components/${path}\n`);
}

function roomsOf(root: string): string[] {
  const rooms = join(root, 'components');
  if (!existsSync(rooms)) return [];
  return readdirSync(rooms, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** A prefix for the requirement ids that no other component uses: its initials, else its first letters. */
function freePrefix(root: string, name: string): string {
  const letters = name.replace(/[^A-Za-z]/g, '').toUpperCase();
  const initials = name.replace(/(?!^)[a-z0-9]/g, '').toUpperCase();
  const candidates = [initials, ...[3, 4, 5].map((length) => letters.slice(0, length))]
    .filter((prefix) => /^[A-Z]{3,5}$/.test(prefix))
    .concat(spellings());
  const used = new Set(usedPrefixes(root));
  return candidates.find((prefix) => !used.has(prefix)) ?? 'NEW';
}

/** XAA, XAB, …: for a name of one or two letters, or one whose letters are all taken. */
function spellings(): string[] {
  const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  return alphabet.flatMap((first) => alphabet.map((second) => `X${first}${second}`));
}

function usedPrefixes(root: string): string[] {
  return roomsOf(root).flatMap((room) =>
    readdirSync(join(root, 'components', room)).flatMap((name) => {
      const readme = join(root, 'components', room, name, 'README.md');
      if (!existsSync(readme)) return [];
      return [...readFileSync(readme, 'utf8').matchAll(/PGE-([A-Z]{3,5})-\d{3}/g)].map(
        ([, prefix]) => prefix,
      );
    }),
  );
}
