/** Counts yes/no decisions against the truth. */
export class Score {
  private readonly counts = { truePositive: 0, falsePositive: 0, trueNegative: 0, falseNegative: 0 };

  add(decided: boolean, truth: boolean): void {
    if (decided) this.counts[truth ? 'truePositive' : 'falsePositive']++;
    else this.counts[truth ? 'falseNegative' : 'trueNegative']++;
  }

  /** Share of right decisions, or null when nothing was decided. */
  accuracy(): number | null {
    const { truePositive, trueNegative } = this.counts;
    return ratio(truePositive + trueNegative, this.total());
  }

  /** What accuracy alone hides: the mean of both recalls, what always answering the commoner side would score, and the counts. */
  detail() {
    const { truePositive, falsePositive, trueNegative, falseNegative } = this.counts;
    const recall = ratio(truePositive, truePositive + falseNegative);
    const specificity = ratio(trueNegative, trueNegative + falsePositive);
    const positives = truePositive + falseNegative;
    return {
      tiles: this.total(),
      balanced:
        recall === null || specificity === null ? null : Number(((recall + specificity) / 2).toFixed(4)),
      trivial: ratio(Math.max(positives, this.total() - positives), this.total()),
      ...this.counts,
    };
  }

  private total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : Number((part / whole).toFixed(4));
}
