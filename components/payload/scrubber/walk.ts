import type { ScrubRegion } from '../ports';

/** Some pages of a region, whose turn it is. */
export interface Stripe {
  readonly region: ScrubRegion;
  readonly first: number;
  readonly pages: number;
}

/** The way through the regions: each page once a pass, and a region that turns urgent at once, from its first page. */
export class Walk {
  /** The first page of each region that this pass has not seen. */
  private readonly at = new Map<string, number>();
  private urgent: ReadonlySet<string> = new Set();

  /** What comes next, `stripeBytes` or less (a page at least); undefined when the pass is over. */
  next(regions: readonly ScrubRegion[], stripeBytes: number): Stripe | undefined {
    const urgent = new Set(regions.filter((region) => region.urgent).map(({ name }) => name));
    for (const name of urgent) if (!this.urgent.has(name)) this.at.delete(name);
    this.urgent = urgent;
    const open = regions.filter((region) => this.firstOf(region) < region.pages);
    const region = open.find(({ name }) => urgent.has(name)) ?? open[0];
    if (region === undefined) return undefined;
    return stripeOf(region, this.firstOf(region), stripeBytes);
  }

  done({ region, first, pages }: Stripe): void {
    this.at.set(region.name, first + pages);
  }

  /** Begins the next pass. */
  restart(): void {
    this.at.clear();
  }

  private firstOf({ name }: ScrubRegion): number {
    return this.at.get(name) ?? 0;
  }
}

/** The pages of a region from `first` on that fill `stripeBytes`, one at least. */
export function stripeOf(region: ScrubRegion, first: number, stripeBytes: number): Stripe {
  const pages = Math.max(1, Math.floor(stripeBytes / region.pageBytes));
  return { region, first, pages: Math.min(pages, region.pages - first) };
}
