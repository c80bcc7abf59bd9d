import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  array,
  bool,
  bytes,
  Cursor,
  decode,
  encode,
  enumeration,
  F32,
  F64,
  I8,
  I16,
  I32,
  I64,
  reference,
  showPlain,
  string,
  struct,
  type Type,
  U8,
  U16,
  U32,
  U64,
} from './index';

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const fromHex = (text: string) => new Uint8Array(Buffer.from(text.replace(/ /g, ''), 'hex'));

const Mode = enumeration('Test.Mode', { SAFE: 1, NOMINAL: 2, IMAGING: 7 });
const Wide = enumeration('Test.Wide', { LOW: -300, HIGH: 300 }, { represent: I16, default: 'HIGH' });
const Inner = struct('Inner', { at: array(U16, 2), note: string(9), 'odd-name': bool });
const Everything = struct('Everything', {
  u8: U8,
  u16: U16,
  u32: U32,
  u64: U64,
  i8: I8,
  i16: I16,
  i32: I32,
  i64: I64,
  f32: F32,
  f64: F64,
  flag: bool,
  mode: Mode,
  wide: Wide,
  text: string(20),
  raw: bytes(5),
  inner: array(Inner, 2),
});

/** Values of a type, made from its own description. */
function valuesOf(type: Type<unknown>): fc.Arbitrary<unknown> {
  if (type === U64) return fc.bigInt(0n, 2n ** 64n - 1n);
  if (type === I64) return fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
  if (type === F32) return fc.float({ noDefaultInfinity: true, noNaN: true });
  if (type === F64) return fc.double({ noDefaultInfinity: true, noNaN: true });
  switch (type.kind) {
    case 'integer': {
      const { min, max } = type as typeof U8;
      return fc.integer({ min, max });
    }
    case 'bool':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...Object.keys((type as typeof Mode).constants));
    case 'string':
      return fc
        .string({ unit: 'grapheme', maxLength: 20 })
        .filter((text) => Buffer.byteLength(text) <= type.maxSize - 2);
    case 'bytes':
      return fc.uint8Array({ maxLength: type.maxSize - 2 });
    case 'array': {
      const { element, initial } = type as ReturnType<typeof array>;
      const { length } = initial as unknown[];
      return fc.array(valuesOf(element), { minLength: length, maxLength: length });
    }
    default: {
      const { fields } = type as unknown as typeof Everything;
      return fc.record(
        Object.fromEntries(
          Object.entries<Type<unknown>>(fields).map(([key, member]) => [key, valuesOf(member)]),
        ),
      );
    }
  }
}

const kinds: readonly Type<unknown>[] = [
  ...[U8, U16, U32, U64, I8, I16, I32, I64, F32, F64, bool, Mode, Wide, string(20), string(300), bytes(5)],
  array(string(6), 3),
  array(array(U8, 2), 2),
  Inner,
  Everything,
];

