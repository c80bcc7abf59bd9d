/** The ways through the house (DESIGN, §2): who may import whom. `npm run layers` checks them. */
const test = '[.]test[.]ts$';
const ours = '^(fsw|components|ground-tools|hwtests|native)/';
const errors = '^fsw/(errors|protocolErrors)[.]ts$';
const framework = '^fsw/framework/';
const protocols = '^fsw/protocols/';
const links = '^fsw/links/';
const sequences = '^fsw/sequences/';
const cfdpEngine = '^fsw/cfdp/';
const imagery = '^fsw/imagery/';
const modelFiles = '^fsw/models/';
const products = '^fsw/products/';
const learning = '^fsw/learning/';
const runtimes = '^fsw/runtimes/';
const federation = '^fsw/federation/';
const native = '^native/';
/** What stands below all rooms: where the project is, and files written whole. */
const projectRoot = '^fsw/(root|wholeFile)[.]ts$';

/** Of our own files, `from` may import nothing but `allowed`. */
function only(name, comment, from, allowed) {
  return { name, comment, severity: 'error', from, to: { path: ours, pathNot: allowed } };
}

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Files do not import each other in a circle; types may.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('errors-stand-alone', 'The table of errors is under everything.', { path: errors }, [errors]),
    only(
      'protocols-are-below',
      'Codecs import each other and the errors, of the framework its types at most.',
      { path: protocols },
      [protocols, errors, framework],
    ),
    {
      name: 'protocols-take-types-only',
      comment: 'Codecs may use a type of the framework, none of its code.',
      severity: 'error',
      from: { path: protocols },
      to: { path: framework, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'protocols-are-pure',
      comment: 'Codecs do no input or output: flight and ground share them.',
      severity: 'error',
      from: { path: protocols, pathNot: test },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'only-security-takes-crypto',
      comment: 'Of the codecs, only the security layer needs ciphers and hashes (they are pure too).',
      severity: 'error',
      from: { path: protocols, pathNot: [test, '^fsw/protocols/sdls/'] },
      to: { path: '^(node:)?crypto$' },
    },
    only(
      'native-is-below',
      "The kernels and their loader know the errors and where the project is; the protocols' CRC-16 is the reference of the native one.",
      { path: native },
      [native, errors, projectRoot, '^fsw/protocols/crc16[.]ts$'],
    ),
    only(
      'model-files-are-below',
      'What a model file is, flight and ground share: codecs and hashes, no component.',
      { path: modelFiles },
      [modelFiles, native, framework, errors, '^fsw/products/varints[.]ts$'],
    ),
    only(
      'imagery-is-below',
      'Pictures of the ground stand on the framework and know no component: flight, rig and ground tools share them.',
      { path: imagery },
      [imagery, framework, errors, projectRoot],
    ),
    only(
      'products-are-below',
      'What the products of scenes are made of, flight and ground share.',
      { path: products },
      [products, framework, protocols, errors],
    ),
    only(
      'runtimes-are-below',
      'What the engines of several rooms share: processes, sessions, deadlines, and nothing of what they compute.',
      { path: runtimes },
      [runtimes, framework, errors],
    ),
    only(
      'learning-is-below',
      'Training and labels are made from models, training runs in a runtime: no component.',
      { path: learning, pathNot: [test, '^fsw/learning/test[A-Z]'] },
      [learning, modelFiles, runtimes, framework, errors],
    ),
    {
      name: 'training-graphs-are-pure',
      comment: 'Only the engines of training know a runtime; graphs, plans and sessions are computed.',
      severity: 'error',
      from: { path: learning, pathNot: [test, '^fsw/learning/(engines/|testGraphs[.]ts$)'] },
      to: { path: runtimes, dependencyTypesNot: ['type-only'] },
    },
    only(
      'federation-is-below',
      'Messages, means and refusals of a federation, flight and ground share: no component, no link.',
      { path: federation },
      [federation, learning, modelFiles, framework, errors],
    ),
    only('framework-is-below', 'The framework knows no component, mission or tool.', { path: framework }, [
      framework,
      protocols,
      errors,
    ]),
    only(
      'links-carry-bytes',
      'Transports know time and errors, and nothing of what they carry.',
      { path: links },
      [links, framework, errors],
    ),
    only(
      'sequences-are-below',
      'What ground compiler and sequencer share stands on the framework.',
      { path: sequences },
      [sequences, framework, errors],
    ),
    only(
      'cfdp-is-below',
      'The CFDP engine is shared by flight and ground: it stands on the codecs and the framework.',
      { path: cfdpEngine },
      [cfdpEngine, framework, protocols, errors],
    ),
    only(
      'components-meet-through-ports',
      'A component imports the framework, the protocols, native, its own folder and what its room shares, never another component.',
      { path: '^components/([^/]+)/([^/]+)/' },
      [
        framework,
        protocols,
        errors,
        cfdpEngine,
        sequences,
        modelFiles,
        products,
        learning,
        runtimes,
        federation,
        native,
        '^components/$1/$2/',
        '^components/$1/[^/]+[.]ts$',
        '^components/[^/]+/ports[.]ts$',
        // How Inference is asked belongs to its ports.
        '^components/payload/questions[.]ts$',
      ],
    ),
    only(
      'rooms-of-components',
      'Files that a room shares (its ports, a board) know no component of another room.',
      { path: '^components/([^/]+)/[^/]+[.]ts$' },
      [
        framework,
        protocols,
        errors,
        links,
        modelFiles,
        federation,
        imagery,
        learning,
        projectRoot,
        native,
        '^components/$1/',
        '^components/[^/]+/ports[.]ts$',
        '^fsw/flight[.]ts$',
      ],
    ),
    only(
      'missions-wire-components',
      'A mission imports components and what they are made of.',
      { path: '^fsw/missions/' },
      ['^fsw/missions/', '^components/', framework, protocols, errors, modelFiles, native, projectRoot],
    ),
    only(
      'ground-is-not-flight',
      'Ground tools share the framework, protocols and errors with flight, and the launcher only as a process: its types at most.',
      { path: '^ground-tools/' },
      [
        '^ground-tools/',
        framework,
        protocols,
        links,
        errors,
        cfdpEngine,
        sequences,
        modelFiles,
        federation,
        imagery,
        products,
        learning,
        native,
        projectRoot,
        // The host's file store: CFDP needs the same one on the ground.
        '^components/platform/fileStore[.]ts$',
        '^fsw/(launch|flight)[.]ts$',
      ],
    ),
    {
      name: 'ground-launches-by-process',
      comment: 'perigee starts the launcher as a process of its own; it may know the types of its messages.',
      severity: 'error',
      from: { path: '^ground-tools/' },
      to: { path: '^fsw/(launch|flight)[.]ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-needs-the-rig',
      comment: 'Nothing imports hwtests; the launcher takes a simulated board by name, at run time.',
      severity: 'error',
      from: { pathNot: '^hwtests/' },
      to: { path: '^hwtests/' },
    },
    {
      name: 'tests-are-leaves',
      comment: 'Nothing imports a test.',
      severity: 'error',
      from: {},
      to: { path: test },
    },
    {
      name: 'flight-takes-no-development-package',
      comment: 'What flies needs only `dependencies`.',
      severity: 'error',
      from: { path: '^(fsw|components|ground-tools)/', pathNot: test },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'imports-exist',
      comment: 'Every import leads to a file.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|out|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
