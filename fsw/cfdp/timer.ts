/** A timer in link time: the entity's clock, which stands still while there is no contact. */
export class Timer {
  #dueUs: number | undefined;
  #leftUs: number | undefined;
  /** How often it has run out since it was last reset. */
  count = 0;

  get running(): boolean {
    return this.#dueUs !== undefined || this.#leftUs !== undefined;
  }

  start(nowUs: number, durationUs: number): void {
    this.#leftUs = undefined;
    this.#dueUs = durationUs > 0 ? nowUs + durationUs : undefined;
  }

  /** Runs out now. */
  ring(nowUs: number): void {
    this.#leftUs = undefined;
    this.#dueUs = nowUs;
  }

  stop(): void {
    this.#dueUs = undefined;
    this.#leftUs = undefined;
    this.count = 0;
  }

  /** Stands still until `resume`. */
  pause(nowUs: number): void {
    if (this.#dueUs === undefined) return;
    this.#leftUs = this.#dueUs - nowUs;
    this.#dueUs = undefined;
  }

  resume(nowUs: number): void {
    if (this.#leftUs === undefined) return;
    this.#dueUs = nowUs + this.#leftUs;
    this.#leftUs = undefined;
  }

  /** True once after it has run out; it must be started again. */
  expired(nowUs: number): boolean {
    if (this.#dueUs === undefined || nowUs < this.#dueUs) return false;
    this.#dueUs = undefined;
    this.count++;
    return true;
  }
}
