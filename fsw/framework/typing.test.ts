/** What the compiler says to a mistake: each snippet below is compiled, and its message is the test. */
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const prelude = `
import { component, connect, defineComponent, input, instance, ok, output, port, Sched, string, U32, type Serial } from './index';
const Repair = port('Repair', { word: U32 });
const model = defineComponent({
  kind: 'active',
  doc: 'Scrubs.',
  ports: { schedIn: input.async(Sched), repair: output(Repair), spare: output(Repair, 2) },
  commands: { SCRUB: { id: 0, args: { slot: string(8), passes: U32 }, doc: 'Scrubs.' } },
  events: { Corrected: { id: 0, severity: 'warning-low', args: { word: U32 }, format: '{word}', doc: 'x' } },
  telemetry: { Passes: { id: 0, type: U32, doc: 'x' } },
  params: { Rate: { id: 0, type: U32, doc: 'x' } },
  config: { banks: { type: U32, doc: 'x' }, rows: { type: U32, default: 8, doc: 'x' } },
});
const scrubber = component(model, {
  ports: () => ({ schedIn() {} }),
  commands: () => ({ SCRUB: () => ok }),
});
const a = instance('a', scrubber, { baseId: 0x100, config: { banks: 1 } });
const b = instance('b', scrubber, { baseId: 0x200, config: { banks: 1 } });
`;

/** Each snippet by name, in one program, as the compiler is slow to start. */
const snippets = {
  sound:
    'connect(a.out.repair, instance("c", component(defineComponent({ kind: "passive", doc: "x", ports: { tick: input.sync(Repair) } }), { ports: () => ({ tick({ word }) { word.toFixed(); } }) }), { baseId: 0x300 }).in.tick);',
  wrongPort: 'connect(a.out.repair, b.in.schedIn);',
  wrongPortOfArray: 'connect(a.out.spare[1], b.in.schedIn);',
  swapped: 'connect(b.in.schedIn, a.out.repair);',
  missingPort: 'component(model, { ports: () => ({}), commands: () => ({ SCRUB: () => ok }) });',
  missingCommand: 'component(model, { ports: () => ({ schedIn() {} }), commands: () => ({}) });',
  wrongArgument:
    'component(model, { ports: ({ out }) => ({ schedIn({ context }) { out.repair({ word: String(context) }); } }), commands: () => ({ SCRUB: () => ok }) });',
  inferredArgument:
    'component(model, { ports: () => ({ schedIn() {} }), commands: () => ({ SCRUB({ slot }) { slot.toFixed(); return ok; } }) });',
  wrongEvent:
    'component(model, { ports: ({ event }) => ({ schedIn() { event.Corrected({ wrod: 1 }); } }), commands: () => ({ SCRUB: () => ok }) });',
  wrongTelemetry:
    "component(model, { ports: ({ tlm }) => ({ schedIn() { tlm.Passes('many'); } }), commands: () => ({ SCRUB: () => ok }) });",
  misspeltConfig: "instance('c', scrubber, { baseId: 0x300, config: { banks: 1, rosw: 2 } });",
  missingConfig: "instance('c', scrubber, { baseId: 0x300 });",
  wrongParam: "instance('c', scrubber, { baseId: 0x300, config: { banks: 1 }, params: { Rtae: 1 } });",
  unanswered: 'component(model, { ports: () => ({ schedIn() {} }), commands: () => ({ SCRUB() {} }) });',
} as const;

function compile(): Record<keyof typeof snippets, string> {
  const fileOf = (name: string) => join(__dirname, `${name}.snippet.ts`);
  const sources = new Map(
    Object.entries(snippets).map(([name, code]) => [fileOf(name), `${prelude}${code}\n`]),
  );
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.readFile = (path) => sources.get(path) ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const source = sources.get(path);
    return source === undefined
      ? getSourceFile(path, target, ...rest)
      : ts.createSourceFile(path, source, target, true);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  const messages = (name: string) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(fileOf(name)))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .join('\n');
  return Object.fromEntries(Object.keys(snippets).map((name) => [name, messages(name)])) as never;
}

describe('the compiler', () => {
  const said = compile();

  it('says nothing to sound wiring and handlers whose arguments are inferred', () => {
    expect(said.sound).toBe('');
  });

  it('names both port types of a connection that cannot be', () => {
    expect(said.wrongPort).toContain('"Repair cannot be connected to Sched"');
    expect(said.wrongPortOfArray).toContain('"Repair cannot be connected to Sched"');
  });

  it('refuses a connection from an input to an output', () => {
    expect(said.swapped).toContain('is not assignable to parameter of type \'EndRef<"out"');
  });

  it('names the handler that is missing', () => {
    expect(said.missingPort).toMatch(/'schedIn' is missing/);
    expect(said.missingCommand).toMatch(/'SCRUB' is missing/);
  });

  it('refuses an argument of the wrong type, and infers those of handlers', () => {
    expect(said.wrongArgument).toBe("Type 'string' is not assignable to type 'number'.");
    expect(said.inferredArgument).toContain("Property 'toFixed' does not exist on type 'string'");
    expect(said.wrongEvent).toContain("'wrod' does not exist");
    expect(said.wrongTelemetry).toContain("'string' is not assignable to parameter of type 'number'");
  });

  it('refuses a command handler that does not answer', () => {
    expect(said.unanswered).toMatch(/void.*not assignable to type.*CommandReply/s);
  });

  it('finds a misspelt or missing config key, and a parameter that is not there', () => {
    expect(said.misspeltConfig).toContain("'rosw' does not exist");
    expect(said.missingConfig).toContain("Property 'config' is missing");
    expect(said.wrongParam).toContain("'Rtae' does not exist");
  });
});
