/** Walks the model store within a budget and has upsets repaired, before a second one falls into the same word. */
import { component, ok, refused } from '../../../fsw/framework';
import type { RegionScrub } from '../ports';
import { type Scrubber, type State, scrubberModel } from './model';
import { cellOf, UpsetMap } from './upsetMap';
import { type Stripe, stripeOf, Walk } from './walk';

const KIB = 1024;
const MIB = 2 ** 20;

export const scrubber = component(scrubberModel, {
  state: (): State => ({
    walk: new Walk(),
    map: new UpsetMap(),
    paused: false,
    swept: false,
    budget: 0,
    tickUs: 0,
    passUs: 0,
    mapUs: 0,
    passes: 0,
    passUpsets: 0,
    passLost: 0,
    bits: 0,
    corrected: 0,
    rebuilt: 0,
    restored: 0,
    scrubbedBytes: 0,
  }),
  start({ state, clock, tlm }) {
    state.tickUs = state.passUs = state.mapUs = clock.nowUs();
    tlm.Paused(false);
  },
  ports: (self) => ({
    async schedIn() {
      const { state, clock, param } = self;
      const nowUs = clock.nowUs();
      const seconds = (nowUs - state.tickUs) / 1e6;
      state.tickUs = nowUs;
      if (state.paused) return;
      expose(self, seconds);
      state.budget += param.RateMiBps * MIB * seconds;
      await walkOn(self);
      if (param.MapPeriodS > 0 && nowUs >= state.mapUs + param.MapPeriodS * 1e6) reportMap(self);
    },
  }),
  commands: (self) => ({
    async SCRUB({ region: wanted }) {
      const regions = self.out.regions({}).filter(({ name }) => wanted === '' || name === wanted);
      if (wanted !== '' && regions.length === 0) return refused(`there is no region ${wanted}`);
      const lost: string[] = [];
      for (const region of regions) {
        let pages = 0;
        for (let first = 0; first < region.pages; ) {
          const stripe = stripeOf(region, first, self.config.stripeKiB * KIB);
          pages += (await scrub(self, stripe)).lostPages;
          first += stripe.pages;
        }
        if (pages > 0) lost.push(`${region.name}: ${pages} pages are lost`);
      }
      return lost.length === 0 ? ok : refused(lost.join('; '));
    },
    PAUSE() {
      self.state.paused = true;
      self.tlm.Paused(true);
      self.event.Paused();
      return ok;
    },
    RESUME() {
      const { state, clock, event, tlm } = self;
      if (!state.paused) return ok;
      state.paused = false;
      beginPass(self);
      // What is found next may have happened anywhere.
      state.swept = false;
      state.tickUs = clock.nowUs();
      tlm.Paused(false);
      event.Resumed();
      return ok;
    },
    REPORT_MAP() {
      reportMap(self);
      return ok;
    },
    CLEAR_MAP() {
      self.state.map.clear();
      reportMap(self);
      return ok;
    },
  }),
});

/** Scrubs until the budget is spent or the pass is over: what is left of a budget then is not saved up. */
async function walkOn(self: Scrubber): Promise<void> {
  const { state, config, out } = self;
  for (;;) {
    const regions = out.regions({});
    if (regions.length === 0) return;
    const stripe = state.walk.next(regions, config.stripeKiB * KIB);
    if (stripe === undefined) {
      endPass(self);
      return;
    }
    const bytes = stripe.pages * stripe.region.pageBytes;
    if (bytes > state.budget) return;
    state.budget -= bytes;
    await scrub(self, stripe);
    state.walk.done(stripe);
  }
}

async function scrub(self: Scrubber, { region, first, pages }: Stripe): Promise<RegionScrub> {
  const { state, clock, config, tlm } = self;
  const bytes = pages * region.pageBytes;
  const costUs = Math.ceil((bytes / MIB) * config.costUsPerMiB);
  const found = await clock.work(region.scrub(first, pages), costUs);
  state.scrubbedBytes += bytes;
  tlm.ScrubbedMiB(Math.floor(state.scrubbedBytes / MIB));
  report(self, region.name, found);
  // A page that is lost is found again in each pass: it is no new upset.
  const upsets = found.correctedBits + found.parityPages + found.goldenPages;
  state.passUpsets += upsets;
  state.passLost += found.lostPages;
  if (state.swept) state.map.add(cellHere(self), upsets);
  return found;
}

/** Counts what was found, and tells it step by step. */
function report({ state, event, tlm }: Scrubber, region: string, found: RegionScrub): void {
  const { correctedBits: bits, correctedPages, parityPages, goldenPages, lostPages } = found;
  state.bits += bits;
  state.corrected += correctedPages;
  state.rebuilt += parityPages;
  state.restored += goldenPages;
  tlm.BitsCorrected(state.bits);
  tlm.PagesCorrected(state.corrected);
  tlm.PagesRebuilt(state.rebuilt);
  tlm.PagesRestored(state.restored);
  if (bits > 0) event.UpsetsCorrected({ region, bits, pages: correctedPages });
  if (parityPages > 0) event.PagesRebuilt({ region, pages: parityPages });
  if (goldenPages > 0) event.PagesRestored({ region, pages: goldenPages });
  if (lostPages > 0) event.PagesLost({ region, pages: lostPages });
}

function endPass(self: Scrubber): void {
  const { state, clock, tlm, clearThrottle } = self;
  tlm.Passes(++state.passes);
  tlm.PassS((clock.nowUs() - state.passUs) / 1e6);
  tlm.PassUpsets(state.passUpsets);
  tlm.PagesLost(state.passLost);
  if (state.passUpsets === 0)
    for (const step of ['UpsetsCorrected', 'PagesRebuilt', 'PagesRestored'] as const) clearThrottle(step);
  if (state.passLost === 0) clearThrottle('PagesLost');
  state.swept = true;
  beginPass(self);
}

function beginPass({ state, clock }: Scrubber): void {
  state.walk.restart();
  state.budget = 0;
  state.passUpsets = 0;
  state.passLost = 0;
  state.passUs = clock.nowUs();
}

/** The memory was open over the ground below for the time since the tick before. */
function expose(self: Scrubber, seconds: number): void {
  const { state, out } = self;
  if (!state.swept) return;
  const bytes = out.regions({}).reduce((sum, { pages, pageBytes }) => sum + pages * pageBytes, 0);
  state.map.expose(cellHere(self), bytes / MIB, seconds);
}

function cellHere({ board, clock }: Scrubber): number {
  return cellOf(board.ephemeris.groundPoint(clock.nowUs()));
}

function reportMap({ state, clock, tlm }: Scrubber): void {
  state.mapUs = clock.nowUs();
  tlm.UpsetCounts(state.map.counts);
  tlm.UpsetExposure(state.map.exposure);
  tlm.UpsetPeak(state.map.peak());
}
