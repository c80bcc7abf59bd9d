import type { Inlet } from './inlets';

type SyncCall = (args: unknown) => unknown;

/**
 * The function behind a synchronous connection: the handler, inside the receiver's edge.
 *
 * It is compiled anew for each connection. V8 keeps call feedback per function text: one shared text would
 * see every handler of the mission and be called through a table (measured 4.6 ns a call, bench "synchronous
 * port call"), a text of its own sees one, and the whole chain is inlined into the sender's loop.
 * Everything out of the ordinary (a promise, a throw) goes back to the inlet's plain code.
 */
export function directCall(inlet: Inlet, index: number): SyncCall {
  const make = new Function(
    'inlet',
    `return (args) => {
      let returned;
      try { returned = inlet.handler(args, ${index}); } catch (error) { return inlet.failed(error); }
      return returned !== undefined && returned instanceof Promise ? inlet.promised(returned) : returned;
    };`,
  ) as (inlet: Inlet) => SyncCall;
  return make(inlet);
}
