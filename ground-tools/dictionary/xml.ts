/** One XML element: its attributes (an undefined one is left out) and what is inside, in order. */
export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly children: readonly (Element | string)[];
}

export function element(
  tag: string,
  attributes: Element['attributes'] = {},
  ...children: readonly (Element | string | undefined)[]
): Element {
  return { tag, attributes, children: children.filter((child) => child !== undefined) };
}

/** A list element, or nothing when the list is empty: XTCE allows no empty sets. */
export function listOf(tag: string, children: readonly Element[]): Element | undefined {
  return children.length === 0 ? undefined : element(tag, {}, ...children);
}

/** The document, indented. */
export function xmlDocument(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml(root, '')}\n`;
}

function xml({ tag, attributes, children }: Element, indent: string): string {
  const head = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');
  if (children.length === 0) return `${indent}<${tag}${head}/>`;
  const [only] = children;
  if (children.length === 1 && typeof only === 'string')
    return `${indent}<${tag}${head}>${escaped(only)}</${tag}>`;
  const inside = children.map((child) =>
    typeof child === 'string' ? escaped(child) : xml(child, `${indent}  `),
  );
  return `${indent}<${tag}${head}>\n${inside.join('\n')}\n${indent}</${tag}>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
