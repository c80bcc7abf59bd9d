import { describe, expect, it } from 'vitest';
import { EUROSAT_TILE_BYTES, type EurosatTiles } from '../../datasets/eurosat';
import { countsOf, shardsOf } from './shards';

const COUNT = 400;
/** Tiles of one grey each, which follows the class. */
const tiles: EurosatTiles = {
  classes: ['a', 'b', 'c', 'd'],
  labels: Uint8Array.from({ length: COUNT }, (_, i) => i % 4),
  pixels: new Uint8Array(COUNT * EUROSAT_TILE_BYTES).map(
    (_, i) => 60 * (Math.floor(i / EUROSAT_TILE_BYTES) % 4) + (Math.floor(i / EUROSAT_TILE_BYTES) % 7),
  ),
  paths: Array.from({ length: COUNT }, (_, i) => String(i)),
  fileBytes: new Uint32Array(COUNT),
};

function share(alpha: number, seed = 1) {
  const shards = shardsOf(tiles, 4, { kind: 'classes', alpha }, seed);
  if (!shards.ok) throw new Error(shards.error.text);
  return shards.value;
}

describe('shardsOf', () => {
  it('gives each tile to one satellite or to the validation, and the same for the same seed', () => {
    const { validation, satellites } = share(0.3);
    expect(validation).toHaveLength(COUNT / 5);
    expect([...validation, ...satellites.flat()].sort((a, b) => a - b)).toEqual([...tiles.labels.keys()]);
    expect(share(0.3)).toEqual(share(0.3));
    expect(share(0.3, 2)).not.toEqual(share(0.3));
  });

  it('is the less even, the smaller alpha is', () => {
    const spread = (alpha: number) => {
      const counts = countsOf(tiles, share(alpha).satellites).flat();
      return Math.max(...counts) - Math.min(...counts);
    };
    expect(spread(0.2)).toBeGreaterThan(spread(100));
    expect(spread(100)).toBeLessThan(30);
  });

  it('puts tiles of like colours together', () => {
    const shards = shardsOf(tiles, 3, { kind: 'regions' }, 1);
    if (!shards.ok) throw new Error(shards.error.text);
    const counts = countsOf(tiles, shards.value.satellites);
    // Four greys over three satellites: no grey is torn apart.
    for (const label of tiles.classes.keys()) expect(counts.filter((own) => own[label] > 0)).toHaveLength(1);
  });

  it('says so when there are too few tiles', () => {
    expect(shardsOf(tiles, 20, { kind: 'regions' }, 1)).toMatchObject({
      ok: false,
      error: { code: 'FEDERATION_SHARDS' },
    });
  });
});
