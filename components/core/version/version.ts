import { component, defineComponent, ok, type SelfOf, string } from '../../../fsw/framework';

const versions = { version: string(20), dictionaryHash: string(16) };

const model = defineComponent({
  kind: 'passive',
  doc: 'Says which software flies and which dictionary it speaks.',
  commands: { VERSION: { id: 0, doc: 'Says it again.' } },
  events: {
    Booted: {
      id: 0,
      severity: 'activity-high',
      args: versions,
      format: 'booted version {version}, dictionary {dictionaryHash}',
      doc: 'The software has started; the ground refuses another dictionary than this one.',
    },
    VersionReported: {
      id: 1,
      severity: 'activity-high',
      args: versions,
      format: 'version {version}, dictionary {dictionaryHash}',
      doc: 'VERSION was done.',
    },
  },
  telemetry: {
    FrameworkVersion: { id: 0, type: string(20), doc: 'Version of the software.' },
    DictionaryHash: { id: 1, type: string(16), doc: 'Hash of the dictionary.' },
  },
  config: { version: { type: string(20), doc: 'Version of the software, as its package says.' } },
});

export const version = component(model, {
  commands: (self) => ({
    VERSION() {
      self.event.VersionReported(report(self));
      return ok;
    },
  }),
  start: (self) => self.event.Booted(report(self)),
});

function report({ config, dictionary, tlm }: SelfOf<typeof model>) {
  const versions = { version: config.version, dictionaryHash: dictionary.hash };
  tlm.FrameworkVersion(versions.version);
  tlm.DictionaryHash(versions.dictionaryHash);
  return versions;
}
