/**
 * A room of its own for Yamcs and a spacecraft: a process in its own network and process namespaces (Yamcs's
 * frame links listen on fixed ports of every interface). It keeps the wire between both ends, speaks HTTP to
 * Yamcs, and starts and stops them; whatever is in the room ends with it. Started by `roomDoor.ts`, which
 * sends it requests.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { openSync } from 'node:fs';

/** Where each end sends to, and where it listens. The wire is between. */
export const ports = {
  http: 8090,
  yamcsTm: 50_000,
  yamcsTc: 50_001,
  craftTm: 51_000,
  craftTc: 51_001,
} as const;

export type Way = 'up' | 'down';

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly type?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly body: Uint8Array;
}

/** What the room can be asked for. */
export interface Room {
  /** Starts a process under a name; its output goes to the end of a file. */
  start(name: string, command: readonly string[], log: string): void;
  /** Ends it (SIGINT or what is asked), and waits until it has; its exit code, or null by a signal. */
  stop(name: string, signal?: NodeJS.Signals): Promise<number | null>;
  http(request: HttpRequest): Promise<HttpReply>;
  /** The frames that went over the wire since the last call. */
  heard(way: Way): readonly Uint8Array[];
  /** Puts a frame on the wire that nobody sent. */
  inject(way: Way, frame: Uint8Array): void;
  /** While cut, frames are recorded and go no further. */
  cut(way: Way, isCut: boolean): void;
}

export interface RoomRequest {
  readonly id: number;
  readonly name: keyof Room;
  readonly args: readonly unknown[];
}

export interface RoomAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Wire {
  readonly socket: Socket;
  heard: Uint8Array[];
  isCut: boolean;
  readonly to: number;
}

const LOOPBACK = '127.0.0.1';

async function wire(from: number, to: number): Promise<Wire> {
  const socket = createSocket('udp4');
  const line: Wire = { socket, heard: [], isCut: false, to };
  socket.on('message', (frame) => {
    line.heard.push(frame);
    if (!line.isCut) socket.send(frame, to, LOOPBACK);
  });
  // Nobody listens at the far end: that is what a radio does not know.
  socket.on('error', () => undefined);
  await new Promise<void>((bound) => socket.bind(from, LOOPBACK, bound));
  return line;
}

async function openRoom(): Promise<Room> {
  const wires: Readonly<Record<Way, Wire>> = {
    down: await wire(ports.craftTm, ports.yamcsTm),
    up: await wire(ports.yamcsTc, ports.craftTc),
  };
  const running = new Map<string, ChildProcess>();
  return {
    start(name, [command, ...args], log) {
      const file = openSync(log, 'a');
      running.set(name, spawn(command, args, { stdio: ['ignore', file, file] }));
    },
    async stop(name, signal = 'SIGINT') {
      const child = running.get(name);
      if (child === undefined) return 0;
      running.delete(name);
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = new Promise<number | null>((done) => child.once('exit', done));
      child.kill(signal);
      return ended;
    },
    async http({ method, path, body, type = 'application/json' }) {
      const url = `http://${LOOPBACK}:${ports.http}${path}`;
      const headers = body === undefined ? undefined : { 'content-type': type };
      const reply = await fetch(url, {
        method,
        body: body as string | Uint8Array<ArrayBuffer> | undefined,
        headers,
      });
      return { status: reply.status, body: new Uint8Array(await reply.arrayBuffer()) };
    },
    heard(way) {
      const { heard } = wires[way];
      wires[way].heard = [];
      return heard;
    },
    inject: (way, frame) => wires[way].socket.send(frame, wires[way].to, LOOPBACK),
    cut(way, isCut) {
      wires[way].isCut = isCut;
    },
  };
}

if (require.main === module) {
  // Whoever opened the room is gone: with this process everything in the namespace ends.
  process.on('disconnect', () => process.exit(1));
  const opened = openRoom();
  process.on('message', async ({ id, name, args }: RoomRequest) => {
    const answer = (rest: Omit<RoomAnswer, 'id'>) => process.send?.({ id, ...rest });
    try {
      const room = await opened;
      const call = room[name] as (...all: readonly unknown[]) => unknown;
      answer({ value: await call(...args) });
    } catch (error) {
      answer({ error: String(error) });
    }
  });
}
