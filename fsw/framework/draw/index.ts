/** A topology draws itself: as Mermaid text, and as one self-contained SVG. */
export { mermaidOf } from './mermaid';
export { svgOf } from './svg';
