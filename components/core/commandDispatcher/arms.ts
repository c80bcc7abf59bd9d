import { crc32 } from 'node:zlib';

interface Arm {
  readonly untilUs: number;
  /** Of the only arguments that it lets through; any when undefined. */
  readonly argsCrc: number | undefined;
}

/** Which hazardous commands are armed, and for whom. An arm serves one command of the source that armed it. */
export class Arms {
  private readonly arms = new Map<string, Arm>();

  set(origin: string, opcode: number, arm: Arm): void {
    this.arms.set(keyOf(origin, opcode), arm);
  }

  /** False when there was none. */
  clear(origin: string, opcode: number): boolean {
    return this.arms.delete(keyOf(origin, opcode));
  }

  /** Why this command may not be done now; undefined when it is armed. An arm that is over is dropped. */
  objection(origin: string, opcode: number, args: Uint8Array, nowUs: number): string | undefined {
    const arm = this.arms.get(keyOf(origin, opcode));
    if (arm === undefined) return 'not armed';
    if (nowUs > arm.untilUs) {
      this.clear(origin, opcode);
      return 'its arm is over';
    }
    return arm.argsCrc === undefined || arm.argsCrc === crc32(args) ? undefined : 'armed for other arguments';
  }
}

function keyOf(origin: string, opcode: number): string {
  return `${origin}:${opcode}`;
}
