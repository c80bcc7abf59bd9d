/**
 * What builds and runs arm64 programs on a Linux x64 machine: a Rust with arm64's standard library, a C cross
 * linker, qemu, and Node for arm64. What the host has is taken from there; the rest is fetched into the cache, without
 * being root. On an arm64 machine everything is the host's own.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../native.mjs';
import { debianMissing, unpackDebian } from './debian.mjs';

export const TARGET = 'aarch64-unknown-linux-gnu';
const root = fileURLToPath(new URL('../../..', import.meta.url));
const PREFIX = 'aarch64-linux-gnu';
/** Libraries that a program of Debian may need and a slim host may lack; never libc or libstdc++, which Node needs too. */
const hostLibraries =
  'libedit|libxml2|libz3|libbsd|libmd0|libicu|libffi|libtinfo|liblzma|libzstd|zlib1g|libmpc|libmpfr|libgmp|libisl|libjansson|libbinutils';

const folder = () => join(cacheFolder(), 'arm64');
const isArm64 = process.arch === 'arm64';
const onPath = (program) => !spawnSync(program, ['--version']).error;

/** Why nothing can be built or run for arm64 here, or undefined. */
export function hostRefusal() {
  if (process.platform !== 'linux') return `this is ${process.platform}: arm64 is built and tested on Linux`;
  if (!isArm64 && process.arch !== 'x64') return `this is ${process.arch}: arm64 is built on x64 or arm64`;
  return onPath('cargo') ? undefined : 'cargo is not here (rustup.rs)';
}

/**
 * The environment in which `cargo --target aarch64-unknown-linux-gnu` builds; its tests are started with `prefix`. `say`
 * gets a line for each thing that is fetched. Throws with one line for what can't be had and how to install it.
 */
export function cargoEnvironment(say, prefix = []) {
  const compiler = crossCompiler(say, 'gcc');
  const upper = 'CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU';
  return {
    ...process.env,
    RUSTC: rustc(say),
    [`${upper}_LINKER`]: compiler,
    [`CC_${TARGET.replaceAll('-', '_')}`]: compiler,
    ...(prefix.length > 0 && { [`${upper}_RUNNER`]: prefix.join(' ') }),
    // Never shared with another rustc's.
    CARGO_TARGET_DIR: join(folder(), 'cargo', createHash('sha256').update(root).digest('hex').slice(0, 8)),
  };
}

/** A rustc that has arm64's standard library: the host's (`rustup target add`), else Debian's in the cache. */
function rustc(say) {
  const asked = spawnSync('rustc', ['--print', 'target-libdir', '--target', TARGET], { encoding: 'utf8' });
  if (asked.status === 0 && hasStandardLibrary(asked.stdout.trim())) return 'rustc';
  const tree = join(folder(), 'rust');
  const wrapper = join(tree, 'rustc-cross');
  if (existsSync(wrapper)) return wrapper;
  say('fetching Rust with the standard library of arm64 (Debian rustc-web, 125 MB) …');
  const packages = ['rustc-web', 'libstd-rust-web-dev:amd64', 'libstd-rust-web-dev:arm64'];
  fetch(packages, `^(libstd-rust-web-\\d|libllvm|${hostLibraries})`, tree, `rustup target add ${TARGET}`);
  return wrap(wrapper, tree, 'usr/bin/rustc');
}

function hasStandardLibrary(libdir) {
  return existsSync(libdir) && readdirSync(libdir).some((name) => name.startsWith('libstd-'));
}

/** The compiler for arm64, `gcc` or `g++`. */
export function crossCompiler(say, name) {
  if (isArm64) return name;
  if (onPath(`${PREFIX}-${name}`)) return `${PREFIX}-${name}`;
  const tree = crossTree(say);
  const libraries = join(tree, `usr/${PREFIX}/lib`);
  const flags = `-B${join(tree, `usr/bin/${PREFIX}-`)} -L${libraries} -isystem ${join(tree, `usr/${PREFIX}/include`)}`;
  return wrap(join(tree, `${PREFIX}-${name}`), tree, `usr/bin/${PREFIX}-${name}-12`, flags);
}

function crossTree(say) {
  const tree = join(folder(), 'gcc');
  if (existsSync(tree)) return tree;
  say('fetching the cross linker and the C libraries of arm64 (Debian, 60 MB) …');
  const packages = [`g++-12-${PREFIX}`, `gcc-12-${PREFIX}`, 'libc6-dev-arm64-cross'];
  const needed = `(${PREFIX}|arm64-cross$|^(${hostLibraries}))`;
  fetch(packages, needed, tree, `apt install g++-${PREFIX} libc6-dev-arm64-cross`);
  placeScripts(join(tree, `usr/${PREFIX}/lib`));
  return tree;
}

/** Linker scripts hold absolute paths: of the folder that they are in now. */
function placeScripts(libraries) {
  for (const name of readdirSync(libraries)) {
    const file = join(libraries, name);
    if (!name.endsWith('.so') || statSync(file).size > 4096) continue;
    const script = readFileSync(file, 'latin1');
    if (script.startsWith('/* GNU ld script'))
      writeFileSync(file, script.replaceAll(` /usr/${PREFIX}/lib/`, ` ${libraries}/`));
  }
}

/**
 * How an arm64 program is started: qemu with the folder of its libraries before it, nothing on an arm64 machine. Throws as
 * `cargoEnvironment` does.
 */
export function runPrefix(say) {
  if (isArm64) return [];
  const hosts = `/usr/${PREFIX}`;
  const sysroot = existsSync(join(hosts, 'lib/libstdc++.so.6')) ? hosts : join(crossTree(say), hosts);
  const qemu = 'qemu-aarch64-static';
  if (onPath(qemu)) return [qemu, '-L', sysroot];
  const tree = join(folder(), 'qemu');
  if (!existsSync(tree)) {
    say('fetching qemu (Debian qemu-user-static, 50 MB) …');
    fetch(['qemu-user-static'], '^$', tree, 'apt install qemu-user-static');
  }
  return [join(tree, 'usr/bin', qemu), '-L', sysroot];
}

function fetch(packages, needed, tree, otherwise) {
  const missing = debianMissing();
  if (missing) throw new Error(`${missing}; or install it yourself: ${otherwise}`);
  mkdirSync(folder(), { recursive: true });
  try {
    unpackDebian(packages, new RegExp(needed), tree);
  } catch (error) {
    throw new Error(
      `${packages[0]} can't be fetched (${error.message}); or install it yourself: ${otherwise}`,
    );
  }
}

/** A program of an unpacked tree, started with that tree's libraries. */
function wrap(file, tree, program, flags = '') {
  const libraries = join(tree, 'usr/lib/x86_64-linux-gnu');
  writeFileSync(
    file,
    `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${join(tree, program)}' ${flags} "$@"\n`,
  );
  chmodSync(file, 0o755);
  return file;
}
