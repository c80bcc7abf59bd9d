/** Tip and cue: what the wide field shows clear is captured in high resolution, when the spacecraft can. */
import { fail } from '../../../fsw/errors';
import { component, ok, refused, unixUsOf } from '../../../fsw/framework';
import { capturePlannerModel } from './model';
import { charge, dispatch, isWanted, replan, timing } from './planning';
import { freshState, NO_PLAN, type Order, type Planner } from './state';
import { checkTarget, deadlineUs, newTarget, type TargetSpec } from './targets';
import { cloudOver, distanceKm, gridOf, type Info, type TileGrid, watchedTile } from './tips';

/** Without news, a new plan is made so often: passes come over the horizon. */
const PLAN_PERIOD_US = 60e6;

export const capturePlanner = component(capturePlannerModel, {
  state: ({ config, board, random }) => freshState(config, board, random),
  start({ state, event, tlm }) {
    for (const { code, text } of state.refusedAtBoot) event.TargetRefused({ code, reason: text });
    tlm.Targets(state.targets.size);
  },
  ports: (self) => {
    const { state, clock, event } = self;
    return {
      schedIn() {
        const nowUs = clock.nowUs();
        for (const [ticket, order] of state.orders)
          if (nowUs > order.timeoutUs) ended(self, ticket, order, 'FAILED', 0);
        expire(self);
        if (nowUs - state.plannedUs >= PLAN_PERIOD_US) replan(self);
        try {
          charge(self);
          dispatch(self);
        } catch (error) {
          event.PlanningFailed({ reason: `the ephemeris: ${String(error)}` });
        }
      },
      modeIn({ mode }) {
        const safe = mode === 'SAFE';
        if (safe === state.safe) return;
        state.safe = safe;
        tellHold(self);
      },
      classifiedIn({ info, findings }) {
        if (!isLocated(self, info)) return;
        const changed = hear(self, { info, ...findings });
        if (watch(self, info, findings) || changed) replan(self);
      },
      screenedIn({ info, verdict, cloudFraction }) {
        // A frame that was kept comes back classified.
        if (verdict !== 'CLOUDED' || !isLocated(self, info)) return;
        const grid = gridOf(info, cloudFraction);
        if (grid && hear(self, grid)) replan(self);
      },
      doneIn({ ticket, status, strips }) {
        const order = state.orders.get(ticket);
        if (order === undefined) return;
        ended(self, ticket, order, status, strips);
      },
    };
  },
  commands: (self) => {
    const { state, event, config } = self;
    const unknown = (target: string) => {
      const known = [...state.targets.keys()].join(', ') || 'none';
      return refused(fail('TARGET_UNKNOWN', { target, known }).error.text);
    };
    return {
      ADD_TARGET(spec) {
        const checked = checkTarget(spec);
        if (!checked.ok) return refused(checked.error.text, 'VALIDATION_ERROR');
        if (!state.targets.has(spec.name) && state.targets.size >= config.maxTargets)
          return refused(fail('TARGETS_FULL', { target: spec.name, max: config.maxTargets }).error.text);
        add(self, checked.value);
        replan(self);
        return ok;
      },
      REMOVE_TARGET({ name }) {
        if (!state.targets.delete(name)) return unknown(name);
        replan(self);
        return ok;
      },
      ENABLE_TARGET({ name, enabled }) {
        const target = state.targets.get(name);
        if (target === undefined) return unknown(name);
        target.enabled = enabled;
        target.refused = '';
        replan(self);
        return ok;
      },
      ENABLE({ enabled }) {
        if (enabled === state.enabled) return ok;
        state.enabled = enabled;
        tellHold(self);
        return ok;
      },
      PLAN() {
        const { captures } = state.plan;
        const energyJ = Math.min(state.energyJ, self.param.CapacityJ);
        event.PlanTold({ captures: captures.length, targets: state.targets.size, energyJ });
        for (const entry of captures) event.PlannedCapture({ target: entry.target, ...timing(self, entry) });
        return ok;
      },
      CLEAR() {
        state.targets.clear();
        state.plan = NO_PLAN;
        replan(self);
        return ok;
      },
    };
  },
  paramChanged: (self) => replan(self),
});

