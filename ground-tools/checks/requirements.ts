import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One row of a component's requirements table. */
export interface Requirement {
  readonly id: string;
  readonly text: string;
  readonly component: string;
}

/** The rows `| PGE-ABC-001 | text | verified by |` of a README. */
export function requirementsIn(readme: string, component: string): Requirement[] {
  return readme.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, id, text] = cells;
    return id?.startsWith('PGE-') ? [{ id, text, component }] : [];
  });
}

/** The titles of `it`, `test` and `describe` in a test's source, and of their tables: `it.each([…])('title', …)`. */
export function titlesIn(test: string): string[] {
  const calls = test.matchAll(/(?:\b(?:it|test|describe)(?:\.\w+)*|\))\s*\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs);
  return [...calls].map(([, , title]) => title);
}

/** All that is wrong with the components' requirements under `root`, in words; empty when every one is verified. */
export function faultsOf(root: string): string[] {
  const folders = componentFolders(root);
  const faults: string[] = [];
  const owners = new Map<string, string>();
  for (const component of folders) {
    const files = readdirSync(join(root, component));
    const tests = files.filter((file) => file.endsWith('.test.ts'));
    if (tests.length === 0) faults.push(`${component}: no test`);
    if (!files.includes('README.md')) {
      faults.push(`${component}: no README.md`);
      continue;
    }
    const read = (file: string) => readFileSync(join(root, component, file), 'utf8');
    const titles = tests.flatMap((file) => titlesIn(read(file)));
    const requirements = requirementsIn(read('README.md'), component);
    if (requirements.length === 0) faults.push(`${component}: no requirements in README.md`);
    for (const { id, text } of requirements) {
      if (!/^PGE-[A-Z]{3,5}-\d{3}$/.test(id)) faults.push(`${component}: ${id} is not PGE-XXX-NNN`);
      if (!text) faults.push(`${component}: ${id} says nothing`);
      if (!titles.some((title) => title.includes(id))) faults.push(`${component}: no test title names ${id}`);
      const owner = owners.get(id);
      if (owner !== undefined) faults.push(`${component}: ${id} is also in ${owner}`);
      owners.set(id, component);
    }
    for (const id of new Set(titles.flatMap((title) => title.match(/PGE-[A-Z]+-\d+/g) ?? [])))
      if (!requirements.some((requirement) => requirement.id === id))
        faults.push(`${component}: a test names ${id}, which the README does not have`);
  }
  return faults;
}

function componentFolders(root: string): string[] {
  const foldersIn = (path: string) =>
    existsSync(join(root, path))
      ? readdirSync(join(root, path), { withFileTypes: true })
          .filter((entry) => entry.isDirectory())
          .map((entry) => `${path}/${entry.name}`)
      : [];
  return foldersIn('components').flatMap(foldersIn);
}
