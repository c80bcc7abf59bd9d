/**
 * Names every platform's optional packages in package-lock.json: `npm run lock`, after any `npm install`.
 *
 * A registry mirror that serves one platform only makes npm leave the others out, and `npm ci` then refuses
 * the lock file (npm 11) or installs half of it on a Mac (npm 10). Their versions are pinned by the packages
 * that ask for them; what is missing is only the entry, with the platform that npm filters by.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const lockFile = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

/** The platform that a package is for, read from its name: `@img/sharp-linuxmusl-x64`. */
function platformOf(name) {
  const words = name.replace('linuxmusl', 'linux-musl').split(/[-/]/);
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : ['glibc'];
  const namesLibc = words.some((word) => /^(musl|gnu)/.test(word));
  return { ...(os.length > 0 && { os }), ...(cpu.length > 0 && { cpu }), ...(namesLibc && { libc }) };
}

/** The optional packages that the lock file asks for and doesn't hold: `{ name, version, dev }`. */
export function missingOptionals(lock) {
  return Object.values(lock.packages)
    .flatMap(({ optionalDependencies = {}, dev }) =>
      Object.entries(optionalDependencies).map(([name, version]) => ({ name, version, dev })),
    )
    .filter(({ name }) => !(`node_modules/${name}` in lock.packages));
}

function completed(lock) {
  const added = missingOptionals(lock).map(({ name, version, dev }) => {
    const platform = platformOf(name);
    if (!/^\d/.test(version)) throw new Error(`${name}@${version} is not pinned`);
    if (Object.keys(platform).length === 0) throw new Error(`cannot tell the platform of ${name}`);
    return [`node_modules/${name}`, { version, ...platform, ...(dev && { dev }), optional: true }];
  });
  const packages = Object.entries(lock.packages)
    .concat(added)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...lock, packages: Object.fromEntries(packages) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(lockFile, 'utf8'));
  console.log(`${missingOptionals(lock).length} platform packages added to package-lock.json`);
  writeFileSync(lockFile, `${JSON.stringify(completed(lock), null, 2)}\n`);
}
