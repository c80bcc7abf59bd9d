import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../fsw/root';

let root: string;
const path = (name: string) => join(root, name);
const write = (name: string, text: string) => writeFileSync(path(name), text);

/** A checkout with one source and one package, and an npm that notes how it was called. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'perigee-setup-'));
  for (const folder of ['fsw', 'npm', 'ground-tools']) mkdirSync(path(folder));
  cpSync(join(projectRoot, 'ground-tools/bin'), path('ground-tools/bin'), { recursive: true });
  rmSync(path('ground-tools/bin/setup.test.ts'));
  write('package.json', '{ "engines": { "node": ">=20.19" } }');
  write('package-lock.json', '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.0" } } }');
  const compilerOptions = {
    module: 'nodenext',
    rootDir: '.',
    outDir: 'dist',
    noEmitOnError: true,
    incremental: true,
    tsBuildInfoFile: 'dist/.build.tsbuildinfo',
  };
  const quick = { types: [], lib: ['es5'], skipLibCheck: true };
  write('tsconfig.json', '{}');
  write(
    'tsconfig.build.json',
    JSON.stringify({ compilerOptions: { ...compilerOptions, ...quick }, include: ['fsw'] }),
  );
  write('fsw/a.ts', 'export const a: number = 1;');
  write(
    'npm/npm-cli.js',
    `const fs = require('node:fs');
     fs.writeFileSync('npm/called', process.argv.slice(2, 4).join(' ') + ' ' + process.env.ONNXRUNTIME_NODE_INSTALL);
     fs.mkdirSync('node_modules', { recursive: true });
     fs.symlinkSync(${JSON.stringify(join(projectRoot, 'node_modules/typescript'))}, 'node_modules/typescript');
     fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');`,
  );
});
afterEach(() => rmSync(root, { recursive: true }));

function setup() {
  const env = { ...process.env, npm_execpath: path('npm/npm-cli.js') };
  const script = path('ground-tools/bin/setup.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

describe('set-up', () => {
  it('installs and compiles on a bare machine, without the download of onnxruntime-node', () => {
    const { status, said } = setup();
    expect(said).toContain('installing packages (npm ci)');
    expect(said).toContain('compiling TypeScript to dist/');
    expect(status).toBe(0);
    expect(readFileSync(path('npm/called'), 'utf8')).toBe('ci --include=dev skip');
    expect(existsSync(path('dist/fsw/a.js'))).toBe(true);
  });

  it('is silent when nothing is missing', () => {
    setup();
    expect(setup()).toEqual({ status: 0, said: '' });
  });

  it('compiles again when a source has changed, and drops what has no source any more', () => {
    setup();
    rmSync(path('fsw/a.ts'));
    write('fsw/b.ts', 'export const b = 1;');
    expect(setup()).toEqual({ status: 0, said: 'perigee: compiling TypeScript to dist/ …\n' });
    expect(existsSync(path('dist/fsw/a.js'))).toBe(false);
    expect(existsSync(path('dist/fsw/b.js'))).toBe(true);
  });

  it('compiles a source that was away while another had a mistake, and came back unchanged', () => {
    write('fsw/b.ts', 'export const b = 1;');
    setup();
    rmSync(path('fsw/b.ts'));
    write('fsw/a.ts', 'export const a: number = "one";');
    expect(setup().status).toBe(1);
    write('fsw/a.ts', 'export const a: number = 1;');
    write('fsw/b.ts', 'export const b = 1;');
    expect(setup()).toEqual({ status: 0, said: 'perigee: compiling TypeScript to dist/ …\n' });
    expect(existsSync(path('dist/fsw/b.js'))).toBe(true);
  });

  it('fails with the place of a mistake in the sources, each time', () => {
    write('fsw/a.ts', 'export const a: number = "one";');
    for (const { status, said } of [setup(), setup()]) {
      expect(said).toContain('fsw/a.ts');
      expect(said).toContain('do not compile');
      expect(status).toBe(1);
    }
  });

  it('installs again when the lock file asks for another version', () => {
    setup();
    rmSync(path('node_modules/typescript'));
    write('package-lock.json', '{ "packages": { "": {}, "node_modules/a": { "version": "1.0.1" } } }');
    expect(setup().said).toContain('installing packages');
    expect(setup().said).toBe('');
  });

  it('fails when npm does, and leaves nothing that looks installed', () => {
    write('npm/npm-cli.js', 'process.exit(1);');
    const { status, said } = setup();
    expect(status).toBe(1);
    expect(said).toContain('npm ci failed');
    expect(existsSync(path('dist'))).toBe(false);
  });

  it('refuses a Node that is too old, and says which is needed', async () => {
    const module = pathToFileURL(path('ground-tools/bin/setup.mjs')).href;
    const { checkNode } = (await import(module)) as { checkNode(version: string): string | undefined };
    for (const version of ['18.20.4', '20.18.1', '9.99.0'])
      expect(checkNode(version)).toContain(`Perigee needs Node 20.19 or newer; this is ${version}`);
    for (const version of ['20.19.0', '22.0.0', '24.1.0']) expect(checkNode(version)).toBeUndefined();
  });
});
