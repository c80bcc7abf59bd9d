/** OpenJPEG in WebAssembly (npm @cornerstonejs/codec-openjpeg, which has no types of its own), loaded by the first picture. */

export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  /** Samples of a pixel together, row by row. */
  readonly counts: Uint8Array | Uint16Array;
}

interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  delete(): void;
}

interface Library {
  J2KDecoder: new () => Decoder;
}

type Factory = (module: { print(text: string): void; printErr(text: string): void }) => Promise<Library>;

let library: Promise<Library> | undefined;

/**
 * Decodes a whole codestream. The caller has checked what its header declares: the library allocates it. Throws what the
 * library throws; its memory may be spoilt then, so that the next picture gets a new one.
 */
export async function decodeJpeg2000(codestream: Uint8Array): Promise<DecodedPicture> {
  library ??= load();
  const { J2KDecoder } = await library;
  const decoder = new J2KDecoder();
  try {
    decoder.getEncodedBuffer(codestream.length).set(codestream);
    decoder.decode();
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    // The view is of the library's own memory, which the next picture may move.
    const bytes = decoder.getDecodedBuffer().slice();
    const counts = bitsPerSample > 8 ? new Uint16Array(bytes.buffer) : bytes;
    decoder.delete();
    return { width, height, samples: componentCount, counts };
  } catch (error) {
    library = undefined;
    throw error instanceof Error ? error : new Error(`OpenJPEG failed (${String(error)})`);
  }
}

function load(): Promise<Library> {
  const factory = require('@cornerstonejs/codec-openjpeg/decodewasmjs') as Factory;
  const quiet = () => {};
  return factory({ print: quiet, printErr: quiet });
}
