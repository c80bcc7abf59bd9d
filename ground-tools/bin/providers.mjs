/**
 * Prints, as JSON, each execution provider that onnxruntime names and whether a model really loads on it. A
 * process of its own, because a missing library makes onnxruntime write to stderr past any log setting.
 */
import { InferenceSession, listSupportedBackends } from 'onnxruntime-node';

/** An ONNX graph of one Identity node, y = x: the least that a provider must load to be called working. */
const identity = Buffer.from(
  '08083a370a100a017812017922084964656e746974791201695a0f0a0178120a0a08080112040a020801' +
    '620f0a0179120a0a08080112040a02080142040a00100d',
  'hex',
);

/** One provider at a time: asked for a list, onnxruntime throws when the first is missing. */
async function loads(name) {
  try {
    const session = await InferenceSession.create(identity, { executionProviders: [name] });
    await session.release();
    return true;
  } catch {
    return false;
  }
}

const found = [];
for (const { name } of listSupportedBackends()) found.push({ name, works: await loads(name) });
console.log(JSON.stringify(found));
