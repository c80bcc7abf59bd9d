/** The far side of the training engine: a process that loads and runs training graphs when told over IPC. */
import { type Result, succeed } from '../../errors';
import { serveRequests } from '../../runtimes/serveRequests';
import type { Answers, Request } from './ownProcess';
import { sameProcessEngine } from './sameProcess';

const engine = sameProcessEngine();

serveRequests(async (request: Request): Promise<Result<Answers[keyof Answers]>> => {
  if (request.kind === 'load')
    return engine.load(request.session, request.graph, request.weights, request.providers);
  if (request.kind === 'run') return engine.run(request.session, request.inputs);
  if (request.kind === 'plan') return engine.plan(request.model, request.choice);
  if (request.kind === 'merge') return engine.merge(request.model, request.choice, request.learned);
  const released = await engine.release(request.session);
  return released.ok ? succeed(undefined) : released;
});
