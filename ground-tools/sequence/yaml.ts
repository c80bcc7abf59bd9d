import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { type Fault, fail } from '../../fsw/errors';
import type { OnFail } from '../../fsw/sequences';
import { parseCondition } from './condition';
import type { SequenceSource, SourceCondition, SourceStep } from './source';

export type Parsed =
  | { readonly ok: true; readonly value: SequenceSource }
  | { readonly ok: false; readonly faults: readonly Fault[] };

/** The keys of each kind of step; the first names the kind. */
const stepKeys = {
  command: ['command', 'args', 'onFail', 'arm'],
  at: ['at'],
  wait: ['wait'],
  waitFor: ['waitFor', 'timeout', 'onTimeout'],
  if: ['if', 'then', 'else'],
  repeat: ['repeat', 'steps'],
  label: ['label'],
  goto: ['goto'],
  abort: ['abort'],
} as const;
const kinds = Object.keys(stepKeys) as (keyof typeof stepKeys)[];
const headerKeys = ['name', 'maxSteps', 'onAbort', 'steps'];

/**
 * Reads a sequence written in YAML (see `ground-tools/sequence/README.md`). All that is wrong is returned at
 * once, each fault with `file:line`. Errors: SEQ_SOURCE.
 */
export function parseSequence(text: string, file = 'sequence'): Parsed {
  const reader = new Reader(text, file);
  const value = reader.sequence();
  return reader.faults.length === 0 ? { ok: true, value } : { ok: false, faults: reader.faults };
}

type Item = Node | null | undefined;

class Reader {
  readonly faults: Fault[] = [];
  private readonly lines = new LineCounter();
  private readonly document;

  constructor(
    text: string,
    private readonly file: string,
  ) {
    // 64-bit values must not lose digits; an alias may not blow a small file up.
    this.document = parseDocument(text, { lineCounter: this.lines, intAsBigInt: true, prettyErrors: false });
    for (const { pos, message } of this.document.errors)
      this.faults.push(fail('SEQ_SOURCE', { where: this.placeOf(pos[0]), why: message }).error);
  }

  sequence(): SequenceSource {
    const root = this.document.contents as Item;
    if (this.faults.length > 0) return { name: '', steps: [] };
    if (!isMap(root)) {
      this.fault(root, 'a sequence has a name and steps');
      return { name: '', steps: [] };
    }
    this.onlyKeys(root, headerKeys);
    const [maxSteps, onAbort] = [root.get('maxSteps', true) as Item, root.get('onAbort', true) as Item];
    return {
      name: this.text(root, 'name'),
      ...(maxSteps && { maxSteps: this.number(root, 'maxSteps') }),
      ...(onAbort && { onAbort: this.text(root, 'onAbort') }),
      steps: this.steps(root, 'steps'),
    };
  }

  private steps(map: YAMLMap, key: string): SourceStep[] {
    const list = map.get(key, true) as Item;
    if (!isSeq(list)) {
      this.fault(list ?? map, `${key} is no list of steps`);
      return [];
    }
    return list.items.flatMap((item) => this.step(item as Item) ?? []);
  }

  private step(item: Item): SourceStep | undefined {
    const kind = isMap(item) ? kinds.find((candidate) => item.has(candidate)) : undefined;
    if (!isMap(item) || kind === undefined) {
      this.fault(item, `a step is one of: ${kinds.join(', ')}`);
      return undefined;
    }
    this.onlyKeys(item, stepKeys[kind]);
    const where = this.whereOf(item);
    switch (kind) {
      case 'command':
        return {
          where,
          kind,
          name: this.text(item, kind),
          args: this.args(item),
          onFail: this.onFail(item, 'onFail'),
          arm: this.flag(item, 'arm'),
        };
      case 'at':
      case 'abort':
      case 'label':
      case 'goto': {
        const text = this.text(item, kind);
        if (kind === 'at') return { where, kind, time: text };
        if (kind === 'abort') return { where, kind, reason: text };
        return kind === 'label' ? { where, kind, name: text } : { where, kind, label: text };
      }
      case 'wait':
        return { where, kind, seconds: this.number(item, kind) };
      case 'waitFor':
        return {
          where,
          kind,
          condition: this.condition(item, kind),
          timeoutS: this.number(item, 'timeout'),
          onTimeout: this.onFail(item, 'onTimeout'),
        };
      case 'if':
        return {
          where,
          kind,
          condition: this.condition(item, kind),
          whenTrue: this.steps(item, 'then'),
          whenFalse: item.has('else') ? this.steps(item, 'else') : [],
        };
      case 'repeat':
        return { where, kind, times: this.number(item, kind), steps: this.steps(item, 'steps') };
    }
  }

  private args(step: YAMLMap): Record<string, unknown> {
    const args = step.get('args', true) as Item;
    if (args === undefined || (isScalar(args) && args.value === null)) return {};
    if (isMap(args)) return numbersOf(args.toJS(this.document)) as Record<string, unknown>;
    this.fault(args, 'args are name: value');
    return {};
  }

  private condition(step: YAMLMap, key: string): SourceCondition {
    const text = this.text(step, key);
    const condition = parseCondition(text);
    if (condition === undefined) this.fault(step, `${text} is no condition like camera.FramesCaptured >= 3`);
    return condition ?? { channel: '', comparison: '==', value: '' };
  }

  private text(map: YAMLMap, key: string): string {
    const item = map.get(key, true) as Item;
    if (isScalar(item) && item.value !== null && item.value !== '') return item.source ?? String(item.value);
    this.fault(item ?? map, `${key} is missing`);
    return '';
  }

  /** Seconds may be written with a unit: 500 ms, 5 s, 2 min, 1 h. */
  private number(map: YAMLMap, key: string): number {
    const text = this.text(map, key);
    const [, digits, unit = 's'] = text.match(/^(\d+(?:\.\d+)?)\s*(ms|s|min|h)?$/) ?? [];
    if (digits !== undefined) return Number(digits) * { ms: 0.001, s: 1, min: 60, h: 3600 }[unit as 's'];
    if (text !== '') this.fault(map.get(key, true) as Item, `${key}: ${text} is no number`);
    return 1;
  }

  private onFail(map: YAMLMap, key: string): OnFail {
    if (!map.has(key)) return 'abort';
    const text = this.text(map, key);
    if (text !== 'abort' && text !== 'continue')
      this.fault(map.get(key, true) as Item, `${key}: ${text} is not abort or continue`);
    return text === 'continue' ? 'continue' : 'abort';
  }

  private flag(map: YAMLMap, key: string): boolean {
    const value: unknown = map.get(key) ?? false;
    if (typeof value !== 'boolean') this.fault(map.get(key, true) as Item, `${key} is not true or false`);
    return value === true;
  }

  private onlyKeys(map: YAMLMap, known: readonly string[]): void {
    for (const { key } of map.items)
      if (!known.includes(String(key)))
        this.fault(key as Item, `unknown key ${String(key)}; known: ${known.join(', ')}`);
  }

  private fault(item: Item, why: string): void {
    this.faults.push(fail('SEQ_SOURCE', { where: this.whereOf(item), why }).error);
  }

  private whereOf(item: Item): string {
    return this.placeOf(item?.range?.[0] ?? 0);
  }

  private placeOf(offset: number): string {
    return `${this.file}:${this.lines.linePos(offset).line || 1}`;
  }
}

/** Whole numbers that a `number` holds exactly become one again. */
function numbersOf(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(numbersOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, numbersOf(item)]));
}
