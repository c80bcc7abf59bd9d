/** From targets and tips to a plan, and from the plan to orders. */
import { type Result, succeed } from '../../../fsw/errors';
import { timeOf } from '../../../fsw/framework';
import type { Constraint } from './model';
import { type Craft, type Situation, schedule, take, turnS, whyNot } from './schedule';
import type { Look } from './sphere';
import { type Entry, NO_PLAN, type Planner } from './state';
import { deadlineUs, type Target, wantedFromUs } from './targets';
import type { Pass } from './track';

type ConstraintName = keyof typeof Constraint.constants;

/** A capture that moves by less is the same one. */
const SAME_US = 10e6;
const MIB = 2 ** 20;
/** What is left of a capture's value at the horizon: of two that can't both be had now, the one of less priority waits. */
const VALUE_AT_HORIZON = 0.5;

/** A capture of it would be taken, as far as the target itself goes. */
export function isWanted({ state, clock, param }: Planner, target: Target): boolean {
  const nowUs = clock.nowUs();
  const ordered = [...state.orders.values()].some((order) => order.target === target.name);
  const inTime = deadlineUs(target) > nowUs && wantedFromUs(target) <= nowUs + param.HorizonS * 1e6;
  return target.enabled && !ordered && inTime;
}

/** Brings the energy account up to now, by the declared model. */
export function charge({ state, clock, param, tlm }: Planner): void {
  const nowUs = clock.nowUs();
  if (nowUs > state.energyUs) {
    const chargedJ = (param.ChargeW * state.track.light(state.energyUs)(state.energyUs, nowUs)) / 1e6;
    state.energyJ += chargedJ;
    state.energyUs = nowUs;
    state.track.forget(nowUs);
  }
  state.energyJ = Math.min(state.energyJ, param.CapacityJ);
  tlm.EnergyJ(state.energyJ);
}

/** Plans anew from here on. What goes wrong is an event, and leaves no plan. */
export function replan(self: Planner): void {
  const { state, clock, tlm, event } = self;
  state.plannedUs = clock.nowUs();
  const before = state.plan.captures;
  state.plan = NO_PLAN;
  if (state.enabled && !state.safe) {
    try {
      const made = makePlan(self, before);
      if (!made.ok) event.PlanningFailed({ reason: made.error.text });
    } catch (error) {
      event.PlanningFailed({ reason: `the ephemeris: ${String(error)}` });
    }
  }
  tlm.PlanLength(state.plan.captures.length);
  tlm.PlanExact(state.plan.exact);
  tlm.Targets(state.targets.size);
}

function makePlan(self: Planner, before: readonly Entry[]): Result<void> {
  const { state, config, event, clock } = self;
  charge(self);
  const made = craftOf(self);
  if (!made.ok) return made;
  const craft = made.value;
  const start = startOf(self);
  const candidates: { readonly target: Target; readonly ways: Entry[] }[] = [];
  for (const target of state.targets.values()) {
    if (!isWanted(self, target) || !isCleared(self, target)) continue;
    const ways = waysOf(self, target, start, craft);
    if (typeof ways === 'string') refuse(self, target, ways);
    else candidates.push({ target, ways });
  }
  const sunlit = state.track.light(start.freeUs);
  const all = candidates.flatMap(({ ways }) => ways);
  state.plan = schedule(all, start, craft, sunlit, config.beam);
  for (const { target, ways } of candidates) {
    const entry = state.plan.captures.find((capture) => capture.target === target.name);
    if (entry === undefined) {
      const constraint = whyNot(state.plan, start, ways[0], craft, sunlit);
      if (constraint) refuse(self, target, constraint);
      continue;
    }
    target.refused = '';
    const known = before.find((capture) => capture.target === target.name);
    if (known && Math.abs(known.atUs - entry.atUs) < SAME_US) continue;
    const { inS, atUnixS, offNadirDeg } = timing(self, entry);
    event.CaptureScheduled({ target: target.name, inS, atUnixS, offNadirDeg, why: whyOf(target) });
  }
  state.track.forget(clock.nowUs());
  return succeed(undefined);
}

/** Orders the next capture of the plan once it is time, if it still can be had. */
export function dispatch(self: Planner): void {
  const { state, clock, param, out, event, tlm } = self;
  const [entry] = state.plan.captures;
  if (entry === undefined || !state.enabled || state.safe) return;
  const made = craftOf(self);
  if (!made.ok) {
    event.PlanningFailed({ reason: made.error.text });
    return;
  }
  const nowUs = clock.nowUs();
  const turn = turnS(state.look, entry.look, made.value);
  if (nowUs < entry.atUs - (turn + param.LeadS) * 1e6) return;
  state.plan = { ...state.plan, captures: state.plan.captures.slice(1) };
  const target = state.targets.get(entry.target);
  if (target === undefined) return;
  const here = { freeUs: Math.max(nowUs, state.freeUs), look: state.look, energyJ: state.energyJ };
  const sunlit = state.track.light(here.freeUs);
  const after = made.value.room < 1 ? 'STORAGE' : take(here, entry, made.value, sunlit);
  if (typeof after === 'string') {
    refuse(self, target, after);
    return;
  }
  Object.assign(state, { look: after.look, freeUs: after.freeUs, energyJ: after.energyJ });
  state.energyUs = after.freeUs;
  const ticket = state.nextTicket;
  state.nextTicket = (ticket + 1) >>> 0;
  const timeoutUs = after.freeUs + param.AnswerTimeoutS * 1e6;
  state.orders.set(ticket, { target: target.name, passEndUs: entry.pass.endUs, timeoutUs });
  tlm.CapturesOrdered(++state.counts.ordered);
  tlm.PlanLength(state.plan.captures.length);
  tlm.EnergyJ(state.energyJ);
  event.CaptureOrdered({ target: target.name, ticket });
  const { name, latDeg, lonDeg } = target;
  out.orderOut({ ticket, target: name, latDeg, lonDeg, at: timeOf(clock.epochUs + entry.atUs) });
}

