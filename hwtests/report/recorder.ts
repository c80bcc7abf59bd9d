/** Listens to a simulated flight and keeps what its report page shows. It hears; it never speaks. */
import type { Classified, Frame, FrameInfo, Screened } from '../../components/payload/ports';
import type { Deployment, Tap } from '../../fsw/framework/deployment';
import type { Arguments } from '../../fsw/framework/ports';
import type { LinkGrant } from '../../fsw/framework/standardPorts';
import { unixUsOf } from '../../fsw/framework/time';
import type { Values } from '../../fsw/framework/types';
import type { Pass } from '../simulators/stations';
import type { TileTruth } from '../simulators/truth';
import { EvenSample, type Picture, shrunk, webp } from './pictures';
import type { FlightRecord, FrameRecord, TileRecord } from './record';
import { SceneRecorder } from './scenes/sceneRecorder';

/** The most pictures of a page. */
export const MAX_PICTURES = 48;

type Info = Values<(typeof FrameInfo)['fields']>;

/** What the recorder adds to the record of a flight. */
export type Heard = Pick<
  FlightRecord,
  'frames' | 'passes' | 'classNames' | 'pictureStride' | 'scenes' | 'scenesLeftOut'
>;

export interface RecorderOptions {
  /** Flight time, microseconds. */
  readonly nowUs: () => number;
  readonly epochMs: number;
  readonly passes: readonly Pass[];
  readonly tilePx: number;
  readonly truthOf: (info: Info) => readonly TileTruth[];
}

interface Draft {
  readonly frame: Omit<FrameRecord, 'tiles' | 'picture'>;
  /** Undefined when the sample gave it up, tiles with it. */
  picture: Picture | undefined;
  tiles: readonly TileRecord[];
}

export class FlightRecorder {
  readonly taps: readonly Tap[];
  private readonly given: RecorderOptions;
  private readonly scenes: SceneRecorder;
  private readonly frames: Draft[] = [];
  /** The latest frame of each id: ids begin anew when the camera does. */
  private readonly byId = new Map<number, number>();
  private readonly pictures = new EvenSample<number>(MAX_PICTURES);
  private readonly granted: number[];
  private classNames: readonly string[] = [];
  private deployment: Deployment | undefined;

  constructor(given: RecorderOptions) {
    this.given = given;
    this.scenes = new SceneRecorder(given.epochMs);
    this.granted = given.passes.map(() => 0);
    this.taps = [
      { instance: 'camera', end: 'frameOut', hear: (args) => this.seen(args) },
      { instance: 'cloudScreener', end: 'verdictOut', hear: (args) => this.screened(args) },
      { instance: 'surfaceClassifier', end: 'classifiedOut', hear: (args) => this.classified(args) },
      { instance: 'contactManager', end: 'grant', hear: (args) => this.grant(args) },
      ...this.scenes.taps,
    ];
  }

  /** Whose parameters say why it decided as it did. */
  watch(deployment: Deployment): void {
    this.deployment = deployment;
  }

  /** What was heard; call once, after the flight. */
  async heard(): Promise<Heard> {
    const frames = await Promise.all(
      this.frames.map(async ({ frame, picture, tiles }) =>
        picture === undefined ? { ...frame, tiles: [] } : { ...frame, tiles, picture: await webp(picture) },
      ),
    );
    const passes = this.given.passes.map((pass, i) => ({ ...pass, grantedBytes: this.granted[i] }));
    return {
      frames,
      passes,
      classNames: this.classNames,
      pictureStride: this.pictures.stride,
      scenes: await this.scenes.heard(),
      scenesLeftOut: this.scenes.notShown,
    };
  }

  private seen({ info, pixels }: Arguments<typeof Frame>): void {
    const { id, width, height, located, latDeg, lonDeg, headingDeg, gsdM } = info;
    const index = this.frames.length;
    this.byId.set(id, index);
    const draft: Draft = {
      frame: {
        id,
        atUs: unixUsOf(info.time) - this.given.epochMs * 1000,
        place: located ? { width, height, latDeg, lonDeg, headingDeg, gsdM } : undefined,
        verdict: undefined,
        clouded: undefined,
        tilePx: this.given.tilePx,
      },
      picture: undefined,
      tiles: [],
    };
    this.frames.push(draft);
    const stride = this.pictures.stride;
    if (this.pictures.add(index)) draft.picture = shrunk(pixels.bytes, width, height);
    if (this.pictures.stride === stride) return;
    const kept = new Set(this.pictures.items);
    this.frames.forEach((other, i) => {
      if (!kept.has(i)) Object.assign(other, { picture: undefined, tiles: [] });
    });
  }

  private screened({ info, verdict, cloudFraction }: Arguments<typeof Screened>): void {
    const cloud = [...cloudFraction];
    const { MaxCloudFraction: most, TileCloudThreshold: threshold } =
      this.deployment?.units.get('cloudScreener')?.parameters ?? {};
    const clouded =
      cloud.length > 0 && typeof most === 'number' && typeof threshold === 'number'
        ? { share: cloud.filter((share) => share >= threshold).length / cloud.length, most }
        : undefined;
    this.change(info, (draft) => ({
      frame: { ...draft.frame, verdict, clouded },
      tiles: draft.picture && cloud.length > 0 ? this.tilesOf(info, cloud) : [],
    }));
  }

  private classified({ info, findings }: Arguments<typeof Classified>): void {
    const { classNames, probabilities, waterFraction } = findings;
    this.classNames = classNames;
    this.change(info, ({ tiles }) => ({
      tiles: tiles.map((tile, i) => {
        const own = probabilities.subarray(i * classNames.length, (i + 1) * classNames.length);
        const confidence = Math.max(...own);
        const classIndex = own.indexOf(confidence);
        return { ...tile, surface: { classIndex, confidence, water: waterFraction[i] } };
      }),
    }));
  }

  /** By the rule of the stations: where two see us, the one whose pass began first. */
  private grant({ bytes }: Arguments<typeof LinkGrant>): void {
    const now = this.given.nowUs();
    const pass = this.given.passes.findIndex(({ startUs, endUs }) => startUs <= now && now < endUs);
    if (pass >= 0) this.granted[pass] += bytes;
  }

  private tilesOf(info: Info, cloud: readonly number[]): TileRecord[] {
    const truth = this.given.truthOf(info);
    return cloud.map((share, i) => ({
      cloud: share,
      truth: { cloud: truth[i].cloudFraction, water: truth[i].waterFraction },
    }));
  }

  private change(info: Info, change: (draft: Draft) => Partial<Draft>): void {
    const index = this.byId.get(info.id);
    if (index !== undefined) this.frames[index] = { ...this.frames[index], ...change(this.frames[index]) };
  }
}
