/** How `fprime-gds` 4.4 is told what to do. */
import { join } from 'node:path';
import type { LinkSpec } from '../../fsw/links/linkSpec';

export interface GdsOptions {
  /** From the ground's side. */
  readonly link: LinkSpec;
  /** Port of the web page on 127.0.0.1; undefined: no page. */
  readonly guiPort?: number;
  /** Folder for logs and received files. */
  readonly store: string;
  /** Folder for the sockets between its own processes. */
  readonly sockets: string;
  readonly dictionary: string;
}

export function gdsArguments(options: GdsOptions): readonly string[] {
  const { store, sockets, dictionary, guiPort } = options;
  return [
    '-n',
    ...['--dictionary', dictionary],
    // Its defaults lie in /tmp and belong to the user: two GDS of one user would hear each other.
    ...['--zmq-transport', `ipc://${join(sockets, 'in.sock')}`, `ipc://${join(sockets, 'out.sock')}`],
    ...['--file-storage-directory', join(store, 'files')],
    ...['--logs', join(store, 'logs'), '--log-directly'],
    ...(guiPort === undefined
      ? ['--gui', 'none']
      : ['--gui', 'html', '--gui-addr', '127.0.0.1', '--gui-port', String(guiPort), '--skip-browser-open']),
    ...linkArguments(options.link),
  ];
}

/** The adapters that bind to the address told; the older `ip` also sends greetings between the frames. */
function linkArguments(link: LinkSpec): readonly string[] {
  const adapter = (name: string) => ['--communication-selection', name];
  switch (link.kind) {
    case 'tcp-server':
    case 'tcp-client':
      return [
        ...adapter(link.kind === 'tcp-server' ? 'tcp-fast-server' : 'tcp-fast-client'),
        ...['--tcp-fast-address', link.host, '--tcp-fast-port', String(link.port)],
      ];
    case 'udp':
      return [
        ...adapter('udp-fast'),
        ...['--udp-fast-address', link.host],
        ...['--udp-fast-send-port', String(link.txPort), '--udp-fast-recv-port', String(link.rxPort)],
      ];
    case 'serial':
      return [...adapter('uart'), '--uart-device', link.device, '--uart-baud', String(link.baud)];
  }
}
