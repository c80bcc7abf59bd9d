/** Each bad input of the first flight: a coded error or event, a counter, and the flight goes on. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fail } from '../../fsw/errors';
import type { Board } from '../../fsw/framework/board';
import type { Component } from '../../fsw/framework/component';
import { deploy } from '../../fsw/framework/deployment';
import type { Topology } from '../../fsw/framework/topology';
import { topology as earthWatch } from '../../fsw/missions/earth-watch/topology';
import { crc16, writeTcFrame } from '../../fsw/protocols';
import { projectRoot } from '../../fsw/root';
import { rig } from './rig';

/** The mission with one instance changed. */
function withInstance(name: string, change: (instance: Topology['instances'][number]) => object): Topology {
  const instances = earthWatch.instances.map((instance) =>
    instance.name === name ? { ...instance, ...change(instance) } : instance,
  );
  return { ...earthWatch, instances };
}

/** A component whose handler `end` does something else the first `times` times. */
function ailing(component: Component, end: string, times: number, instead: () => unknown): Component {
  let left = times;
  return {
    model: component.model,
    code: {
      ...component.code,
      ports(self) {
        const handlers = component.code.ports?.(self) ?? {};
        return { ...handlers, [end]: (args, index) => (left-- > 0 ? instead() : handlers[end](args, index)) };
      },
    },
  };
}

function ailingPacker(times: number, instead: () => unknown): Topology {
  return withInstance('productPacker', ({ component }) => ({
    component: ailing(component, 'classified', times, instead),
  }));
}

/** Bare TC frames reach the router: what the security layer refuses is proved in its own room. */
const inClear = { linkSecurity: { mode: 'CLEAR' } };

describe('a bad uplink', () => {
  const data = Uint8Array.from([0x10, 0, 0xc0, 0, 0, 5, 0, 0, 0, 0, 4, 0]);
  const frame = (options?: { spacecraftId?: number }) => {
    const into = new Uint8Array(data.length + 7);
    writeTcFrame(into, 0, data, options);
    return into;
  };

  it('is refused, counted and reported, and the next good command is obeyed', async () => {
    const badCrc = frame();
    badCrc[badCrc.length - 1] ^= 1;
    const tooLong = frame();
    tooLong[2] |= 3;
    tooLong[3] = 0xff;
    const { fly, channel, events } = await rig({
      config: inClear,
      orbits: 0.03,
      prepare({ at, radiate, command }) {
        at(20, () => radiate(new TextEncoder().encode('sitting well')));
        at(22, () => radiate(badCrc));
        at(24, () => radiate(frame({ spacecraftId: 0x45 })));
        at(26, () => radiate(tooLong));
        at(30, () => command('commandDispatcher.CMD_NO_OP'));
      },
    });
    const { faults, commands } = await fly();
    expect(channel('tcDeframer.GarbageBytes')).toBeGreaterThan(12);
    expect(channel('tcDeframer.CrcErrors')).toBeGreaterThanOrEqual(1);
    expect(channel('tcDeframer.WrongSpacecraft')).toBe(1);
    const codes = events('FrameRefused').map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(['TC_CRC', 'TC_WRONG_SPACECRAFT']));
    expect(channel('commandDispatcher.CommandsDispatched')).toBe(1 + commands.sent);
    expect(faults).toEqual({});
    expect(crc16(frame(), 0, frame().length - 2)).toBe((frame().at(-2) ?? 0) * 256 + (frame().at(-1) ?? 0));
  });

  it('an unknown opcode and a bad argument are answered with an error that says which', async () => {
    const { fly, channel, events } = await rig({
      config: inClear,
      orbits: 0.03,
      prepare({ at, radiate, deployment }) {
        const command = (opcode: number, args: number[]) => {
          const packet = Uint8Array.from([
            0x10,
            0,
            0xc0,
            0,
            0,
            5 + args.length,
            0,
            0,
            0,
            0,
            opcode >> 8,
            opcode & 255,
            ...args,
          ]);
          const into = new Uint8Array(packet.length + 7);
          writeTcFrame(into, 0, packet);
          return into;
        };
        const periodSet = deployment.dictionary.commands.find(({ name }) =>
          name.endsWith('camera.PeriodS_PRM_SET'),
        );
        at(20, () => radiate(command(0x7777, [])));
        at(22, () => radiate(command(periodSet?.id ?? 0, [1, 2])));
        at(24, () => radiate(command(periodSet?.id ?? 0, [0xc2, 0xc8, 0, 0])));
      },
    });
    await fly();
    expect(events('InvalidCommand')).toHaveLength(1);
    const errors = events('OpCodeError');
    expect(errors.map(({ status }) => status)).toEqual(['FORMAT_ERROR', 'VALIDATION_ERROR']);
    expect(errors[1].reason).toContain('camera.PeriodS: -100 is outside 1..3600');
    expect(channel('commandDispatcher.CommandErrors')).toBeGreaterThanOrEqual(2);
  });
});