function isLocated({ state, tlm }: Planner, { located }: Info): boolean {
  if (!located) tlm.TipsNowhere(++state.counts.nowhere);
  return located;
}

function add({ state, clock }: Planner, spec: TargetSpec, tipped = false) {
  const target = newTarget(spec, clock.nowUs(), tipped);
  state.targets.set(spec.name, target);
  return target;
}

/** Takes what a frame says of the known targets; true when it may change the plan. */
function hear(self: Planner, grid: TileGrid): boolean {
  const { state, param, event, tlm, clock } = self;
  const atUs = unixUsOf(grid.info.time) - clock.epochUs;
  let changed = false;
  for (const target of state.targets.values()) {
    const cloud = cloudOver(grid, target, target.radiusKm);
    if (cloud === undefined || Number.isNaN(cloud)) continue;
    const kind = cloud > param.MaxCloudFraction ? 'CLOUDED' : 'CLEAR';
    target.tip = { kind, atUs, cloud };
    if (!isWanted(self, target)) continue;
    changed = true;
    if (kind === 'CLEAR') {
      tlm.TipsClear(++state.counts.clear);
      continue;
    }
    tlm.TipsClouded(++state.counts.clouded);
    event.CaptureWithheld({ target: target.name, cloudPercent: Math.min(255, Math.round(cloud * 100)) });
  }
  return changed;
}

/** Makes a target of the surest tile of a watched class; true when it did. */
function watch(self: Planner, info: Info, findings: Parameters<typeof watchedTile>[0]): boolean {
  const { state, param, config, event, tlm, clock } = self;
  const found = watchedTile(findings, info, {
    mask: param.WatchMask,
    minConfidence: param.MinConfidence,
    maxCloud: param.MaxCloudFraction,
  });
  if (found === undefined) return false;
  const { place, tile, className, confidence } = found;
  const near = [...state.targets.values()].some((known) => distanceKm(known, place) < param.TipSpacingKm);
  if (near) return false;
  const name = `tip-${info.id}-${tile}`;
  if (state.targets.size >= config.maxTargets) {
    const { code, text } = fail('TARGETS_FULL', { target: name, max: config.maxTargets }).error;
    event.TargetRefused({ code, reason: text });
    return false;
  }
  const spec = { name, ...place, radiusKm: 0, priority: param.TipPriority };
  const target = add(self, { ...spec, deadlineS: param.TipMaxAgeS, repeatS: 0 }, true);
  const cloud = findings.cloudFraction[tile];
  target.tip = { kind: 'CLEAR', atUs: unixUsOf(info.time) - clock.epochUs, cloud };
  tlm.TipsWatched(++state.counts.watched);
  event.TargetTipped({ target: name, what: className, confidence, ...place });
  return true;
}

function ended(
  self: Planner,
  ticket: number,
  order: Order,
  status: 'DONE' | 'NO_IMAGERY' | 'FAILED' | 'ABORTED',
  strips: number,
): void {
  const { state, clock, event, tlm } = self;
  state.orders.delete(ticket);
  event.CaptureEnded({ target: order.target, status, strips });
  if (status === 'DONE') tlm.CapturesDone(++state.counts.done);
  else tlm.CapturesFailed(++state.counts.failed);
  const target = state.targets.get(order.target);
  if (target === undefined) return;
  if (status === 'DONE') {
    target.doneUs = clock.nowUs();
    target.failures = 0;
    if (target.tipped) state.targets.delete(target.name);
  } else {
    target.failures++;
    target.notBeforeUs = order.passEndUs;
  }
  replan(self);
}

/** Lets targets go whose deadline is over; done or not. */
function expire({ state, clock, event }: Planner): void {
  const nowUs = clock.nowUs();
  for (const target of state.targets.values()) {
    const ordered = [...state.orders.values()].some((order) => order.target === target.name);
    if (deadlineUs(target) > nowUs || ordered) continue;
    if (target.doneUs === undefined) event.TargetExpired({ target: target.name, failures: target.failures });
    state.targets.delete(target.name);
  }
}

function tellHold(self: Planner): void {
  const { state, event } = self;
  if (state.safe || !state.enabled) event.OrderingHeld({ reason: state.safe ? 'safe mode' : 'by command' });
  else event.OrderingResumed();
  replan(self);
}
