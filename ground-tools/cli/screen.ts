import { styleText } from 'node:util';

/** Where text goes: a terminal, a pipe, or a test. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

type Style = Parameters<typeof styleText>[0];

/** Colour on a terminal that wants it, plain text elsewhere. */
export function paint(screen: Screen, style: Style, text: string): string {
  const wanted = screen.isTTY === true && process.env.NO_COLOR === undefined;
  return wanted ? styleText(style, text, { validateStream: false }) : text;
}