describe('serialisable types', () => {
  it.each(kinds.map((type) => [type.name, type] as const))(
    'a %s read back is the value that was written, within its stated sizes, and passes its own check',
    (_, type) => {
      fc.assert(
        fc.property(valuesOf(type), (value) => {
          const data = encode(type, value);
          expect(data.length).toBeGreaterThanOrEqual(type.minSize);
          expect(data.length).toBeLessThanOrEqual(type.maxSize);
          expect(decode(type, data)).toEqual({ ok: true, value });
          expect(type.check(value, 'x')).toEqual({ ok: true, value });
          expect(typeof type.show(value)).toBe('string');
        }),
        { seed: 1, numRuns: 200 },
      );
    },
  );

  it.each(kinds.map((type) => [type.name, type] as const))(
    'random bytes as a %s are refused with a coded error or read as a value that is written as the same bytes',
    (_, type) => {
      const random = fc.uint8Array({ maxLength: type.maxSize + 3 });
      const damaged = fc
        .tuple(valuesOf(type), fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 3 }))
        .map(([value, at, byte, cut]) => {
          const data = encode(type, value);
          data[at % data.length] = byte;
          return data.slice(0, data.length - cut);
        });
      fc.assert(
        fc.property(fc.oneof(random, damaged), (data) => {
          const decoded = decode(type, data);
          if (!decoded.ok) expect(decoded.error.code).toMatch(/^TYPE_/);
          // Not-a-number has many bit patterns, of which a host writes one.
          else if (!type.show(decoded.value).includes('NaN'))
            expect(encode(type, decoded.value)).toEqual(data);
        }),
        { seed: 2, numRuns: 400 },
      );
    },
  );

  it('check never throws, whatever it is given', () => {
    const wild = fc.oneof(
      fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true, withTypedArray: true }),
      fc.constantFrom<unknown>(Symbol('s'), () => 1, Number.NaN, -0, Number.POSITIVE_INFINITY, {
        toJSON: () => undefined,
      }),
      fc.record({ u8: fc.anything(), inner: fc.array(fc.anything()) }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...kinds), wild, (type, value) => {
        const checked = type.check(value, 'arg');
        if (checked.ok) expect(decode(type, encode(type, checked.value)).ok).toBe(true);
        else expect(checked.error.text).toContain('arg');
      }),
      { seed: 3, numRuns: 3000 },
    );
  });

  it('writes what an F´ ground system writes (SET_POINT of the reference deployment)', () => {
    const Point = struct('Point', { x: F32, heater: F32, pair: array(U16, 2) });
    const Args = struct('SET_POINT', {
      mode: Mode,
      gains: array(F32, 3),
      target: struct('Target', { mode: Mode, gain: Point.fields.x, pair: array(U16, 2) }),
    });
    const value = {
      mode: 'NOMINAL' as const,
      gains: [1.5, 2.5, 3.5],
      target: { mode: 'SAFE' as const, gain: 0.25, pair: [7, 9] },
    };
    expect(hex(encode(Args, value))).toBe(
      hex(fromHex('02 3fc00000 40200000 40600000 01 3e800000 0007 0009')),
    );
    expect(hex(encode(string(40), 'hi there'))).toBe('00086869207468657265');
    expect(hex(encode(bool, true)) + hex(encode(bool, false))).toBe('ff00');
    expect(hex(encode(U64, 0x0102030405060708n))).toBe('0102030405060708');
    expect(hex(encode(I64, -2n))).toBe('fffffffffffffffe');
    expect(hex(encode(Wide, 'LOW'))).toBe('fed4');
  });

  it('cuts text that is too long at a character boundary', () => {
    const cut = (max: number, text: string) => {
      const decoded = decode(string(max), encode(string(max), text));
      return decoded.ok ? decoded.value : decoded.error.text;
    };
    expect(cut(4, 'abcdef')).toBe('abcd');
    expect(cut(4, 'abcé')).toBe('abc');
    expect(cut(5, 'abcé')).toBe('abcé');
    expect(cut(6, 'ab🛰cd')).toBe('ab🛰');
    expect(cut(5, 'ab🛰cd')).toBe('ab');
    expect(cut(0, 'x')).toBe('');
  });

  it('keeps a byte order mark, and refuses bytes that are not UTF-8', () => {
    expect(decode(string(9), fromHex('0004 efbbbf41'))).toEqual({ ok: true, value: '\uFEFFA' });
    expect(decode(string(9), fromHex('0002 c328'))).toMatchObject({
      error: { code: 'TYPE_MISMATCH', text: 'string(9): 0xc328 is not a UTF-8 text' },
    });
  });

  it('says where a buffer ends too early, what is left over, and what is too long', () => {
    const code = (type: Type<unknown>, data: string) => {
      const decoded = decode(type, fromHex(data), 'cmd');
      return decoded.ok ? 'ok' : decoded.error.code;
    };
    expect(code(U32, '010203')).toBe('TYPE_TRUNCATED');
    expect(code(U8, '0102')).toBe('TYPE_TRAILING');
    expect(code(string(3), '0004 61616161')).toBe('TYPE_TOO_LONG');
    expect(code(string(9), '0004 6161')).toBe('TYPE_TRUNCATED');
    expect(code(bool, '01')).toBe('TYPE_MISMATCH');
    expect(code(Mode, '05')).toBe('TYPE_MISMATCH');
    expect(code(struct('S', { text: string(2), n: U32 }), '0002 6161 0000')).toBe('TYPE_TRUNCATED');
    expect(encode(bytes(2), fromHex('010203'))).toEqual(fromHex('0002 0102'));
  });
});

