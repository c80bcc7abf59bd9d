import type { ImageAddon } from '../../image/addon';
import { cloudIndex, normalisedDifference } from './bands';
import { debayer } from './debayer';
import { meanLevels, preprocess } from './preprocess';

export const referenceImage: ImageAddon = {
  preprocess,
  meanLevels,
  normalisedDifferenceU8: normalisedDifference,
  normalisedDifferenceU16: normalisedDifference,
  normalisedDifferenceF32: normalisedDifference,
  cloudIndexU8: cloudIndex,
  cloudIndexU16: cloudIndex,
  cloudIndexF32: cloudIndex,
  debayerU8: debayer,
  debayerU16: debayer,
};
