import { expect, it } from 'vitest';
import { sendThousand } from './thousandSends';

it('60 commands over a link that loses a tenth of its frames, with a reboot among them, are reported as they truly ended, and none is done twice', async () => {
  const report = await sendThousand({ commands: 60, loss: 0.1, seed: 1, reboots: 1 });
  expect(report).toMatchObject({ executedTwice: 0, untrue: [], reboots: 1 });
  const { completed, failed, unknown, refused, 'link-down': linkDown } = report.outcomes;
  expect(completed + failed + unknown + refused + linkDown).toBe(60);
  expect(completed).toBeGreaterThan(10);
  expect(failed).toBeGreaterThan(0);
  expect(report.up.lost).toBeGreaterThan(0);
  expect(report.down.lost).toBeGreaterThan(0);
});
