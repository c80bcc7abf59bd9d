import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { likelihoods, propose, type Witness } from './evidence';
import { classes, tileAt } from './testBook';

const weighing = { classes, networkWeight: 1, sure: 0.9 };
const all = (index: number, name = 'map', weight = 1): Witness => ({
  name,
  weight,
  testimony: { parts: [{ share: 1, classes: [index] }] },
});

describe('evidence', () => {
  it('is what the network says where nobody else says anything, and then weak however sure it is', () => {
    const { class: name, confidence, state, why } = propose(tileAt(1, 0, 0, [99, 1, 0]), [], weighing);
    expect([name, state]).toEqual(['Forest', 'weak']);
    expect(confidence).toBeCloseTo(0.985, 2);
    expect(why).toEqual(['network: Forest 0.98']);
  });

  it('adds up log-odds by weight: two classes, one source, by hand', () => {
    const two = { classes: classes.slice(0, 2), networkWeight: 0.5, sure: 0.9 };
    const tile = { ...tileAt(1, 0, 0), probabilities: [51, 204] };
    const { confidence, class: name } = propose(tile, [all(0, 'map', 0.7)], two);
    const logOdds = 0.5 * Math.log(51.5 / 204.5) + 0.7 * Math.log(1 / 0.02);
    expect(name).toBe('Forest');
    expect(confidence).toBeCloseTo(1 / (1 + Math.exp(-logOdds)), 4);
  });

  it('is clear when the sources bear the network out, and the why says who said what', () => {
    const said = propose(tileAt(1, 0, 0, [60, 30, 10]), [all(0, 'corine'), all(0, 'osm', 0.5)], weighing);
    expect(said).toMatchObject({ class: 'Forest', state: 'clear' });
    expect(said.confidence).toBeGreaterThan(0.99);
    expect(said.why).toEqual([
      'network: Forest 0.60, River 0.30',
      'corine: Forest 1.00',
      'osm: Forest 1.00 (weight 0.5)',
    ]);
  });

  it('is a conflict when one who counts holds the winner to be far less likely than another', () => {
    const sure = tileAt(1, 0, 0, [2, 1, 97]);
    expect(propose(sure, [all(0, 'a'), all(0, 'b')], weighing)).toMatchObject({
      class: 'Forest',
      state: 'conflict',
    });
    // A network that is known to have drifted does not count as much.
    const drifted = { ...weighing, networkWeight: 0.2 };
    expect(propose(sure, [all(0, 'a'), all(0, 'b')], drifted)).toMatchObject({
      class: 'Forest',
      state: 'clear',
    });
    expect(propose(tileAt(1, 0, 0), [all(0, 'a'), all(1, 'b')], weighing).state).toBe('conflict');
  });

  it('takes a word that may be several classes for any of them, and what is not known for nothing', () => {
    const water = { parts: [{ share: 1, classes: [1, 2] }] };
    expect(likelihoods(water, 3)).toEqual([0.01, 1, 1]);
    expect(likelihoods({ parts: [{ share: 0.25, classes: [0] }] }, 3)).toEqual([1, 0.7525, 0.7525]);
    const said = propose(
      tileAt(1, 0, 0, [50, 45, 5]),
      [{ name: 'water', weight: 1, testimony: water }],
      weighing,
    );
    expect(said).toMatchObject({
      class: 'River',
      why: ['network: Forest 0.50, River 0.45', 'water: River or SeaLake 1.00'],
    });
  });

  it('is a probability, and one more voice for a class never makes it less likely', () => {
    const shares = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 3, maxLength: 3 });
    const witness = fc.record({
      index: fc.integer({ min: 0, max: 2 }),
      weight: fc.double({ min: 0.1, max: 3, noNaN: true }),
    });
    fc.assert(
      fc.property(shares, fc.array(witness, { maxLength: 4 }), (hundredths, voices) => {
        const tile = tileAt(1, 0, 0, hundredths);
        const witnesses = voices.map(({ index, weight }, i) => all(index, `s${i}`, weight));
        const before = propose(tile, witnesses, weighing);
        expect(before.confidence).toBeGreaterThanOrEqual(1 / 3 - 1e-4);
        expect(before.confidence).toBeLessThanOrEqual(1);
        const after = propose(tile, [...witnesses, all(classes.indexOf(before.class), 'more')], weighing);
        expect(after.class).toBe(before.class);
        expect(after.confidence).toBeGreaterThanOrEqual(before.confidence);
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
