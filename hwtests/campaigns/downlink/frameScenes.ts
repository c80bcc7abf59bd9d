/**
 * Hands the frames of the wide-field camera to `sceneProducts` as if each were a capture of one strip, so that the
 * reference flight has pictures by the hundred to choose from. Rig only: it stands between camera and tiler, and between
 * classifier and packer, and changes nothing of what they say to each other.
 */

import { AnalysedStrip, type BandStack, CaptureEnd, type CloudMask } from '../../../components/imaging/ports';
import { Classified, Frame, type FrameInfo } from '../../../components/payload/ports';
import { bool, component, defineComponent, F32, input, output, type Value } from '../../../fsw/framework';

type Info = Value<typeof FrameInfo>;

export const frameScenes = component(
  defineComponent({
    kind: 'active',
    doc: 'Makes a capture of each frame that was kept, or of every frame.',
    ports: {
      frameIn: input.sync(Frame),
      frameOut: output(Frame),
      classifiedIn: input.sync(Classified),
      classifiedOut: output(Classified),
      analysedOut: output(AnalysedStrip),
      captureEndOut: output(CaptureEnd),
    },
    config: {
      everything: {
        type: bool,
        default: false,
        doc: 'Every frame as it was taken, not those that were kept.',
      },
      cloudThreshold: { type: F32, default: 0.5, doc: 'A tile is clouded from this cloud fraction on.' },
    },
  }),
  {
    state: () => ({ waiting: new Map<number, BandStack>() }),
    ports: ({ state, out, config }) => {
      const send = (info: Info, stack: BandStack, mask: CloudMask) => {
        const { id: capture, width, height, time, latDeg, lonDeg, headingDeg, gsdM } = info;
        const place = { latDeg, lonDeg, headingDeg, gsdM };
        const strip = { capture, target: '', strip: 0, firstLine: 0, time, width, height, ...place };
        out.analysedOut({ info: strip, stack, mask, map: undefined, vessels: [] });
        out.captureEndOut({ capture, target: '', strips: 1, height });
      };
      return {
        frameIn({ info, pixels }) {
          const stack = stackOf(pixels.bytes);
          if (config.everything) send(info, stack, NO_MASK);
          else {
            // The screener answers in order: what is older than the newest few was discarded.
            state.waiting.set(info.id, stack);
            for (const id of state.waiting.keys()) if (state.waiting.size > 8) state.waiting.delete(id);
          }
          out.frameOut({ info, pixels });
        },
        classifiedIn({ info, findings }) {
          const stack = state.waiting.get(info.id);
          state.waiting.delete(info.id);
          const { columns, rows, tilePx, cloudFraction } = findings;
          const clouded = cloudFraction.filter((share) => share >= config.cloudThreshold).length;
          const fraction = clouded / cloudFraction.length;
          if (stack !== undefined)
            send(info, stack, {
              scale: tilePx,
              width: columns,
              height: rows,
              cloud: cloudFraction,
              fraction,
            });
          out.classifiedOut({ info, findings });
        },
      };
    },
  },
);

const NO_MASK: CloudMask = { scale: 1, width: 0, height: 0, cloud: new Float32Array(0), fraction: 0 };

/** 8-bit colours as counts; 255 is a reflectance of 1. */
function stackOf(rgb: Uint8Array): BandStack {
  const planes = [0, 1, 2].map((colour) =>
    Uint16Array.from({ length: rgb.length / 3 }, (_, i) => rgb[3 * i + colour]),
  );
  const bands = ['red', 'green', 'blue'].map((name) => ({ name, scale: 1, gain: 1 / 255, offset: 0 }));
  return { bands, planes, release: () => {} };
}
