import { defineComponent, input, output, string, U8, U16, U32 } from '../../../fsw/framework';
import { ModelFetch, ModelOffer, ModelVerdict, ScrubRegions } from '../ports';

const Model = string(40);
const Version = string(20);
const Code = string(32);
const Reason = string(160);

export const modelStoreModel = defineComponent({
  kind: 'passive',
  doc: 'Holds signed models in memory that corrects its upsets, verifies each before every load, and keeps two golden copies.',
  ports: {
    fetch: input.sync(ModelFetch),
    regions: input.sync(ScrubRegions),
    offer: output(ModelOffer, { optional: true }),
    verdict: input.sync(ModelVerdict),
  },
  commands: {
    VERIFY: { id: 0, args: { model: Model }, doc: 'Scrub and verify one model in memory now.' },
    RELOAD: { id: 1, args: { model: Model }, doc: 'Read one model from storage again and verify it.' },
    INSTALL: {
      id: 2,
      args: { path: string(200) },
      doc: 'Take a signed bundle from the file store: verified, newer than any before, two golden copies. It flies after PROMOTE.',
    },
    PROMOTE: {
      id: 3,
      args: { model: Model },
      doc: 'Offer the installed version to the runtime; it becomes the current one when its canary passes.',
    },
    ROLLBACK: {
      id: 4,
      args: { model: Model },
      doc: 'Offer the version before the current one to the runtime; the two change places when its canary passes.',
    },
    SHOW_SLOT: { id: 5, args: { slot: U8 }, doc: 'Say what a slot in memory holds.' },
  },
  events: {
    ModelRejected: {
      id: 0,
      severity: 'warning-high',
      args: { model: Model, code: Code, reason: Reason },
      format: '{model} is not fit to fly: {code}: {reason}',
      throttle: 20,
      doc: 'A model is missing, damaged or malformed, and was not handed out.',
    },
    ModelVerified: {
      id: 1,
      severity: 'activity-low',
      args: { model: Model, version: Version, bytes: U32 },
      format: '{model} {version} verified, {bytes} bytes of weights',
      doc: 'A model passed at boot or by command.',
    },
    PagesRepaired: {
      id: 2,
      severity: 'warning-low',
      args: { region: string(60), bits: U32, parityPages: U32, goldenPages: U32 },
      format: '{region}: {bits} bits corrected, {parityPages} pages by parity, {goldenPages} by golden copy',
      throttle: 20,
      doc: 'A scrub found upsets, and nothing of them is left.',
    },
    ReuplinkNeeded: {
      id: 3,
      severity: 'warning-high',
      args: { model: Model, serial: U32, reason: Reason },
      format: '{model} serial {serial} is beyond repair on board, uplink it again: {reason}',
      throttle: 10,
      doc: 'Nothing on board can heal a model: memory, parity and both golden copies have lost the same pages.',
    },
    FellBack: {
      id: 4,
      severity: 'warning-high',
      args: { model: Model, wanted: U32, serial: U32 },
      format: '{model} serial {wanted} cannot be had, serial {serial} is flown',
      throttle: 10,
      doc: 'The current version is damaged everywhere; an older signed one is handed out.',
    },
    ModelInstalled: {
      id: 5,
      severity: 'activity-high',
      args: { model: Model, version: Version, serial: U32 },
      format: '{model} {version} (serial {serial}) is installed and waits for PROMOTE',
      doc: 'A bundle was verified and has its golden copies.',
    },
    InstallRefused: {
      id: 6,
      severity: 'warning-high',
      args: { path: string(200), code: Code, reason: Reason },
      format: '{path} was not installed: {code}: {reason}',
      throttle: 20,
      doc: 'A bundle is not what it must be, or there was no room for it; what flies is as before.',
    },
    ModelPromoted: {
      id: 7,
      severity: 'activity-high',
      args: { model: Model, version: Version, serial: U32 },
      format: '{model} {version} (serial {serial}) is the current version',
      doc: 'By PROMOTE or ROLLBACK, after the runtime found it fit; or at boot, from the mission itself.',
    },
    PromotionRefused: {
      id: 8,
      severity: 'warning-high',
      args: { model: Model, serial: U32, reason: Reason },
      format: '{model} serial {serial} does not take over: {reason}',
      throttle: 20,
      doc: 'The runtime keeps the version that it had.',
    },
    GoldenFailed: {
      id: 9,
      severity: 'warning-high',
      args: { region: string(60), code: Code, reason: Reason },
      format: 'golden copy {region}: {code}: {reason}',
      throttle: 20,
      doc: 'A golden copy could not be read or written.',
    },
    LedgerFault: {
      id: 10,
      severity: 'warning-high',
      args: { code: Code, reason: Reason },
      format: 'ledger of models: {code}: {reason}',
      throttle: 10,
      doc: 'A copy of the ledger was damaged or could not be written; the other copy, or what the golden copies say, counts.',
    },
    SlotHolds: {
      id: 11,
      severity: 'activity-low',
      args: { slot: U8, model: Model, serial: U32, pages: U32, parityPages: U32 },
      format: 'slot {slot}: {model} serial {serial}, {pages} pages and {parityPages} of parity',
      doc: 'Answer to SHOW_SLOT; an empty slot has no model.',
    },
  },
  telemetry: {
    ModelsGood: { id: 0, type: U16, update: 'on-change', doc: 'Models that passed when last verified.' },
    ModelsRejected: {
      id: 1,
      type: U32,
      update: 'on-change',
      limits: { high: { yellow: 0 } },
      doc: 'Verifications that failed since boot.',
    },
    BitsCorrected: { id: 2, type: U32, update: 'on-change', doc: 'Upsets put right by SECDED since boot.' },
    PagesByParity: { id: 3, type: U32, update: 'on-change', doc: 'Pages rebuilt from parity since boot.' },
    PagesByGolden: {
      id: 4,
      type: U32,
      update: 'on-change',
      doc: 'Pages taken from a golden copy, or put right in one, since boot.',
    },
    PagesLost: {
      id: 5,
      type: U32,
      update: 'on-change',
      limits: { high: { red: 0 } },
      doc: 'Times that a page was found beyond repair since boot.',
    },
    GoldenGood: {
      id: 6,
      type: U16,
      update: 'on-change',
      doc: 'Golden copies that were whole when last looked at.',
    },
    SlotsUsed: {
      id: 7,
      type: U8,
      update: 'on-change',
      doc: 'Slots in memory that hold a version of a model.',
    },
  },
  config: {
    folder: {
      type: string(200),
      default: 'models',
      doc: 'Folder of the mission with signed manifests, the files that they name, and `keys`, whose owners may sign.',
    },
    storeFolder: {
      type: string(60),
      default: 'model-store',
      doc: 'Where golden copies and the ledger are, in the file store of the board.',
    },
    keyFile: {
      type: string(60),
      default: 'model-keys.pem',
      doc: 'More public keys, in the storage of the board.',
    },
    slots: { type: U8, default: 8, min: 2, doc: 'Versions that memory may hold at once.' },
    pagesPerParity: { type: U8, default: 8, min: 1, doc: 'One page of parity for so many of data, about.' },
    parityPerGroup: {
      type: U8,
      default: 8,
      min: 1,
      doc: 'Pages of parity of a group: so many of its pages may be lost at once.',
    },
    verdictUs: {
      type: U32,
      default: 120_000_000,
      min: 1,
      unit: 'us',
      doc: 'How long the runtime may take to load and prove a version.',
    },
  },
});
