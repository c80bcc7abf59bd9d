/** The slots in memory: each holds one version of one model. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import type { ManifestModel } from '../../../fsw/models';
import type { Region } from './region';
import type { Store } from './state';

export interface Held {
  readonly slot: number;
  readonly manifest: ManifestModel;
  readonly region: Region;
  /** A runtime has had it; until then it is scrubbed before the others. */
  handedOut: boolean;
  /** Installed and not offered yet, or on offer. */
  candidate: boolean;
  /** A version is being made of it: its slot is not given away. */
  isBase: boolean;
  /** Pages are beyond repair, and the ground was told. */
  lost: boolean;
}

/** What a slot holds: `loading` is one that is being filled. */
export type Slot = Held | 'loading' | undefined;

/** An empty slot; or that of a version that only waits for a rollback, which its golden copies can do. Errors: MODEL_SLOTS_FULL. */
export function reserveSlot(self: Store, model: string): Result<number> {
  const { slots } = self.state;
  const empty = slots.indexOf(undefined);
  const slot = empty >= 0 ? empty : slots.findIndex((held) => isSpare(self, held));
  if (slot < 0) return fail('MODEL_SLOTS_FULL', { model, slots: slots.length });
  freeSlot(self, slot);
  slots[slot] = 'loading';
  return succeed(slot);
}

/** Gives the memory back of all versions that only wait for a rollback; says whether there were any. */
export function freeSpares(self: Store): boolean {
  const spares = self.state.slots.flatMap((held, slot) => (isSpare(self, held) ? [slot] : []));
  for (const slot of spares) freeSlot(self, slot);
  return spares.length > 0;
}

function isSpare({ state }: Store, held: Slot): boolean {
  if (held === undefined || held === 'loading') return false;
  return state.serving.get(held.manifest.name) !== held && !held.candidate && !held.isBase;
}

export function holdIn(self: Store, slot: number, manifest: ManifestModel, region: Region): Held {
  const held: Held = {
    slot,
    manifest,
    region,
    handedOut: false,
    candidate: false,
    isBase: false,
    lost: false,
  };
  self.state.slots[slot] = held;
  self.tlm.SlotsUsed(heldOf(self.state.slots).length);
  return held;
}

export function freeSlot(self: Store, slot: number): void {
  self.state.slots[slot] = undefined;
  self.tlm.SlotsUsed(heldOf(self.state.slots).length);
  self.board.memory.release(slotMemory(slot));
}

/** A version that was sent again is there twice for a while: the one that is whole. */
export function heldVersion({ state }: Store, model: string, serial: number): Held | undefined {
  const found = heldOf(state.slots).filter(
    ({ manifest }) => manifest.name === model && manifest.serial === serial,
  );
  return found.find(({ lost }) => !lost) ?? found[0];
}

export function heldOf(slots: readonly Slot[]): Held[] {
  return slots.flatMap((slot) => (slot === undefined || slot === 'loading' ? [] : [slot]));
}

export function slotMemory(slot: number): string {
  return `model-slot-${slot}`;
}