describe('a payload that fails', () => {
  it('an unreadable picture costs that frame and no other', async () => {
    let captures = 0;
    const flaky = (board: Board): Board => {
      const eye = board.imagers.wideField;
      const capture: typeof eye.capture = async (into) =>
        ++captures % 3 === 0
          ? fail('IMAGE_UNREADABLE', { file: 'frame.jpg', why: 'cut short' })
          : eye.capture(into);
      return { ...board, imagers: { wideField: { width: eye.width, height: eye.height, capture } } };
    };
    const { fly, events, channel } = await rig({ board: flaky });
    const { frames, detections } = await fly();
    expect(channel('camera.CaptureErrors')).toBe(Math.floor(captures / 3));
    expect(events('CaptureFailed').length).toBeGreaterThan(0);
    expect(frames.kept).toBeGreaterThan(10);
    expect(detections).toBeGreaterThan(0);
  });

  it('a model with one flipped bit is not flown: its frames fail, the rest of the software flies on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'perigee-models-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(join(projectRoot, 'fsw/missions/earth-watch/models'), folder, { recursive: true });
    const file = join(folder, 'surface-vit-int8.safetensors');
    const weights = readFileSync(file);
    weights[weights.length >> 1] ^= 1;
    writeFileSync(file, weights);
    const { fly, events, channel } = await rig({ orbits: 0.3, config: { modelStore: { folder } } });
    const { frames, detections, accuracy } = await fly();
    expect(events('ModelRejected').map(({ model }) => model)).toContain('surface-vit');
    expect(channel('modelStore.ModelsRejected')).toBeGreaterThan(0);
    expect(frames.kept).toBeGreaterThan(0);
    expect(accuracy.cloud).not.toBeNull();
    expect(detections).toBe(0);
  });
});

describe('a component that fails', () => {
  it('one that throws is restarted, reported and counted, and works again', async () => {
    const topology = ailingPacker(2, () => {
      throw new Error('a bit flipped');
    });
    const { fly, events, channel } = await rig({ topology });
    const { detections, faults } = await fly();
    expect(events('ComponentFault').map(({ reason, action }) => [reason, action])).toEqual([
      ['a bit flipped', 'restart'],
      ['a bit flipped', 'restart'],
    ]);
    expect(channel('productPacker.Faults')).toBe(2);
    expect(faults).toEqual({ productPacker: 2 });
    expect(detections).toBeGreaterThan(0);
  });

  it('one that goes on throwing is isolated, and the others fly on', async () => {
    const topology = ailingPacker(Number.POSITIVE_INFINITY, () => {
      throw new Error('broken for good');
    });
    const { fly, events } = await rig({ topology });
    const { detections, frames, commands } = await fly();
    expect(events('ComponentFault').at(-1)).toMatchObject({ action: 'isolate' });
    expect(detections).toBe(0);
    expect(frames.kept).toBeGreaterThan(15);
    expect(commands).toEqual({ sent: 5, completed: 5 });
  });

  it('one that never answers its ping is restarted by health, and works again', async () => {
    const topology = ailingPacker(1, () => new Promise(() => {}));
    const { fly, events, channel } = await rig({ topology });
    const { detections } = await fly();
    expect(events('PingLate').map(({ name }) => name)).toContain('productPacker');
    expect(events('PingFailed').map(({ name }) => name)).toContain('productPacker');
    expect(channel('health.Restarts')).toBe(1);
    expect(detections).toBeGreaterThan(0);
  });

  it('a queue that is too small loses messages, says so and counts them, and takes the next one', async () => {
    const topology = withInstance('commandDispatcher', () => ({ queueDepth: 2 }));
    const { fly, events, channel } = await rig({
      topology,
      orbits: 0.03,
      prepare({ at, command }) {
        at(20, () => {
          for (let i = 0; i < 6; i++) command('commandDispatcher.CMD_NO_OP');
        });
        at(30, () => command('commandDispatcher.CMD_NO_OP'));
      },
    });
    const { faults, commands } = await fly();
    expect(channel('commandDispatcher.QueueDrops')).toBe(4);
    expect(events('QueueOverflow').map(({ where }) => where)).toContain('commandDispatcher.commandIn');
    expect(channel('commandDispatcher.CommandsDispatched')).toBe(2 + 1 + commands.sent);
    expect(faults).toEqual({ commandDispatcher: 4 });
  });
});

describe('a wrong mission', () => {
  const board = { seed: 1, clock: { epochUs: 0, nowUs: () => 0 } } as unknown as Board;
  const faultsOf = (topology: Topology, config = {}) => {
    const deployed = deploy(topology, board, { config });
    return deployed.ok ? [] : deployed.faults.map(({ text }) => text);
  };

  it('a misspelt config key does not boot, and the nearest key is named', () => {
    const [text] = faultsOf(earthWatch, { camera: { PeroidS: 5 } });
    expect(text).toContain('camera: there is no config key PeroidS');
    expect(faultsOf(earthWatch, { camra: {} })[0]).toContain('did you mean camera?');
  });

  it('wrong wiring does not boot, and both ends are named', () => {
    const from = { direction: 'out', instance: 'camera', end: 'frameOut', index: 0, type: 'Frame' } as const;
    const to = { direction: 'in', instance: 'comQueue', end: 'grant', index: 0, type: 'LinkGrant' } as const;
    const rest = earthWatch.connections.filter(
      (connection) => connection.from.end !== 'frameOut' || connection.from.instance !== 'camera',
    );
    expect(faultsOf({ ...earthWatch, connections: [...rest, { from, to }] })).toContain(
      'camera.frameOut -> comQueue.grant: Frame cannot be connected to LinkGrant',
    );
  });
});
