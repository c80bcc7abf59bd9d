/** Strips at a stage that asks a network about them: worked on one by one, sent on in the order in which they came. */
import {
  type Arguments,
  type Clock,
  type Random,
  type Timer,
  U8,
  U32,
  type Value,
} from '../../fsw/framework';
import type { InferRequest, InferResult } from '../payload/ports';
import type { BandStack, CaptureEnd, StripInfo } from './ports';

/** What a mission sets of a stage that asks: part of its model's config. */
export const askingConfig = {
  maxWaiting: {
    type: U8,
    default: 8,
    min: 2,
    doc: 'The most strips held; when one more comes, the oldest goes on without its answer.',
  },
  answerTimeoutUs: {
    type: U32,
    default: 60_000_000,
    min: 1,
    unit: 'us',
    doc: 'A strip goes on without an answer that is not there by then.',
  },
} as const;

export interface Held {
  readonly info: Value<typeof StripInfo>;
  readonly stack: BandStack;
}
export type EndOfCapture = Arguments<typeof CaptureEnd>;
type Answer = Arguments<typeof InferResult>;

/** What a stage does with a strip `S`: `J` is the work in hand, `R` what comes out of it. */
export interface Stage<S extends Held, J, R> {
  /** `next` is the strip behind it, where there is one of the same capture. */
  begin(strip: S, next: S | undefined): J;
  /** The next question about a strip, its input written by `room`; undefined when all was asked. */
  ask(
    job: J,
    room: (floats: number) => Float32Array,
  ): { readonly count: number; readonly input: Float32Array } | undefined;
  /** Takes the answer in; false when it has another shape or is not finite. */
  absorb(job: J, outputs: Answer['outputs']): boolean;
  /** What is known in the end; `failure` says why a question was not answered. */
  conclude(strip: S, job: J, failure: string | undefined): R;
  /** Hands the strip on; it is no longer ours. */
  send(strip: S, result: R): void;
  end(capture: EndOfCapture): void;
  /** The answer is beyond doubt, an earlier one was not. */
  redone(strip: S): void;
}

/** How a stage asks: `ask` sends the question, `overdue` is called each time an answer is late. */
export interface Asking {
  readonly clock: Clock;
  ask(ticket: number, count: number, input: Float32Array): void;
  overdue(ticket: number): void;
}

/** What every component that is such a stage has: the question's way out, the answer's way in, the network's name. */
interface StageSelf {
  readonly clock: Clock;
  readonly config: { readonly model: string };
  readonly out: {
    infer(question: Arguments<typeof InferRequest>): void;
    captureEndOut(capture: EndOfCapture): void;
  };
  readonly in: { inferred(answer: Answer): void };
  readonly event: { StripRedone(of: { readonly capture: number; readonly strip: number }): void };
  readonly tlm: { StripsHeld(strips: number): void };
}

/**
 * Sets the component's part of a stage on its line, and returns its handlers: `strip` for the port that each names after what
 * it takes, the others as they are. Asks the runtime about the component's model; a late answer comes as one of status DEADLINE.
 */
export function stageOn<S extends Held, J, R>(
  line: StripLine<S, J, R>,
  { clock, config, out, in: inlets, event, tlm }: StageSelf,
  own: Omit<Stage<S, J, R>, 'end' | 'redone'>,
) {
  line.serve(
    {
      ...own,
      end: (capture) => out.captureEndOut(capture),
      redone: ({ info: { capture, strip } }) => event.StripRedone({ capture, strip }),
    },
    {
      clock,
      ask: (ticket, count, input) => out.infer({ ticket, model: config.model, count, input }),
      overdue: (ticket) => inlets.inferred({ ticket, status: 'DEADLINE', redone: false, outputs: {} }),
    },
  );
  return {
    strip(strip: S): void {
      line.strip(strip);
      tlm.StripsHeld(line.waiting);
    },
    captureEndIn: (end: EndOfCapture): void => line.end(end),
    inferred(answer: Answer): void {
      line.answer(answer);
      tlm.StripsHeld(line.waiting);
    },
  };
}

type Item<S> = { readonly strip: S } | { readonly end: EndOfCapture };

export interface LineOptions {
  readonly maxWaiting: number;
  readonly answerTimeoutUs: number;
  /** Begin a strip only when its follower or the capture's end is there. */
  readonly lookAhead?: boolean;
}

