import { bool, component, defineComponent, F32, input, ok, Sched } from '../../../fsw/framework';

export const systemResources = component(
  defineComponent({
    kind: 'passive',
    doc: 'Reports what the host computer uses and has left.',
    ports: { schedIn: input.sync(Sched) },
    commands: { ENABLE: { id: 0, args: { enabled: bool }, doc: 'Turns the reports on or off.' } },
    telemetry: {
      CpuPercent: {
        id: 0,
        type: F32,
        update: 'on-change',
        unit: '%',
        limits: { high: { yellow: 80, red: 95 } },
        doc: 'Load of all cores together.',
      },
      MemoryMiB: { id: 1, type: F32, update: 'on-change', unit: 'MiB', doc: 'Memory in use.' },
      StorageFreeMiB: {
        id: 2,
        type: F32,
        update: 'on-change',
        unit: 'MiB',
        limits: { low: { yellow: 1024, red: 256 } },
        doc: 'Free storage.',
      },
    },
  }),
  {
    state: () => ({ enabled: true }),
    ports: ({ state, tlm, board }) => ({
      schedIn() {
        if (!state.enabled) return;
        const { cpuPercent, memoryMiB, storageFreeMiB } = board.host.sample();
        tlm.CpuPercent(cpuPercent);
        tlm.MemoryMiB(memoryMiB);
        tlm.StorageFreeMiB(storageFreeMiB);
      },
    }),
    commands: ({ state }) => ({
      ENABLE({ enabled }) {
        state.enabled = enabled;
        return ok;
      },
    }),
  },
);
