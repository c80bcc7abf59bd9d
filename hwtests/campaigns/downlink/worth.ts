/**
 * What reached the ground is worth, counted by the truth that the simulator knows and not by what the spacecraft thought
 * of it. The same weights as the mission's declared ones, so that a policy is judged by what the mission wants:
 *
 * - a detection: 10 if the tile is a shore (5 to 95 % water) under a clear sky (less than half clouded), 0 if it is not;
 * - a picture: 4 × the frame's true clear share for its first layer, half and a quarter of that for the next two;
 * - a cloud map: 0.5 × the share of its cells that are right;
 * - the summary of a frame: 1.
 *
 * Everything is counted once, when all of it has come. Events and telemetry are worth 0; their bytes count. A frame sent
 * whole is worth all that can be found in it, as if the ground made no mistake: a detection for each true shore, its
 * map and its summary on top of the picture.
 */

import type { Detection, FrameSummary } from '../../../components/payload/productPacker/records';
import type { Value } from '../../../fsw/framework';
import { Assembler, type Chunk, unpackCellMap } from '../../../fsw/products';
import type { Received } from '../../simulators/groundStation';
import type { TileTruth } from '../../simulators/truth';

export const WORTH = { detection: 10, picture: 4, layerDecay: 0.5, map: 0.5, summary: 1 } as const;

export interface Arrival {
  readonly atUs: number;
  readonly value: number;
}

export interface Judged {
  readonly value: number;
  /** Of it, of detections and of pictures. */
  readonly detectionValue: number;
  readonly pictureValue: number;
  readonly detections: { readonly right: number; readonly wrong: number };
  /** Bytes of pictures, and how many of them show ground by the truth: the data value density of Kodan. */
  readonly pictureBytes: number;
  readonly clearPictureBytes: number;
  /** From exposure to ground of right detections, seconds, ascending. */
  readonly latenciesS: readonly number[];
  readonly arrivals: readonly Arrival[];
}

export interface Truth {
  /** By the frame's number. */
  readonly frames: ReadonlyMap<number, { readonly atUs: number; readonly tiles: readonly TileTruth[] }>;
  /** Unix time of flight time 0, microseconds. */
  readonly epochUs: number;
}

export function isShore({ cloudFraction, waterFraction }: TileTruth): boolean {
  return cloudFraction < 0.5 && waterFraction >= 0.05 && waterFraction < 0.95;
}

function clearShare(tiles: readonly TileTruth[]): number {
  return 1 - tiles.reduce((sum, { cloudFraction }) => sum + cloudFraction, 0) / Math.max(1, tiles.length);
}

/** All that a flight could deliver: what a ground that had every frame at once would make of them. */
export function allValue({ frames }: Truth): number {
  return [...frames.values()].reduce((sum, { tiles }) => sum + wholeFrame(tiles), 0);
}

function wholeFrame(tiles: readonly TileTruth[]): number {
  const shores = tiles.filter(isShore).length;
  return shores * WORTH.detection + pictureWorth(tiles, 0, 3) + WORTH.map + WORTH.summary;
}

/** Of the layers from `from` up to, not including, `to`. */
function pictureWorth(tiles: readonly TileTruth[], from: number, to: number): number {
  let worth = 0;
  for (let layer = from; layer < to; layer++)
    worth += WORTH.picture * clearShare(tiles) * WORTH.layerDecay ** layer;
  return worth;
}

/** `wholeFrames`: a picture that is complete is a frame, from which the ground finds the rest itself. */
export function judge(received: readonly Received[], truth: Truth, wholeFrames: boolean): Judged {
  const ground = new Assembler();
  const layersHad = new Map<number, number>();
  const mapsHad = new Set<number>();
  const detections = { right: 0, wrong: 0 };
  const latenciesS: number[] = [];
  const arrivals: Arrival[] = [];
  const totals = { detectionValue: 0, pictureValue: 0, pictureBytes: 0, clearPictureBytes: 0 };
  const arrived = (atUs: number, value: number) => void arrivals.push({ atUs, value });

  const foundIn = (frame: { readonly atUs: number; readonly tiles: readonly TileTruth[] }, atUs: number) => {
    const shores = frame.tiles.filter(isShore).length;
    detections.right += shores;
    totals.detectionValue += shores * WORTH.detection;
    for (let i = 0; i < shores; i++) latenciesS.push((atUs - frame.atUs) / 1e6);
    arrived(atUs, shores * WORTH.detection + WORTH.map + WORTH.summary);
  };

  const chunk = (record: Chunk, { atUs, bytes }: Received) => {
    const frame = truth.frames.get(record.capture);
    const now = ground.add(record);
    if (frame === undefined || now === undefined) return;
    if (now.kind === 'CLOUD') {
      const map = unpackCellMap(now.bytes);
      if (now.wholeLayers === 0 || !map.ok || mapsHad.has(record.capture)) return;
      mapsHad.add(record.capture);
      const right = map.value.cells.filter(
        (cell, i) => cell === (frame.tiles[i].cloudFraction >= 0.5 ? 1 : 0),
      );
      arrived(atUs, (WORTH.map * right.length) / map.value.cells.length);
      return;
    }
    totals.pictureBytes += bytes;
    totals.clearPictureBytes += bytes * clearShare(frame.tiles);
    const had = layersHad.get(record.capture) ?? 0;
    if (now.wholeLayers <= had) return;
    layersHad.set(record.capture, now.wholeLayers);
    const value = pictureWorth(frame.tiles, had, now.wholeLayers);
    totals.pictureValue += value;
    arrived(atUs, value);
    if (wholeFrames && now.wholeLayers === now.layers) foundIn(frame, atUs);
  };

  for (const packet of received) {
    const { content, atUs } = packet;
    if (content.kind !== 'records') continue;
    if (content.name.endsWith('.Chunk')) for (const record of content.records) chunk(record as Chunk, packet);
    if (content.name.endsWith('.FrameSummary') && !wholeFrames)
      for (const _ of content.records as Value<typeof FrameSummary>[]) arrived(atUs, WORTH.summary);
    if (content.name.endsWith('.Detection'))
      for (const { frame, tile } of content.records as Value<typeof Detection>[]) {
        const known = truth.frames.get(frame);
        if (known === undefined || !isShore(known.tiles[tile])) detections.wrong++;
        else {
          detections.right++;
          totals.detectionValue += WORTH.detection;
          latenciesS.push((atUs + truth.epochUs - content.unixUs) / 1e6);
          arrived(atUs, WORTH.detection);
        }
      }
  }
  return {
    ...totals,
    value: arrivals.reduce((sum, { value }) => sum + value, 0),
    detections,
    latenciesS: latenciesS.sort((a, b) => a - b),
    arrivals,
  };
}
