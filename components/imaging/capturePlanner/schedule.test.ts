import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Craft, type Opportunity, type Situation, schedule, take, turnS, whyNot } from './schedule';
import { NADIR } from './sphere';

const craft: Craft = {
  slewDegS: 1,
  settleS: 5,
  captureS: 4,
  slewW: 20,
  captureW: 150,
  chargeW: 10,
  capacityJ: 4000,
  reserveJ: 500,
  room: 3,
};
const start: Situation = { freeUs: 0, look: NADIR, energyJ: 2500 };
/** Sunlit in the first half of each 600 s. */
const sunlit = (fromUs: number, toUs: number) => {
  let lit = 0;
  for (let at = fromUs; at < toUs; at += 1e6) if ((at / 1e6) % 600 < 300) lit += Math.min(1e6, toUs - at);
  return Math.max(0, lit);
};

const opportunity = fc.record({
  target: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  value: fc.integer({ min: 1, max: 10 }),
  atUs: fc.integer({ min: 10, max: 1500 }).map((s) => s * 1e6),
  look: fc.record({
    rollDeg: fc.integer({ min: -30, max: 30 }),
    pitchDeg: fc.integer({ min: -30, max: 30 }),
  }),
});
const cases = fc.record({
  opportunities: fc.array(opportunity, { maxLength: 9 }),
  room: fc.integer({ min: 0, max: 4 }),
  energyJ: fc.integer({ min: 400, max: 4000 }),
});

/** The value of a selection, or undefined where it breaks a constraint; written without the planner's code. */
function worth(chosen: readonly Opportunity[], from: Situation, { room }: Craft): number | undefined {
  if (chosen.length > room || new Set(chosen.map(({ target }) => target)).size < chosen.length)
    return undefined;
  let { energyJ, freeUs, look } = from;
  for (const next of [...chosen].sort((a, b) => a.atUs - b.atUs)) {
    const turn = turnS(look, next.look, craft);
    if (next.atUs - freeUs < turn * 1e6) return undefined;
    const charged = Math.min(
      craft.capacityJ,
      energyJ + (craft.chargeW * sunlit(freeUs, next.atUs - turn * 1e6)) / 1e6,
    );
    energyJ = charged - craft.slewW * turn - craft.captureW * craft.captureS;
    if (energyJ < craft.reserveJ) return undefined;
    [freeUs, look] = [next.atUs + craft.captureS * 1e6, next.look];
  }
  return chosen.reduce((sum, { value }) => sum + value, 0);
}

function bruteForce(all: readonly Opportunity[], from: Situation, of: Craft): number {
  let best = 0;
  for (let subset = 0; subset < 1 << all.length; subset++) {
    const value = worth(
      all.filter((_, i) => (subset >> i) & 1),
      from,
      of,
    );
    if (value !== undefined && value > best) best = value;
  }
  return best;
}

describe('the schedule', () => {
  it('PGE-PLAN-005: is the best there is, by brute force over 1,000 small cases, and breaks no constraint', () => {
    let chosen = 0;
    fc.assert(
      fc.property(cases, ({ opportunities, room, energyJ }) => {
        const [of, from] = [
          { ...craft, room },
          { ...start, energyJ },
        ];
        const plan = schedule(opportunities, from, of, sunlit, 1000);
        chosen += plan.captures.length;
        expect(plan.exact).toBe(true);
        expect(worth(plan.captures, from, of)).toBe(bruteForce(opportunities, from, of));
      }),
      { numRuns: 1000, seed: 4 },
    );
    expect(chosen).toBeGreaterThan(1000);
  });

  it('PGE-PLAN-005: with few labels breaks no constraint either, says that it is cut, and is rarely far off', () => {
    let [got, best, cut] = [0, 0, 0];
    fc.assert(
      fc.property(cases, ({ opportunities, room, energyJ }) => {
        const [of, from] = [
          { ...craft, room },
          { ...start, energyJ },
        ];
        const plan = schedule(opportunities, from, of, sunlit, 1);
        const [value, optimum] = [worth(plan.captures, from, of), bruteForce(opportunities, from, of)];
        expect(value).toBeDefined();
        if (plan.exact) expect(value).toBe(optimum);
        else cut++;
        got += value ?? 0;
        best += optimum;
      }),
      { numRuns: 500, seed: 5 },
    );
    expect(cut).toBeGreaterThan(10);
    expect(got / best).toBeGreaterThan(0.9);
  });

  it('PGE-PLAN-005: is the same for the same opportunities in any order', () => {
    fc.assert(
      fc.property(cases, ({ opportunities }) => {
        const distinct = opportunities.filter(
          (one, i) => opportunities.findIndex(({ atUs }) => atUs === one.atUs) === i,
        );
        const plan = schedule(distinct, start, craft, sunlit, 16);
        expect(schedule([...distinct].reverse(), start, craft, sunlit, 16)).toEqual(plan);
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  it('PGE-PLAN-006: names the constraint that keeps a capture out', () => {
    const at = (s: number, rollDeg: number, target: string, value = 1) => ({
      target,
      value,
      atUs: s * 1e6,
      look: { rollDeg, pitchDeg: 0 },
    });
    const [left, right] = [at(100, -30, 'left', 2), at(120, 30, 'right')];
    const plan = schedule([left, right], start, craft, sunlit, 8);
    expect(plan.captures).toEqual([left]);
    expect(whyNot(plan, start, right, craft, sunlit)).toBe('SLEW');
    expect(take({ ...start, energyJ: 600 }, left, { ...craft, chargeW: 0 }, sunlit)).toBe('POWER');
    expect(whyNot({ captures: [], exact: true }, start, left, { ...craft, room: 0 }, sunlit)).toBe('STORAGE');
    const later = at(400, 0, 'later');
    expect(whyNot({ captures: [left], exact: true }, start, later, { ...craft, room: 1 }, sunlit)).toBe(
      'STORAGE',
    );
    const empty = { ...craft, chargeW: 0 };
    const little = { ...start, energyJ: 2000 };
    expect(whyNot({ captures: [left], exact: true }, little, later, empty, sunlit)).toBe('POWER');
  });

  it('PGE-PLAN-005: plans 64 targets of two passes each', () => {
    const many = Array.from({ length: 128 }, (_, i) => ({
      target: `t${i % 64}`,
      value: 1 + (i % 7),
      atUs: (60 + i * 40) * 1e6,
      look: { rollDeg: ((i * 17) % 50) - 25, pitchDeg: 0 },
    }));
    const plan = schedule(many, start, { ...craft, room: 100 }, sunlit, 48);
    expect(worth(plan.captures, start, { ...craft, room: 100 })).toBeGreaterThan(0);
  });
});