/** What an event tells of a capture's time. */
export function timing({ clock }: Planner, { atUs, pass }: Entry) {
  return {
    inS: (atUs - clock.nowUs()) / 1e6,
    atUnixS: Math.round((clock.epochUs + atUs) / 1e6),
    offNadirDeg: pass.offNadirDeg,
  };
}

function isCleared({ param }: Planner, { tip }: Target): boolean {
  return param.RequireTip ? tip?.kind === 'CLEAR' : tip?.kind !== 'CLOUDED';
}

function startOf({ state, clock, param }: Planner): Situation {
  const freeUs = Math.max(clock.nowUs() + param.LeadS * 1e6, state.freeUs);
  return { freeUs, look: state.look, energyJ: state.energyJ };
}

function craftOf({ board, param }: Planner): Result<Craft> {
  const free = board.files.freeBytes();
  if (!free.ok) return free;
  const usable = free.value - param.StorageReserveMiB * MIB;
  const bytes = param.CaptureMiB * MIB;
  return succeed({
    slewDegS: param.SlewDegS,
    settleS: param.SettleS,
    captureS: param.CaptureS,
    slewW: param.SlewW,
    captureW: param.CaptureW,
    chargeW: param.ChargeW,
    capacityJ: param.CapacityJ,
    reserveJ: param.ReserveJ,
    room: usable < bytes || usable < 0 ? 0 : Math.floor(usable / Math.max(1, bytes)),
  });
}

/** The ways to take a target, one a pass; or why there is none. */
function waysOf(self: Planner, target: Target, start: Situation, craft: Craft): Entry[] | ConstraintName {
  const { state, param, clock } = self;
  const nowUs = clock.nowUs();
  const horizonUs = param.HorizonS * 1e6;
  const freshUntilUs =
    param.RequireTip && target.tip ? target.tip.atUs + param.TipMaxAgeS * 1e6 : Number.POSITIVE_INFINITY;
  const untilUs = Math.min(nowUs + horizonUs, deadlineUs(target), freshUntilUs);
  const fromUs = Math.max(start.freeUs, wantedFromUs(target));
  const passes = state.track.passes(target, fromUs, untilUs, param.MaxOffNadirDeg);
  if (passes.length === 0) return deadlineUs(target) === untilUs ? 'DEADLINE' : 'NO_ACCESS';
  const lit = passes
    .map((pass) => reachable(self, target, pass, start, craft))
    .filter(({ sunDeg }) => sunDeg >= param.MinSunDeg);
  if (lit.length === 0) return 'SUN';
  return lit.map((pass) => {
    const ageing = 1 - ((1 - VALUE_AT_HORIZON) * (pass.atUs - nowUs)) / horizonUs;
    const value = target.priority * ageing;
    return { target: target.name, value, atUs: pass.atUs, look: pass.look, pass };
  });
}

/** A pass under way is taken as soon as the spacecraft has turned there, if the target is in reach still. */
function reachable(
  { state, param }: Planner,
  target: Target,
  pass: Pass,
  start: Situation,
  craft: Craft,
): Pass {
  const readyUs = (look: Look) => start.freeUs + turnS(start.look, look, craft) * 1e6;
  if (readyUs(pass.look) <= pass.atUs) return pass;
  for (let atUs = pass.atUs + 1e6; atUs < pass.endUs; atUs += 1e6) {
    const view = state.track.view(target, atUs, param.MaxOffNadirDeg);
    if (view && readyUs(view.look) <= atUs) return { ...view, endUs: pass.endUs };
  }
  return pass;
}

function refuse({ state, event, tlm }: Planner, target: Target, constraint: ConstraintName): void {
  if (target.refused === constraint) return;
  target.refused = constraint;
  const channel = {
    NO_ACCESS: tlm.RefusedAccess,
    SUN: tlm.RefusedSun,
    DEADLINE: tlm.RefusedDeadline,
    SLEW: tlm.RefusedSlew,
    POWER: tlm.RefusedPower,
    STORAGE: tlm.RefusedStorage,
  }[constraint];
  channel(++state.counts[constraint]);
  event.CaptureRefused({ target: target.name, constraint, detail: DETAIL[constraint] });
}

const DETAIL: Readonly<Record<ConstraintName, string>> = {
  NO_ACCESS: 'not seen within MaxOffNadirDeg before the horizon or the end of its tip',
  SUN: 'the Sun is below MinSunDeg in each pass',
  DEADLINE: 'not seen before its deadline',
  SLEW: 'no time to turn there beside a capture that is worth more',
  POWER: 'the store would fall below ReserveJ',
  STORAGE: 'no room for CaptureMiB beside StorageReserveMiB',
};

function whyOf({ tip, failures }: Target): string {
  const sight = tip === undefined ? 'no tip needed' : `clear, ${Math.round(tip.cloud * 100)} % cloud`;
  return failures === 0 ? sight : `${sight}, retry ${failures}`;
}
