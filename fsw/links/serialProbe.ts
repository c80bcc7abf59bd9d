/** For tests: sends bytes both ways over a pair of pseudo-terminals and prints what arrived, as JSON. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { WallClock } from '../framework/wallClock';
import { type Link, openLink } from '.';

/** Makes the pair, writes its names, and carries bytes between them until its input ends. */
const ptyPair = `
import os, pty, select, sys, tty
a, x = pty.openpty(); b, y = pty.openpty()
tty.setraw(x); tty.setraw(y)
os.write(1, (os.ttyname(x) + ' ' + os.ttyname(y)).encode())
while True:
    ready, _, _ = select.select([a, b, 0], [], [])
    if 0 in ready: break
    for end in ready: os.write(b if end == a else a, os.read(end, 4096))
`;

const clock = new WallClock();

async function serial(device: string): Promise<{ link: Link; heard: number[] }> {
  const opened = await openLink({ kind: 'serial', device, baud: 115_200 }, clock);
  if (!opened.ok) throw new Error(opened.error.text);
  const heard: number[] = [];
  opened.value.onReceive((bytes) => heard.push(...bytes));
  return { link: opened.value, heard };
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((turn) => setTimeout(turn, 5));
}

async function main(): Promise<void> {
  const wire = spawn('python3', ['-c', ptyPair], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [names] = (await once(wire.stdout, 'data')) as [Buffer];
  const [near, far] = String(names).split(' ');
  const craft = await serial(near);
  const ground = await serial(far);
  const none = await serial('/dev/there-is-none');
  const isUp = ({ link }: { link: Link }) => link.connectedSinceUs !== undefined;
  await until(() => isUp(craft) && isUp(ground) && none.link.lastFailure !== undefined);
  craft.link.send(Uint8Array.from({ length: 1024 }, (_, i) => i));
  ground.link.send(Uint8Array.of(0, 3, 17, 19, 255));
  await until(() => ground.heard.length >= 1024 && craft.heard.length >= 5);
  let missing = '';
  try {
    none.link.send(Uint8Array.of(1));
  } catch (error) {
    missing = String(error);
  }
  for (const { link } of [craft, ground, none]) await link.close();
  wire.stdin.end();
  console.log(JSON.stringify({ down: ground.heard, up: craft.heard, missing }));
}

void main();
