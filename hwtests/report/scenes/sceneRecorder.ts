/** Listens to the high-resolution chain and keeps what the report page shows of each capture. It hears; it never speaks. */
import type { AnalysedStrip, LandCoverMap, StripInfo } from '../../../components/imaging/ports';
import type { Tap } from '../../../fsw/framework/deployment';
import type { Arguments } from '../../../fsw/framework/ports';
import { unixUsOf } from '../../../fsw/framework/time';
import type { Values } from '../../../fsw/framework/types';
import { type Picture, webp } from '../pictures';
import { trueColour } from './display';
import type { AttentionExample, SceneRecord, SceneTile, SceneVessel, StripRecord } from './sceneRecord';

/** The most captures of a page; later ones are counted, not shown. */
export const MAX_SCENES = 12;
/** Widest side of an overview, pixels. */
const OVERVIEW_PX = 640;
const ATTENTION_CELLS = 64;

type Info = Values<(typeof StripInfo)['fields']>;
type Example = Omit<AttentionExample, 'picture'> & { readonly picture: Picture };

interface Draft {
  readonly first: Info;
  readonly step: number;
  height: number;
  readonly overviews: Picture[];
  readonly strips: StripRecord[];
  cloudLines: number;
  classes: readonly string[];
  tilePx: number;
  readonly tiles: SceneTile[];
  readonly vessels: SceneVessel[];
  /** The surest tile of each class so far. */
  readonly examples: Map<number, Example>;
}

export class SceneRecorder {
  readonly taps: readonly Tap[] = [
    { instance: 'vesselDetector', end: 'analysedOut', hear: (args) => this.analysed(args) },
  ];
  private readonly drafts = new Map<number, Draft>();
  private left = 0;

  constructor(private readonly epochMs: number) {}

  /** Captures that had no room on the page. */
  get notShown(): number {
    return this.left;
  }

  /** What was heard; call once, after the flight. */
  heard(): Promise<SceneRecord[]> {
    return Promise.all([...this.drafts.values()].map((draft) => this.finished(draft)));
  }

  private analysed({ info, stack, mask, map, vessels }: Arguments<typeof AnalysedStrip>): void {
    const draft = this.draftOf(info);
    if (draft === undefined) return;
    const { width, height, firstLine, latDeg, lonDeg, headingDeg, gsdM } = info;
    draft.height = Math.max(draft.height, firstLine + height);
    draft.strips.push({ firstLine, height, place: gsdM > 0 ? { latDeg, lonDeg, headingDeg } : undefined });
    draft.overviews.push(trueColour(stack, width, { left: 0, top: 0, width, height }, draft.step));
    draft.cloudLines += (Number.isNaN(mask.fraction) ? 0 : mask.fraction) * height;
    draft.vessels.push(...vessels);
    if (map === undefined) return;
    draft.classes = map.classes;
    draft.tilePx = map.tilePx;
    for (const [index, tile] of classified(map, firstLine)) {
      draft.tiles.push(tile);
      const best = draft.examples.get(tile.classIndex);
      if (map.attention.length === 0 || (best && best.confidence >= tile.confidence)) continue;
      const box = { left: tile.x, top: tile.y - firstLine, width: map.tilePx, height: map.tilePx };
      draft.examples.set(tile.classIndex, {
        ...tile,
        picture: trueColour(stack, width, box, 1),
        attention: [...map.attention.subarray(index * ATTENTION_CELLS, (index + 1) * ATTENTION_CELLS)],
      });
    }
  }

  private draftOf(info: Info): Draft | undefined {
    const known = this.drafts.get(info.capture);
    if (known) return known;
    if (this.drafts.size === MAX_SCENES) {
      if (info.strip === 0) this.left++;
      return undefined;
    }
    const draft: Draft = {
      first: info,
      step: Math.ceil(info.width / OVERVIEW_PX),
      height: 0,
      overviews: [],
      strips: [],
      cloudLines: 0,
      classes: [],
      tilePx: 0,
      tiles: [],
      vessels: [],
      examples: new Map(),
    };
    this.drafts.set(info.capture, draft);
    return draft;
  }

  private async finished(draft: Draft): Promise<SceneRecord> {
    const { first, step, height, strips, cloudLines, classes, tiles, tilePx, vessels } = draft;
    const { capture, target, width, gsdM } = first;
    const examples = [...draft.examples.values()].sort((a, b) => a.classIndex - b.classIndex);
    return {
      capture,
      target,
      atUs: unixUsOf(first.time) - this.epochMs * 1000,
      width,
      height,
      gsdM,
      strips,
      overview: { picture: await webp(joined(draft.overviews)), step },
      cloudShare: cloudLines / height,
      classes,
      tiles,
      tilePx,
      vessels,
      examples: await Promise.all(
        examples.map(async (example) => ({ ...example, picture: await webp(example.picture) })),
      ),
    };
  }
}

/** The tiles that the network was asked about, with their place in the map. */
function* classified(map: LandCoverMap, firstLine: number): Generator<[number, SceneTile]> {
  const { columns, rows, tilePx, classes, probabilities } = map;
  for (let tile = 0; tile < columns * rows; tile++) {
    const own = probabilities.subarray(tile * classes.length, (tile + 1) * classes.length);
    const confidence = Math.max(...own);
    if (confidence <= 0) continue;
    const [x, y] = [(tile % columns) * tilePx, firstLine + Math.floor(tile / columns) * tilePx];
    yield [tile, { x, y, classIndex: own.indexOf(confidence), confidence }];
  }
}

/** Pictures of one width, one under the other. */
function joined(parts: readonly Picture[]): Picture {
  const pixels = new Uint8Array(parts.reduce((sum, part) => sum + part.pixels.length, 0));
  let at = 0;
  for (const part of parts) {
    pixels.set(part.pixels, at);
    at += part.pixels.length;
  }
  return { width: parts[0].width, height: parts.reduce((sum, part) => sum + part.height, 0), pixels };
}
