/** Puts a model into a slot of protected memory: from its source, or from a golden copy. */
import { fail, type Result, succeed } from '../../../fsw/errors';
import { type ManifestModel, openEnvelope } from '../../../fsw/models';
import { ecc, PAGE_BYTES, type ProtectedPages } from '../../../native/ecc';
import { type GoldenFile, openGolden, readGolden } from './goldenFile';
import { goldenPages } from './goldenScrub';
import { contentLayout, pagesOf, type Sizes } from './layout';
import { allocateRegion, contentPage, encodeRegion, graphBytes, type Region, weightsPlace } from './region';
import type { GoldenPage } from './repair';
import { freeSlot, freeSpares, type Held, holdIn, reserveSlot, slotMemory } from './slots';
import type { ModelSource } from './source';
import type { Store } from './state';
import type { Steps } from './steps';
import { verifyRegion } from './verify';

const STEP_BYTES = 1 << 20;
const STEP_PAGES = 256;

/** Errors: MODEL_SLOTS_FULL, MEMORY_EXHAUSTED, those of the source, and what `verifyRegion` refuses. */
export function* loadSource(self: Store, source: ModelSource): Steps<Result<Held>> {
  const { manifest, bytes } = source.envelope;
  const sizes = sizesOf(manifest, bytes.length);
  return yield* intoSlot(self, manifest.name, sizes, function* (region) {
    region.protected.pages.set(bytes);
    const graph = source.graph(0, graphBytes(region));
    if (!graph.ok) return graph;
    for (let at = 0; at < sizes.weights; ) {
      const place = weightsPlace(region, at, STEP_BYTES);
      const read = source.weights(at, place.subarray(0, sizes.weights - at));
      if (!read.ok) return read;
      at += place.length;
      yield;
    }
    return succeed(undefined);
  });
}

/**
 * Loads from the golden copy at `path`; pages that it hasn't got whole come from the copy at `other`.
 * Errors: those of `openGolden`, MODEL_LOST, and as for `loadSource`.
 */
export function* loadGolden(self: Store, model: string, path: string, other: string): Steps<Result<Held>> {
  const { files } = self.board;
  const opened = openGolden(files, path);
  if (!opened.ok) return opened;
  const golden = opened.value;
  const helper = goldenPages(files, other);
  const sizes = signedSizes(self, model, golden, helper);
  if (!sizes.ok) return sizes;
  return yield* intoSlot(self, model, sizes.value, function* (region) {
    const { contentPages } = region.layout;
    for (let first = 0; first < contentPages; first += STEP_PAGES) {
      const pages = goodPages(self, golden, first, Math.min(STEP_PAGES, contentPages - first), helper);
      if (!pages.ok) return pages;
      pages.value.forEach((page, i) => {
        const place = contentPage(region, first + i);
        place.set(page.subarray(0, place.length));
      });
      yield;
    }
    return succeed(undefined);
  });
}

/** What the signed manifest in the copy's first pages says of the lengths: nothing is allocated on an unsigned word. */
function signedSizes(self: Store, model: string, golden: GoldenFile, helper: GoldenPage): Result<Sizes> {
  const { path, sizes, content } = golden;
  const mismatch = () => fail('MODEL_GOLDEN', { file: path, why: `its lengths are not those of ${model}` });
  const count = pagesOf(sizes.envelope);
  if (count === 0 || count > content.contentPages) return mismatch();
  const pages = goodPages(self, golden, 0, count, helper);
  if (!pages.ok) return pages;
  const envelope = openEnvelope(Buffer.concat(pages.value), self.state.keys, path);
  if (!envelope.ok) return envelope;
  const { manifest, bytes } = envelope.value;
  const signed = sizesOf(manifest, bytes.length);
  const layout = contentLayout(signed);
  const same =
    manifest.name === model &&
    layout.weightsAt === content.weightsAt &&
    layout.contentPages === content.contentPages;
  return same ? succeed(signed) : mismatch();
}

function goodPages(
  self: Store,
  golden: GoldenFile,
  first: number,
  count: number,
  helper: GoldenPage,
): Result<Uint8Array[]> {
  const read = readGolden(self.board.files, golden, first, count);
  if (!read.ok) return read;
  const all: ProtectedPages = read.value;
  const { badPages } = ecc.scrub(all, 0, count);
  const pages = Array.from({ length: count }, (_, page) =>
    badPages.includes(page)
      ? helper(first + page)
      : all.pages.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES),
  );
  const whole = pages.flatMap((page) => page ?? []);
  if (whole.length === count) return succeed(whole);
  return fail('MODEL_LOST', { model: golden.path, pages: count - whole.length });
}

/** Reserves a slot, fills it, encodes, verifies; what isn't good leaves the slot free again. */
function* intoSlot(
  self: Store,
  model: string,
  sizes: Sizes,
  fill: (region: Region) => Steps<Result<void>>,
): Steps<Result<Held>> {
  const slot = reserveSlot(self, model);
  if (!slot.ok) return slot;
  const { pagesPerParity, parityPerGroup } = self.config;
  const index = slot.value;
  const memory = slotMemory(index);
  const allocate = () => allocateRegion(self.board.memory, memory, sizes, { pagesPerParity, parityPerGroup });
  const first = allocate();
  const allocated = !first.ok && freeSpares(self) ? allocate() : first;
  const loaded: Result<Held> = allocated.ok ? yield* filled(allocated.value) : allocated;
  if (!loaded.ok) freeSlot(self, index);
  return loaded;

  function* filled(region: Region): Steps<Result<Held>> {
    const read = yield* fill(region);
    if (!read.ok) return read;
    yield* encodeRegion(region);
    // After encoding: what changed between reading and encoding would be sealed in.
    const verified = yield* verifyRegion(region, self.state.keys, { name: model, all: true });
    return verified.ok ? succeed(holdIn(self, index, verified.value, region)) : verified;
  }
}

function sizesOf({ graph, weights, protection }: ManifestModel, envelope: number): Sizes {
  const eccWeights = protection?.eccBytes ?? weights.bytes;
  return { envelope, graph: graph.bytes, weights: weights.bytes, eccWeights };
}
