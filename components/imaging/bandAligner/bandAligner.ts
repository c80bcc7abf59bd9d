/** Lays the bands of each strip over each other. */
import { component } from '../../../fsw/framework';
import type { Held } from '../stripLine';
import { estimateShift, type Shift } from './estimate';
import { type Aligner, bandAlignerModel, type State } from './model';
import { shiftPlane } from './resample';

export { AlignMode, bandAlignerModel } from './model';

export const bandAligner = component(bandAlignerModel, {
  state: (): State => ({
    capture: undefined,
    shifts: new Map(),
    doubted: new Set(),
    reported: '',
    copy: new Uint16Array(0),
    aligned: 0,
    untrusted: 0,
  }),
  ports: (self) => ({
    stripIn(strip) {
      align(self, strip);
      self.out.stripOut(strip);
    },
    captureEndIn: (end) => self.out.captureEndOut(end),
  }),
  paramChanged({ state, event, param }, name) {
    if (name === 'Mode' || name === 'FixedShifts') state.shifts.clear();
    const { bad } = readShifts(param.FixedShifts);
    if (name === 'FixedShifts' && bad !== undefined) event.ShiftsUnreadable({ text: bad });
  },
});

function align(self: Aligner, strip: Held): void {
  const { state, param } = self;
  if (param.Mode === 'OFF') return;
  if (strip.info.capture !== state.capture) {
    state.capture = strip.info.capture;
    state.shifts.clear();
    state.doubted.clear();
  }
  if (param.Mode === 'ESTIMATE') estimate(self, strip);
  else for (const [band, shift] of readShifts(param.FixedShifts).shifts) state.shifts.set(band, shift);
  move(self, strip);
}

function estimate({ state, event, tlm, param, config }: Aligner, { info, stack }: Held): void {
  const planes = stack.bands.map((band, i) => ({ band, counts: stack.planes[i] }));
  const reference = planes.find(({ band }) => band.name === config.reference) ?? planes[0];
  const limits = { ...config, minCorrelation: param.MinCorrelation };
  const doubted: string[] = [];
  for (const plane of planes) {
    if (plane === reference) continue;
    const { name } = plane.band;
    const last = state.shifts.get(name);
    const found = estimateShift(reference, plane, info, limits);
    if (found !== undefined) {
      state.shifts.set(name, last === undefined ? found : between(last, found, param.Smoothing));
      continue;
    }
    tlm.BandsNotTrusted(++state.untrusted);
    if (!state.doubted.has(name)) doubted.push(name);
    state.doubted.add(name);
  }
  const { capture, strip } = info;
  if (doubted.length > 0) event.ShiftNotTrusted({ capture, strip, bands: doubted.join(' ').slice(0, 120) });
}

function move({ state, event, tlm, param }: Aligner, { info, stack }: Held): void {
  const moved: string[] = [];
  let [largest, largestBand] = [0, ''];
  stack.bands.forEach(({ name, scale }, i) => {
    const { dx, dy } = state.shifts.get(name) ?? { dx: 0, dy: 0 };
    const distance = Math.hypot(dx, dy);
    if (distance > largest) [largest, largestBand] = [distance, name];
    if (distance / scale <= param.Threshold) return;
    const plane = stack.planes[i];
    if (state.copy.length < plane.length) state.copy = new Uint16Array(plane.length);
    const inPlane = { dx: dx / scale, dy: dy / scale };
    shiftPlane(plane, Math.ceil(info.width / scale), inPlane, state.copy.subarray(0, plane.length));
    moved.push(`${name} ${dx.toFixed(1)} ${dy.toFixed(1)}`);
  });
  tlm.LargestShift(largest);
  tlm.LargestShiftBand(largestBand);
  if (moved.length === 0) return;
  tlm.StripsAligned(++state.aligned);
  const shifts = moved.join('; ').slice(0, 200);
  if (shifts !== state.reported) event.BandsShifted({ capture: info.capture, strip: info.strip, shifts });
  state.reported = shifts;
}

function between(last: Shift, found: Shift, weight: number): Shift {
  return { dx: last.dx + weight * (found.dx - last.dx), dy: last.dy + weight * (found.dy - last.dy) };
}

/** The shifts that a text says, and the first part of it that says none. */
function readShifts(text: string): { shifts: Map<string, Shift>; bad: string | undefined } {
  const shifts = new Map<string, Shift>();
  let bad: string | undefined;
  for (const part of text.split(';').map((each) => each.trim())) {
    if (part === '') continue;
    const [name, dx, dy, ...more] = part.split(/\s+/);
    const shift = { dx: Number(dx), dy: Number(dy) };
    const read =
      dy !== undefined && more.length === 0 && Number.isFinite(shift.dx) && Number.isFinite(shift.dy);
    if (read) shifts.set(name, shift);
    else bad ??= part.slice(0, 120);
  }
  return { shifts, bad };
}
