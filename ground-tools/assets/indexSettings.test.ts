import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { npmRegistry, pythonIndex } from './indexSettings';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'perigee-index-'));
});
afterEach(() => rmSync(home, { recursive: true }));

function write(file: string, text: string): string {
  const path = join(home, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}
const python = (env: Record<string, string> = {}) => pythonIndex({ root: home, home, env });
const npm = (env: Record<string, string> = {}) => npmRegistry({ root: join(home, 'project'), home, env });

describe('the index of Python packages', () => {
  it('is PyPI when a config file says nothing of it, or is none', () => {
    const file = write('empty.conf', '[global]\ntimeout = 60\n# index-url = https://commented.example\n');
    expect(python({ PIP_CONFIG_FILE: file })).toBe('https://pypi.org/simple/');
    expect(python({ PIP_CONFIG_FILE: '/dev/null' })).toBe('https://pypi.org/simple/');
    expect(python({ PIP_CONFIG_FILE: home })).toBe('https://pypi.org/simple/');
  });

  it("is that of pip's files, a section for downloads before the global one, the user's before older places", () => {
    write('.pip/pip.conf', '[global]\nindex-url = https://old.example/simple\n');
    expect(python()).toBe('https://old.example/simple/');
    write(
      '.config/pip/pip.conf',
      '[install]\nindex_url: https://b.example/\n[global]\nindex-url=https://a.example\n',
    );
    expect(python()).toBe('https://b.example/');
  });

  it('is what the environment says, before all files', () => {
    const file = write('pip.conf', '[global]\r\nindex-url = https://file.example/simple\r\n');
    expect(python({ PIP_CONFIG_FILE: file })).toBe('https://file.example/simple/');
    const both = { PIP_CONFIG_FILE: file, PIP_INDEX_URL: 'https://env.example/simple' };
    expect(python(both)).toBe('https://env.example/simple/');
  });
});

describe("npm's registry", () => {
  it("is the project's, then the user's, then npm's own; the environment before all", () => {
    expect(npm()).toBe('https://registry.npmjs.org/');
    write('.npmrc', 'fund=false\nregistry = "https://user.example/npm"\n');
    expect(npm()).toBe('https://user.example/npm/');
    write('project/.npmrc', 'registry=https://project.example/\n');
    expect(npm()).toBe('https://project.example/');
    expect(npm({ npm_config_registry: 'https://env.example' })).toBe('https://env.example/');
  });
});
