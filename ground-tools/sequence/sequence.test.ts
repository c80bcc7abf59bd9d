import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  array,
  component,
  decode,
  defineComponent,
  defineTopology,
  enumeration,
  F32,
  instance,
  ok,
  string,
  struct,
  U8,
  U32,
  U64,
} from '../../fsw/framework';
import { dictionaryOf } from '../../fsw/framework/dictionary';
import { checkSequence } from '../../fsw/sequences';
import { compileSequence, compileYaml, listSequence, readSequence, sequence, writeSequence } from '.';

const Mode = enumeration('Test.Mode', { IDLE: 0, IMAGING: 1 });
const eye = component(
  defineComponent({
    kind: 'active',
    doc: 'A camera.',
    commands: {
      CAPTURE: { id: 0, args: { count: U8, gains: array(F32, 2) }, doc: 'Takes pictures.' },
      FIRE: { id: 1, args: { at: U64 }, hazardous: true, doc: 'Fires.' },
    },
    telemetry: {
      Frames: { id: 0, type: U32, doc: 'Frames.' },
      Mode: { id: 1, type: Mode, doc: 'Mode.' },
      Note: { id: 2, type: string(20), doc: 'Note.' },
      Big: { id: 3, type: U64, doc: 'A long number.' },
    },
  }),
  { commands: () => ({ CAPTURE: () => ok, FIRE: () => ok }) },
);
const arming = component(
  defineComponent({
    kind: 'active',
    doc: 'Arms.',
    commands: { ARM_EXACT: { id: 5, args: { opcode: U32, argsCrc: U32 }, doc: 'Arms.' } },
  }),
  { commands: () => ({ ARM_EXACT: () => ok }) },
);
const dictionary = dictionaryOf(
  defineTopology({
    name: 'Test',
    instances: [instance('dispatcher', arming, { baseId: 0x100 }), instance('eye', eye, { baseId: 0x200 })],
    connections: [],
    patterns: {},
  }),
);

const yaml = `name: pictures
onAbort: safe.seq
maxSteps: 500
steps:
  - label: again
  - command: eye.CAPTURE
    args: { count: 3, gains: [0.5, 2] }
    onFail: continue
  - wait: 1.5
  - at: 2027-03-01T12:00:00.25Z
  - waitFor: eye.Frames >= 3
    timeout: 2 min
    onTimeout: continue
  - if: eye.Mode == IMAGING
    then:
      - repeat: 4
        steps:
          - wait: 500 ms
    else:
      - abort: not imaging
  - goto: again
`;

const built = sequence(
  'pictures',
  (s) =>
    s
      .label('again')
      .command('eye.CAPTURE', { count: 3, gains: [0.5, 2] }, { onFail: 'continue' })
      .wait(1.5)
      .at('2027-03-01T12:00:00.25Z')
      .waitFor('eye.Frames >= 3', { timeoutS: 120, onTimeout: 'continue' })
      .if(
        'eye.Mode == IMAGING',
        (then) => then.repeat(4, (body) => body.wait(0.5)),
        (other) => other.abort('not imaging'),
      )
      .goto('again'),
  { onAbort: 'safe.seq', maxSteps: 500 },
);

/** Texts of the faults, or none. */
const faultsOf = (text: string) => {
  const compiled = compileYaml(text, dictionary, 'plan.yaml');
  return compiled.ok ? [] : compiled.faults.map((fault) => fault.text);
};
const oneStep = (step: string) => faultsOf(`name: a\nsteps:\n  - ${step}\n`);

