/** A radio that sends coded: for modems that take bytes as they are. */
import type { Result } from '../errors';
import type { Radio } from '../framework/board';

/** Each frame goes out as its codeblock behind a sync marker; what comes up is passed as it is. */
export function codedRadio(radio: Radio, encode: (frame: Uint8Array) => Result<Uint8Array>): Radio {
  return {
    send(frame) {
      const coded = encode(frame);
      if (!coded.ok) throw new Error(coded.error.text);
      radio.send(coded.value);
    },
    onReceive: (receiver) => radio.onReceive(receiver),
  };
}
