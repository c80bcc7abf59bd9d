/** The classes of the land-cover network, in its order: EuroSAT's, by the alphabet. */
export const LAND_COVER_CLASSES: readonly string[] = [
  'AnnualCrop',
  'Forest',
  'HerbaceousVegetation',
  'Highway',
  'Industrial',
  'Pasture',
  'PermanentCrop',
  'Residential',
  'River',
  'SeaLake',
];
