/** Questions to Inference whose answers are still out: few at a time, and none for ever. */
import { type Clock, type Random, type Timer, U8, U32 } from '../../fsw/framework';

/** What a mission sets of a component that asks: part of its model's config. */
export const questionConfig = {
  maxWaiting: { type: U8, default: 4, min: 1, doc: 'The most frames that wait for an answer.' },
  answerTimeoutUs: {
    type: U32,
    default: 60_000_000,
    min: 1,
    unit: 'us',
    doc: 'A frame is given up when its answer is not there by then.',
  },
} as const;

export interface QuestionOptions {
  /** The most that wait at once. */
  readonly most: number;
  readonly timeoutUs: number;
  /** Random, so that an answer to a question of an earlier life finds none here. */
  readonly firstTicket: number;
}

interface Question<T> {
  readonly about: T;
  timer: Timer;
}

export class Questions<T> {
  private readonly waiting = new Map<number, Question<T>>();
  private readonly options: QuestionOptions;
  private next: number;

  constructor(options: QuestionOptions) {
    this.options = options;
    this.next = options.firstTicket >>> 0;
  }

  get full(): boolean {
    return this.waiting.size >= this.options.most;
  }

  /**
   * Keeps `about` until the answer to the returned ticket is taken. While it isn't, `overdue` is called each
   * time the timeout has passed: its message may find a full queue.
   */
  ask(about: T, clock: Clock, overdue: (ticket: number) => void): number {
    const ticket = this.next;
    this.next = (ticket + 1) >>> 0;
    const arm = (): Timer =>
      clock.after(this.options.timeoutUs, () => {
        question.timer = arm();
        overdue(ticket);
      });
    const question: Question<T> = { about, timer: arm() };
    this.waiting.set(ticket, question);
    return ticket;
  }

  /** What the question with this ticket was about; undefined when it is none of ours, or answered already. */
  take(ticket: number): T | undefined {
    const question = this.waiting.get(ticket);
    if (question === undefined) return undefined;
    this.waiting.delete(ticket);
    question.timer.cancel();
    return question.about;
  }

  /** Takes all that still wait. */
  takeAll(): T[] {
    return [...this.waiting.keys()].flatMap((ticket) => this.take(ticket) ?? []);
  }
}

/** The questions of one life of a component, by its config. */
export function openQuestions<T>(
  config: { readonly maxWaiting: number; readonly answerTimeoutUs: number },
  random: Random,
): Questions<T> {
  const { maxWaiting: most, answerTimeoutUs: timeoutUs } = config;
  return new Questions<T>({ most, timeoutUs, firstTicket: random.integer(2 ** 32) });
}
