/** The far side of an engine in a process of its own: answers one request after the other, in the order in which they came. */
import type { Result } from '../errors';
import type { Numbered, Reply } from './engineProcess';

export function serveRequests<R, A>(handle: (request: R) => Promise<Result<A>>): void {
  // The terminal's Ctrl-C is for the flight software, which then closes this process.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit());
  let last: Promise<void> = Promise.resolve();
  process.on('message', ({ id, request }: Numbered<R>) => {
    last = last.then(async () => {
      const reply: Reply<A> = { id, result: await handle(request) };
      process.send?.(reply);
    });
  });
}
