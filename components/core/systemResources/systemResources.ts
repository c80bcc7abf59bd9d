import { bool, component, defineComponent, F32, input, ok, Sched, U32 } from '../../../fsw/framework';

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
      CorrectedMemoryErrors: {
        id: 3,
        type: U32,
        update: 'on-change',
        limits: { high: { yellow: 0 } },
        doc: "Errors that the memory's own ECC corrected since the computer started; none is sent where nothing counts.",
      },
      UncorrectedMemoryErrors: {
        id: 4,
        type: U32,
        update: 'on-change',
        limits: { high: { red: 0 } },
        doc: 'Errors that it found and could not correct.',
      },
      EdacPresent: {
        id: 5,
        type: bool,
        update: 'on-change',
        doc: 'Whether this computer counts memory errors (EDAC).',
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
        const errors = board.host.memoryErrors?.();
        tlm.EdacPresent(errors !== undefined);
        if (errors === undefined) return;
        tlm.CorrectedMemoryErrors(errors.corrected);
        tlm.UncorrectedMemoryErrors(errors.uncorrected);
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
