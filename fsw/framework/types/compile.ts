import type { CodecSource, Cursor, Scope } from './type';

/**
 * Compiles a type's codec into one flat function, once, when the type is defined: a struct of structs
 * becomes straight-line DataView stores with no inner calls, which is what makes packets cheap.
 *
 * In scope of the generated source: `cursor`, `bytes`, `view`, `at` and the constants that types ask for.
 * Only sources written in this folder are ever compiled; no outside text reaches it but as a constant.
 */
export function compile<T>(source: CodecSource): {
  write: (cursor: Cursor, value: T) => void;
  read: (cursor: Cursor) => T;
} {
  const head = 'const bytes = cursor.bytes, view = cursor.view; let at = cursor.at;';
  const writing = new ConstantScope();
  const writer = source.write('value', writing);
  const reading = new ConstantScope();
  const reader = source.read('result', reading);
  return {
    write: writing.build<(cursor: Cursor, value: T) => void>(
      'cursor, value',
      `${head}${writer}cursor.at = at;`,
    ),
    read: reading.build<(cursor: Cursor) => T>('cursor', `${head}${reader}cursor.at = at; return result;`),
  };
}

class ConstantScope implements Scope {
  private readonly constants: unknown[] = [];
  private variables = 0;

  constant(value: unknown): string {
    return `k${this.constants.push(value) - 1}`;
  }

  fresh(): string {
    return `v${this.variables++}`;
  }

  build<F>(parameters: string, body: string): F {
    const names = this.constants.map((_, i) => `k${i}`);
    return new Function(...names, `return (${parameters}) => { ${body} };`)(...this.constants) as F;
  }
}