describe('check', () => {
  const ok = <T>(type: Type<T>, value: unknown) => {
    const checked = type.check(value, 'x');
    return checked.ok ? checked.value : checked.error.code;
  };

  it('takes numbers as text, as a command line gives them', () => {
    expect(ok(U8, '255')).toBe(255);
    expect(ok(I64, ' -5 ')).toBe(-5n);
    expect(ok(U64, 7)).toBe(7n);
    expect(ok(U64, 2 ** 60)).toBe('TYPE_MISMATCH');
    expect(ok(F32, '0.5')).toBe(0.5);
    expect(ok(bool, 'true')).toBe(true);
    expect(ok(Mode, 7)).toBe('IMAGING');
    expect(ok(bytes(4), 'beef')).toEqual(fromHex('beef'));
  });

  it('refuses values out of range, of another kind or too long', () => {
    expect(ok(U8, 256)).toBe('TYPE_RANGE');
    expect(ok(I8, -129)).toBe('TYPE_RANGE');
    expect(ok(U64, -1n)).toBe('TYPE_RANGE');
    expect(ok(F32, 1e39)).toBe('TYPE_RANGE');
    expect(ok(F64, Number.NaN)).toBe('TYPE_MISMATCH');
    expect(ok(U8, 1.5)).toBe('TYPE_MISMATCH');
    expect(ok(U8, '')).toBe('TYPE_MISMATCH');
    expect(ok(bool, 1)).toBe('TYPE_MISMATCH');
    expect(ok(Mode, 'SLEEP')).toBe('TYPE_MISMATCH');
    expect(ok(string(2), 'é!')).toBe('TYPE_TOO_LONG');
    expect(ok(string(2), 5)).toBe('TYPE_MISMATCH');
    expect(ok(bytes(1), 'beef')).toBe('TYPE_TOO_LONG');
    expect(ok(bytes(9), 'xyz')).toBe('TYPE_MISMATCH');
  });

  it('names the member that is missing, unknown or wrong, by its path', () => {
    const text = (value: unknown) => {
      const checked = Inner.check(value, 'cmd');
      return checked.ok ? '' : checked.error.text;
    };
    expect(text(5)).toBe('cmd: 5 is not a struct');
    expect(text([])).toBe('cmd: [] is not a struct');
    expect(text({ at: [1, 2], note: '' })).toBe('cmd: member odd-name is missing');
    expect(text({ at: [1, 2], note: '', 'odd-name': true, more: 1 })).toBe(
      'cmd: there is no member more; known: at, note, odd-name',
    );
    expect(text({ at: [1, 70000], note: '', 'odd-name': true })).toBe('cmd.at[1]: 70000 is outside 0..65535');
    expect(text({ at: [1], note: '', 'odd-name': true })).toBe('cmd.at: [1] is not a U16[2] of 2 elements');
    expect(struct('None', {}).check({ a: 1 }, 'c')).toMatchObject({ error: { text: /known: none/ } });
  });

  it('narrows a number type, which keeps its wire form', () => {
    const Percent = U8.with({ max: 100, unit: '%', default: 50 }).with({ min: 10, format: '{x}' });
    expect([ok(Percent, 9), ok(Percent, 100), ok(Percent, 101)]).toEqual(['TYPE_RANGE', 100, 'TYPE_RANGE']);
    expect(Percent.initial).toBe(50);
    expect(U8.with({ min: 3 }).initial).toBe(3);
    expect(Percent.describe).toEqual({ size: 8, signed: false, min: 10, max: 100, unit: '%', format: '{x}' });
    expect(hex(encode(Percent, 12))).toBe('0c');
  });
});

describe('show', () => {
  it('writes values for people, in the F´ format that the type asks for', () => {
    expect(F32.with({ format: '{.2f}' }).show(1.005)).toBe('1.00');
    expect(F64.with({ format: '{.1e}' }).show(12345)).toBe('1.2e+4');
    expect(U16.with({ format: '{x}' }).show(0xbeef)).toBe('0xbeef');
    expect(U64.show(5n)).toBe('5');
    expect(Inner.show({ at: [1, 2], note: 'n', 'odd-name': true })).toBe(
      '{ at: [1, 2], note: n, odd-name: true }',
    );
    expect(bytes(2).show(fromHex('beef'))).toBe('beef');
    expect(Mode.show('SAFE')).toBe('SAFE');
    expect(bool.show(true)).toBe('true');
  });

  it('puts any value into words for an error message', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect([1n, undefined, () => 1, Symbol('s'), 'a', null].map(showPlain)).toEqual([
      '1',
      'undefined',
      'a function',
      'a symbol',
      '"a"',
      'null',
    ]);
    expect(showPlain(circle)).toBe('an object that is not plain data');
    expect(showPlain({ toJSON: () => undefined })).toBe('an object that is not plain data');
  });
});

describe('defaults', () => {
  it('every type has one that passes its own check', () => {
    for (const type of kinds) expect(type.check(type.initial, 'x').ok).toBe(true);
    expect(Mode.initial).toBe('SAFE');
    expect(Wide.initial).toBe('HIGH');
    expect(string(9, 'go').initial).toBe('go');
  });
});

describe('reference', () => {
  it('is handed over as it is and has no wire form', () => {
    const Handle = reference<{ n: number }>('Handle', { n: 1 });
    const value = { n: 2 };
    expect(Handle.check(value, 'x')).toEqual({ ok: true, value });
    expect(Handle.initial).toEqual({ n: 1 });
    expect(Handle.show(value)).toBe('<Handle>');
    expect(() => encode(Handle, value)).toThrow('Handle is a reference and has no wire form');
    expect(decode(Handle, new Uint8Array(0)).ok).toBe(false);
  });
});

describe('Cursor', () => {
  it('moves along a buffer that holds several values', () => {
    const cursor = new Cursor(new Uint8Array(8), 1);
    U16.write(cursor, 0x1234);
    bool.write(cursor, true);
    expect(cursor.at).toBe(4);
    cursor.at = 1;
    expect([U16.read(cursor), bool.read(cursor)]).toEqual([0x1234, true]);
  });
});