export class StripLine<S extends Held, J, R> {
  private readonly options: LineOptions;
  private readonly items: Item<S>[] = [];
  private job: { readonly of: J } | undefined;
  private question: { readonly ticket: number; timer: Timer } | undefined;
  /** Random at first, so that an answer to a question of an earlier life finds none here. */
  private ticket: number;
  private input = new Float32Array(0);
  private stage: Stage<S, J, R> | undefined;
  private asking: Asking | undefined;

  constructor(options: LineOptions, random: Random) {
    this.options = options;
    this.ticket = random.integer(2 ** 32);
  }

  /** Strips held, the one in work included. */
  get waiting(): number {
    return this.items.length;
  }

  /** Says what is done with strips and how to ask: once, before the first one comes. */
  serve(stage: Stage<S, J, R>, asking: Asking): void {
    this.stage = stage;
    this.asking = asking;
  }

  strip(strip: S): void {
    this.push({ strip });
  }

  end(end: EndOfCapture): void {
    this.push({ end });
  }

  answer({ ticket, status, redone, outputs }: Answer): void {
    const [head] = this.items;
    if (this.question?.ticket !== ticket || this.job === undefined || this.stage === undefined) return;
    if (head === undefined || !('strip' in head)) return;
    this.question.timer.cancel();
    this.question = undefined;
    if (redone) this.stage.redone(head.strip);
    if (status !== 'OK') this.finish(head.strip, `inference answered ${status}`);
    else if (!this.stage.absorb(this.job.of, outputs))
      this.finish(head.strip, 'the answer has another shape');
    this.work();
  }

  /** Releases all that is held. */
  clear(): void {
    this.question?.timer.cancel();
    this.question = undefined;
    this.job = undefined;
    for (const item of this.items.splice(0)) if ('strip' in item) item.strip.stack.release();
  }

  private push(item: Item<S>): void {
    this.items.push(item);
    while (this.items.length > this.options.maxWaiting) {
      const [head] = this.items;
      if ('strip' in head) this.finish(head.strip, 'too many strips wait');
      else this.passEnd();
    }
    this.work();
  }

  /** Goes as far as it can without an answer. */
  private work(): void {
    while (this.question === undefined && this.items.length > 0) {
      const [head, follower] = this.items;
      if (!('strip' in head)) {
        this.passEnd();
        continue;
      }
      if (this.job === undefined && this.options.lookAhead && follower === undefined) return;
      if (this.askNext(head.strip)) return;
      this.finish(head.strip, undefined);
    }
  }

  private askNext(strip: S): boolean {
    const { stage, asking } = this;
    if (stage === undefined || asking === undefined) return false;
    const asked = stage.ask(this.begun(strip, stage).of, (floats) => this.room(floats));
    if (asked === undefined) return false;
    const ticket = this.ticket;
    this.ticket = (ticket + 1) >>> 0;
    // Each time anew, for its message may find a full queue.
    const arm = (): Timer =>
      asking.clock.after(this.options.answerTimeoutUs, () => {
        question.timer = arm();
        asking.overdue(ticket);
      });
    const question = { ticket, timer: arm() };
    this.question = question;
    asking.ask(ticket, asked.count, asked.input);
    return true;
  }

  private begun(strip: S, stage: Stage<S, J, R>): { readonly of: J } {
    if (this.job !== undefined) return this.job;
    const follower = this.items[1];
    const next = follower !== undefined && 'strip' in follower ? follower.strip : undefined;
    this.job = { of: stage.begin(strip, next?.info.capture === strip.info.capture ? next : undefined) };
    return this.job;
  }

  private finish(strip: S, failure: string | undefined): void {
    const { stage } = this;
    if (stage === undefined) return;
    const { of: job } = this.begun(strip, stage);
    if (failure !== undefined) this.abandon();
    const result = stage.conclude(strip, job, failure);
    this.job = undefined;
    this.items.shift();
    stage.send(strip, result);
  }

  private passEnd(): void {
    const head = this.items.shift();
    if (head !== undefined && 'end' in head) this.stage?.end(head.end);
  }

  /** Whoever was asked may still read the input: it is left to it. */
  private abandon(): void {
    this.question?.timer.cancel();
    this.question = undefined;
    this.input = new Float32Array(0);
  }

  private room(floats: number): Float32Array {
    if (this.input.length < floats) this.input = new Float32Array(floats);
    return this.input.subarray(0, floats);
  }
}
