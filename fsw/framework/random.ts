/** Seeded random numbers: the same seed and name give the same sequence on every host. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of it. */
  next(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** An independent stream for a named purpose, so that one user's draws never shift another's. */
  fork(name: string): Random;
}

/** sfc32 (C. Doty-Humphrey, PractRand), seeded through an FNV-1a hash of `name`. */
export function seededRandom(seed: number, name = 'root'): Random {
  let [a, b, c, d] = [seed >>> 0, hash(name), 0x9e3779b9, 1];
  const draw = () => {
    const sum = (a + b + d) >>> 0;
    d = (d + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = ((c << 21) | (c >>> 11)) >>> 0;
    c = (c + sum) >>> 0;
    return sum;
  };
  for (let i = 0; i < 15; i++) draw();
  const next = () => draw() / 2 ** 32;
  return {
    next,
    integer: (below) => Math.floor(next() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    fork: (child) => seededRandom(seed, `${name}/${child}`),
  };
}

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const char of text) h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return h >>> 0;
}
