/** Numbers and times as the page writes them; English, whatever the host speaks. */

export function count(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

export function percent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined ? 'not judged' : `${(share * 100).toFixed(digits)} %`;
}

const sizes = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(sizes.length - 1, Math.floor(Math.log10(value) / 3));
  return `${(value / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${sizes[power]}`;
}

/** Flight time from its microseconds: `12:34`, from an hour on `1:02:34`. */
export function flightTime(atUs: number): string {
  const seconds = Math.floor(atUs / 1e6);
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** `2022-02-22 09:21:00`, in UTC. */
export function utc(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** A place to two digits, with N/S and E/W. */
export function place(latDeg: number, lonDeg: number): string {
  const lat = `${Math.abs(latDeg).toFixed(2)}° ${latDeg < 0 ? 'S' : 'N'}`;
  return `${lat}, ${Math.abs(lonDeg).toFixed(2)}° ${lonDeg < 0 ? 'W' : 'E'}`;
}

/** A coordinate with no more digits than a picture needs. */
export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
