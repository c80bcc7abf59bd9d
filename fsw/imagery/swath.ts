/** A scene flown from its first line to its last. */
import { fail, type Result, succeed } from '../errors';
import type { Scan, Swath } from '../framework';
import { type Scene, stripView } from './scene';

export interface SwathOptions {
  /** Flight time of the first line, microseconds. */
  readonly startUs: number;
  /** From one line of the finest bands to the next. */
  readonly lineUs: number;
}

/**
 * The lines of a scene, in order. They are handed over when they are asked for; their times say when the imager saw them.
 * `close` closes the scene.
 */
export function sceneSwath(scene: Scene, { startUs, lineUs }: SwathOptions): Swath {
  const { bands, width, lines } = scene;
  let next = 0;
  return {
    bands,
    width,
    lines,
    async read(count, into): Promise<Result<Scan>> {
      if (next + count > lines) return fail('SWATH_END', { left: lines - next, asked: count });
      const planes = checkPlanes(scene, count, into);
      if (!planes.ok) return planes;
      const first = next;
      next += count;
      for (const [i, { scale }] of bands.entries()) {
        const read = await scene.read(i, first / scale, count / scale, into[i]);
        if (!read.ok) return read;
      }
      const view = stripView(scene, first, count);
      return succeed({ atUs: Math.round(startUs + first * lineUs), ...(view && { view }) });
    },
    close: () => void scene.close(),
  };
}

/** Errors: SWATH_PLANES. */
function checkPlanes({ bands, width }: Scene, count: number, into: readonly Uint16Array[]): Result<void> {
  const wrong = (why: string) => fail('SWATH_PLANES', { why });
  if (into.length !== bands.length) return wrong(`${into.length} given, ${bands.length} bands`);
  for (const [i, { name, scale }] of bands.entries()) {
    if (!Number.isInteger(count / scale) || count < 1)
      return wrong(`${count} lines are no multiple of ${scale}, the scale of ${name}`);
    const needed = (width / scale) * (count / scale);
    if (into[i].length < needed) return wrong(`${name} has ${into[i].length} counts, ${needed} needed`);
  }
  return succeed(undefined);
}
