import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { projectRoot } from '../../fsw/root';
import { isNewEnough } from './deploy';
import { filesUnder } from './manifest';
import { type PackOptions, pack } from './pack';
import { neededPackages } from './packages';
import { type Platform, platformOf } from './platform';
import { parseTarget } from './ssh';

const arm64: Platform = { os: 'linux', arch: 'arm64' };
const x64: Platform = { os: 'linux', arch: 'x64' };

/** A checkout with one mission, one package with binaries of several platforms, and an addon for arm64. */
function checkout(): string {
  const root = mkdtempSync(join(tmpdir(), 'perigee-pack-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const files: Record<string, string> = {
    'package.json': '{ "dependencies": { "runtime": "1.0.0", "unused": "1.0.0" } }',
    'package-lock.json': JSON.stringify({
      packages: {
        '': {},
        'node_modules/runtime': { version: '1.0.0', dependencies: { nested: '1' } },
        'node_modules/runtime/node_modules/nested': { version: '1.0.0' },
        'node_modules/nested': { version: '2.0.0' },
        'node_modules/unused': { version: '1.0.0' },
        'node_modules/tester': { version: '1.0.0', dev: true },
      },
    }),
    'ground-tools/deploy/start.sh': '#!/bin/sh',
    'dist/fsw/launch.js': 'require("runtime"); require("node:fs"); require("./flight");',
    'dist/fsw/flight.js': 'require("tester");',
    'dist/fsw/flight.test.js': 'require("unused");',
    'dist/fsw/launch.js.map': '{}',
    'dist/components/a.js': '',
    'dist/native/addon.js': '',
    'dist/ground-tools/cli/main.js': '',
    'dist/hwtests/rig.js': '',
    'fsw/missions/watch/topology.ts': '',
    'fsw/missions/watch/models/net.onnx': 'weights',
    'fsw/missions/watch/flightBoard.json': '{}',
    'fsw/missions/other/flightBoard.json': '{}',
    'build/native/perigee-linux-arm64.node': 'arm64',
    'build/native/perigee-linux-arm64.node.stamp': '',
    'build/native/perigee-darwin-x64.node': 'darwin',
    'build/native/kernels.fatbin': 'gpu',
    ...Object.fromEntries(
      ['runtime', 'nested', 'unused', 'tester'].map((name) => [`node_modules/${name}/package.json`, '{}']),
    ),
    'node_modules/runtime/node_modules/nested/package.json': '{}',
    'node_modules/runtime/index.d.ts': '',
    'node_modules/runtime/bin/napi-v6/linux/arm64/lib.so': '',
    'node_modules/runtime/bin/napi-v6/linux/x64/lib.so': '',
    'node_modules/runtime/bin/napi-v6/win32/arm64/lib.dll': '',
    'node_modules/runtime/prebuilds/linux-arm64/lib.node': '',
    'node_modules/runtime/prebuilds/darwin-x64+arm64/lib.node': '',
  };
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

function packed(options: Partial<PackOptions> & { root: string }) {
  const into = join(options.root, 'release');
  mkdirSync(into);
  const said: string[] = [];
  const done = pack({ platform: arm64, mission: 'watch', node: '/usr/bin/node', ...options }, into, (line) =>
    said.push(line),
  );
  return { done, files: filesUnder(into), said, into };
}

describe('a release', () => {
  it('holds what flies on its platform, and nothing else', () => {
    const { done, files, into } = packed({
      root: checkout(),
      service: { home: '/opt/perigee', user: 'fly' },
    });
    expect(done).toMatchObject({ ok: true, value: { files: files.length - 1 } });
    expect(files).toEqual([
      'build/native/kernels.fatbin',
      'build/native/perigee-linux-arm64.node',
      'dist/components/a.js',
      'dist/fsw/flight.js',
      'dist/fsw/launch.js',
      'dist/native/addon.js',
      'fsw/missions/watch/flightBoard.json',
      'fsw/missions/watch/models/net.onnx',
      'manifest.sha256',
      'node_modules/runtime/bin/napi-v6/linux/arm64/lib.so',
      'node_modules/runtime/node_modules/nested/package.json',
      'node_modules/runtime/package.json',
      'node_modules/runtime/prebuilds/linux-arm64/lib.node',
      'package.json',
      'perigee.service',
      'release.env',
      'start.sh',
    ]);
    expect(readFileSync(join(into, 'release.env'), 'utf8')).toBe("MISSION='watch'\nNODE='/usr/bin/node'\n");
    const unit = readFileSync(join(into, 'perigee.service'), 'utf8');
    for (const line of [
      'User=fly',
      'ExecStart=/opt/perigee/current/start.sh',
      'Restart=always',
      'LimitRTPRIO=50',
    ])
      expect(unit.split('\n')).toContain(line);
  });

  it('has the same manifest whenever it is packed from the same files', () => {
    const [first, second] = [checkout(), checkout()].map((root) => packed({ root }).done);
    expect(first).toEqual(second);
  });

  it('holds the tools and the rig when asked', () => {
    const { files } = packed({ root: checkout(), rig: true });
    expect(files).toEqual(expect.arrayContaining(['dist/hwtests/rig.js', 'dist/ground-tools/cli/main.js']));
  });

  it('is not packed without an addon for its platform, unless that is wanted', () => {
    const root = checkout();
    const { done } = packed({ root, platform: x64 });
    expect(done).toMatchObject({ ok: false, error: { code: 'DEPLOY_NO_ADDON' } });
    rmSync(join(root, 'release'), { recursive: true });
    expect(packed({ root, platform: x64, withoutAddon: true }).done.ok).toBe(true);
  });

  it('holds no addon where none is wanted, though it is built', () => {
    const { done, files } = packed({ root: checkout(), withoutAddon: true });
    expect(done.ok).toBe(true);
    expect(files.filter((file) => file.startsWith('build/'))).toEqual(['build/native/kernels.fatbin']);
  });

  it('is not packed for a mission that is not there', () => {
    const { done } = packed({ root: checkout(), mission: 'wtach' });
    expect(done).toMatchObject({ ok: false, error: { code: 'DEPLOY_BOARD_FILE' } });
  });

  it('is not packed for a mission without a board', () => {
    const root = checkout();
    rmSync(join(root, 'fsw/missions/watch/flightBoard.json'));
    expect(packed({ root }).done).toMatchObject({ ok: false, error: { code: 'DEPLOY_BOARD_FILE' } });
  });
});

describe('the packages of a release', () => {
  it('are those of its platform in the lock file', () => {
    const paths = (platform: Platform) =>
      neededPackages(projectRoot, ['sharp', 'onnxruntime-node'], platform).map(({ path }) => path);
    expect(paths(arm64)).toEqual(
      expect.arrayContaining([
        'node_modules/@img/sharp-linux-arm64',
        'node_modules/@img/sharp-libvips-linux-arm64',
      ]),
    );
    for (const path of paths(arm64)) expect(path).not.toMatch(/x64|musl|wasm|win32|darwin/);
    expect(paths(x64)).toContain('node_modules/@img/sharp-linux-x64');
  });
});

describe('a target', () => {
  it.each([
    ['flight@orin.local', { destination: 'flight@orin.local', port: undefined }],
    ['flight@10.0.0.7:2222', { destination: 'flight@10.0.0.7', port: 2222 }],
    ['orin', { destination: 'orin', port: undefined }],
    ['flight@orin:', undefined],
    ['-oProxyCommand=evil', undefined],
    ['flight@orin:99999', undefined],
    ['a b', undefined],
  ])('%s is read for what it is', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  it('is Linux on a processor that a release can be packed for', () => {
    expect(platformOf('Linux', 'aarch64')).toEqual({ ok: true, value: arm64 });
    for (const [system, machine] of [
      ['Linux', 'armv7l'],
      ['Darwin', 'arm64'],
      ['Linux', 'constructor'],
    ])
      expect(platformOf(system, machine)).toMatchObject({ ok: false, error: { code: 'DEPLOY_ARCH' } });
  });

  it('flies with its own Node if that is new enough', () => {
    for (const version of ['v20.19.0', 'v22.1.0']) expect(isNewEnough(version)).toBe(true);
    for (const version of ['v20.18.3', 'v18.20.0', '', undefined]) expect(isNewEnough(version)).toBe(false);
  });
});