describe('sequences on the ground', () => {
  it('compile to the same steps from YAML and from TypeScript', () => {
    const [fromYaml, fromCode] = [compileYaml(yaml, dictionary), compileSequence(built, dictionary)];
    expect(fromYaml).toEqual(fromCode);
    if (!fromYaml.ok) throw new Error(fromYaml.faults.map(({ text }) => text).join());
    expect(listSequence(fromYaml.value, dictionary)).toEqual([
      'again:',
      '   1  command Test.eye.CAPTURE { count: 3, gains: [0.5, 2] }, on failure continue',
      '   2  wait 1.5 s',
      '   3  at 2027-03-01T12:00:00.250Z',
      '   4  wait for Test.eye.Frames >= 3, 120 s at most, then continue',
      '   5  unless Test.eye.Mode == IMAGING go to 9',
      '   6  wait 0.5 s',
      '   7  go to 6 until done 4 times',
      '   8  go to 10',
      '   9  abort: not imaging',
      '  10  go to 1',
    ]);
  });

  it('make a file that reads back and fits the build, and no other build', () => {
    const compiled = compileYaml(yaml, dictionary);
    if (!compiled.ok) throw new Error('it does not compile');
    const read = readSequence(writeSequence(compiled.value));
    expect(read).toEqual(compiled);
    expect(checkSequence(compiled.value, dictionary).ok).toBe(true);
    expect(checkSequence(compiled.value, { ...dictionary, hash: 'another' })).toMatchObject({
      error: { code: 'SEQ_BUILD' },
    });
  });

  it('name every fault at once, each with its line', () => {
    const text = `name: bad
steps:
  - command: eye.CAPTUR
  - command: eye.CAPTURE
    args: { count: 300, gains: [1, 2] }
  - wait: soon
  - waitFor: eye.Note < x
    timeout: 5
  - if: eye.Frames
    then: []
  - goto: nowhere
  - comand: eye.CAPTURE
  - at: tomorrow
  - command: eye.CAPTURE
    arg: {}
`;
    expect(faultsOf(text)).toEqual([
      'plan.yaml:6: wait: soon is no number',
      'plan.yaml:9: eye.Frames is no condition like camera.FramesCaptured >= 3',
      expect.stringMatching(/^plan.yaml:12: a step is one of: command, at, wait/),
      'plan.yaml:15: unknown key arg; known: command, args, onFail, arm',
    ]);
    const readable = text.replace('soon', '1').replace('eye.Frames\n', 'eye.Frames > 1\n');
    const clean = readable.replace(/ {2}- comand.*\n/, '').replace(/ {4}arg: .*\n/, '');
    expect(faultsOf(clean)).toEqual([
      'plan.yaml:3: there is no command eye.CAPTUR; did you mean eye.CAPTURE?',
      'plan.yaml:4: Test.eye.CAPTURE.count: 300 is outside 0..255',
      'plan.yaml:7: Test.eye.Note: a string has no order: == or != only',
      'plan.yaml:12: tomorrow is no time like 2027-03-01T12:00:00Z',
      expect.stringMatching(/^plan.yaml:13: Test.eye.CAPTURE: member count is missing/),
      expect.stringMatching(/^plan.yaml:11: there is no label nowhere/),
    ]);
  });

  it('tell where YAML itself is broken', () => {
    expect(faultsOf('name: a\nsteps:\n  - wait: 1\n bad')[0]).toMatch(/^plan.yaml:\d+: /);
    expect(faultsOf('')[0]).toBe('plan.yaml:1: a sequence has a name and steps');
    expect(faultsOf('name: a\nsteps: 5')[0]).toMatch(/^plan.yaml:2: steps is no list/);
    expect(faultsOf('name: &a [*a]\nsteps: []').length).toBeGreaterThan(0);
  });

  it('arm a hazardous command for just its arguments, or refuse it unarmed', () => {
    expect(oneStep('command: eye.FIRE\n    args: { at: 18446744073709551615 }')).toEqual([
      'plan.yaml:3: Test.eye.FIRE is hazardous: arm it (`arm: true`), or it will be refused',
    ]);
    expect(
      oneStep('command: eye.CAPTURE\n    args: { count: 1, gains: [1, 1] }\n    arm: true'),
    ).toHaveLength(1);
    const compiled = compileSequence(
      sequence('fire', (s) => s.command('eye.FIRE', { at: 2n ** 64n - 1n }, { arm: true })),
      dictionary,
    );
    if (!compiled.ok) throw new Error('it does not compile');
    const [arm, fire] = compiled.value.steps;
    if (arm.op !== 'command' || fire.op !== 'command') throw new Error('no two commands');
    expect([arm.opcode, fire.opcode]).toEqual([0x105, 0x201]);
    expect(decode(struct('args', { opcode: U32, argsCrc: U32 }), arm.args)).toEqual({
      ok: true,
      value: { opcode: 0x201, argsCrc: crc32(fire.args) },
    });
  });

  it('keep every digit of a 64-bit value', () => {
    const compiled = compileYaml(
      'name: a\nsteps:\n  - waitFor: eye.Big == 18446744073709551615\n    timeout: 1\n',
      dictionary,
    );
    expect(compiled.ok && compiled.value.steps[0]).toMatchObject({
      condition: { value: new Uint8Array(8).fill(0xff) },
    });
  });

  it('are refused when they are too long, too late or out of range', () => {
    expect(oneStep('repeat: 70000\n    steps: []')).toHaveLength(1);
    expect(oneStep('wait: 99999999')).toHaveLength(1);
    expect(oneStep('at: 2027-03-01T12:00:00')).toHaveLength(1);
    expect(oneStep(`abort: ${'x'.repeat(100)}`)).toHaveLength(1);
    const many = sequence('many', (s) => {
      for (let i = 0; i < 4097; i++) s.wait(1);
    });
    expect(compileSequence(many, dictionary)).toMatchObject({ faults: [{ code: 'SEQ_STEP' }] });
    const wrong = sequence('wrong', (s) => s.waitFor('no condition', { timeoutS: 1 }));
    expect(compileSequence(wrong, dictionary)).toMatchObject({ faults: [{ code: 'SEQ_SOURCE' }] });
  });
});
