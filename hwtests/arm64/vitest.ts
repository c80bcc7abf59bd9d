/**
 * What a test imports from `vitest`, where Vite can't run: Vitest's own runner and assertions, without its bundler,
 * snapshots and mocks. `npm run test:arm64` puts this in the place of `vitest` on the board.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  addCustomEqualityTesters,
  ChaiStyleAssertions,
  customMatchers,
  type ExpectStatic,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';
import { getCurrentTest } from '@vitest/runner';
import * as chai from 'chai';

export {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
  onTestFailed,
  onTestFinished,
  suite,
  test,
} from '@vitest/runner';

for (const plugin of [JestExtend, JestChaiExpect, ChaiStyleAssertions, JestAsymmetricMatchers])
  chai.use(plugin);

type Global = Record<typeof GLOBAL_EXPECT, ExpectStatic> & Record<typeof ASYMMETRIC_MATCHERS_OBJECT, object>;
const shared = globalThis as unknown as Global;

const asked = (value: unknown, message?: string) => {
  setState({ assertionCalls: getState(expect).assertionCalls + 1 }, expect);
  const assertion = chai.expect(value, message) as Chai.Assertion & {
    withTest(test: unknown): Chai.Assertion;
  };
  const running = getCurrentTest();
  return running ? assertion.withTest(running) : assertion;
};

export const expect = Object.assign(asked, chai.expect, shared[ASYMMETRIC_MATCHERS_OBJECT], {
  getState: () => getState(expect),
  setState: (state: object) => setState(state, expect),
  extend: (matchers: object) =>
    (chai.expect as unknown as { extend(to: unknown, matchers: object): void }).extend(expect, matchers),
  addEqualityTesters: addCustomEqualityTesters,
  unreachable: (message = 'this place') => chai.assert.fail(`expected ${message} not to be reached`),
}) as unknown as ExpectStatic;

setState({ assertionCalls: 0 }, expect);
expect.extend(customMatchers);
shared[GLOBAL_EXPECT] = expect;
