/** The report page of the reference flight, in a real browser. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../../fsw/root';
import { pageOf } from '../../report/page';
import { eventAt, testRecord } from '../../report/testRecord';
import type { FlightReport } from '../../simulators/referee';
import { type Browser, findChromium, startBrowser } from './browser';

const chromium = findChromium();
const absent = 'no Chromium here (Debian: apt-get install chromium; or set CHROMIUM to its path)';
if (chromium === undefined) console.warn(`SKIPPED the report page in Chromium: ${absent}`);

describe.skipIf(chromium === undefined)(
  `the report page in Chromium${chromium === undefined ? ` (skipped: ${absent})` : ''}`,
  () => {
    const out = mkdtempSync(join(tmpdir(), 'perigee-report-'));
    let browser: Browser;
    let report: Pick<FlightReport, 'frames' | 'highRes' | 'events' | 'passes'>;

    beforeAll(async () => {
      const command = ['ground-tools/bin/perigee.mjs', 'fly', 'earth-watch', '--seed', '7', '--out', out];
      const { status, stdout, stderr } = spawnSync('node', [...command, '--radiation', 'x10000'], {
        cwd: projectRoot,
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
      expect(stdout).toContain('report.html');
      report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
      browser = await startBrowser(chromium ?? '');
      await browser.page.open(join(out, 'report.html'));
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(out, { recursive: true, force: true });
    });

    it('opens without a complaint and says whose flight it is', async () => {
      const { page } = browser;
      expect(await page.evaluate('document.title')).toBe('Perigee: earth-watch, 1 orbit, seed 7');
      expect(
        await page.evaluate(
          'performance.getEntriesByType("resource").filter(({ name }) => !name.startsWith("data:")).length',
        ),
      ).toBe(0);
      expect(page.complaints).toEqual([]);
    });

    it('shows every frame, and every picture of the page is decoded', async () => {
      const { page } = browser;
      const images =
        'Promise.all([...document.images].map((image) => { image.loading = "eager"; return image.decode().then(() => image.naturalWidth); }))';
      expect(Math.min(...(await page.evaluate<number[]>(images)))).toBeGreaterThanOrEqual(64);
      const frames = '[...document.querySelectorAll("section[aria-labelledby=frames] img")]';
      const widths = await page.evaluate<number[]>(`${frames}.map(({ naturalWidth }) => naturalWidth)`);
      expect(widths).toHaveLength(report.frames.captured);
      expect(new Set(widths)).toEqual(new Set([128]));
      expect(await page.evaluate(`${frames}.every(({ alt }) => alt.length > 20)`)).toBe(true);
    });

    it('shows the captures of the telescope, where its scenes are to be had, and takes the land cover off', async () => {
      const { page } = browser;
      const { captures, tilesMapped, vesselsFound } = report.highRes;
      expect(await page.evaluate('document.querySelectorAll("article.scene").length')).toBe(captures);
      expect(await page.evaluate('document.querySelectorAll(".cover rect").length')).toBe(tilesMapped);
      expect(await page.evaluate('document.querySelectorAll(".vessels circle").length')).toBe(vesselsFound);
      if (captures === 0) return;
      const shown = 'document.querySelector(".cover").getBoundingClientRect().width > 100';
      expect(await page.evaluate(shown)).toBe(true);
      await page.evaluate('document.querySelector("input[data-shows]").click()');
      expect(await page.evaluate(shown)).toBe(false);
    });

    it('draws the map and every plot', async () => {
      const { page } = browser;
      const extents = await page.evaluate<[number, number][]>(
        '[...document.querySelectorAll(".plot path.line")].map((line) => { const box = line.getBBox(); return [box.width, box.height]; })',
      );
      expect(extents.length).toBeGreaterThan(8);
      for (const [width, height] of extents) {
        expect(width).toBeGreaterThan(100);
        expect(height).toBeGreaterThan(0);
      }
      const track = await page.evaluate<number>('document.querySelector(".map .day path").getTotalLength()');
      expect(track).toBeGreaterThan(300);
      expect(await page.evaluate('document.querySelectorAll(".footprints path").length')).toBe(
        report.frames.captured,
      );
      expect(await page.evaluate('document.querySelectorAll(".heat rect").length')).toBeGreaterThan(20);
    });

    it('filters the events by severity', async () => {
      const { page } = browser;
      const visible =
        '[...document.querySelectorAll("#events tbody tr")].filter((row) => row.offsetHeight > 0).length';
      const all = Object.values(report.events).reduce((sum, times) => sum + times, 0);
      expect(await page.evaluate(visible)).toBe(all);
      await page.evaluate('document.querySelector("input[data-severity=activity-high]").click()');
      expect(await page.evaluate(visible)).toBe(all - report.events['activity-high']);
    });

    it('reads a plot out under the pointer', async () => {
      const { page } = browser;
      const readout = await page.evaluate<string>(`(() => {
        const svg = document.querySelector('svg[data-plot]');
        const box = svg.getBoundingClientRect();
        svg.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + box.width / 2, clientY: box.top + 5 }));
        return svg.parentElement.querySelector('.readout').textContent;
      })()`);
      expect(readout).toMatch(
        /^00:4\d:\d\d\non the ground, all together {2}[\d,]+\nwaiting on board {2}[\d,]+$/,
      );
    });

    it('fits a phone, by day and by night', async () => {
      const { page } = browser;
      const phone = { width: 390, height: 844, deviceScaleFactor: 2, mobile: true };
      await page.call('Emulation.setDeviceMetricsOverride', phone);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
      const colours = async (value: string) => {
        await page.call('Emulation.setEmulatedMedia', {
          features: [{ name: 'prefers-color-scheme', value }],
        });
        return page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      };
      expect(await colours('dark')).not.toBe(await colours('light'));
      await page.call('Emulation.clearDeviceMetricsOverride');
    });

    it('runs no script that an event carries', async () => {
      const { page } = browser;
      const hostile = '<script>window.broken = 1</script><img src=x onerror="window.broken = 1">';
      const file = join(out, 'hostile.html');
      const record = testRecord({ received: [eventAt(1e6, 'warning-high', hostile, hostile)] });
      // Once as it is, and once as if the text had not been escaped: then the page's policy still stands.
      const safe = pageOf(record);
      writeFileSync(file, safe);
      await page.open(file);
      expect(await page.evaluate('window.broken')).toBeUndefined();
      expect(await page.evaluate('document.querySelector("#events td:last-child").textContent')).toBe(
        hostile,
      );
      writeFileSync(file, safe.replace('<main', `${hostile}<main`));
      await page.open(file);
      expect(await page.evaluate('window.broken')).toBeUndefined();
      expect(page.complaints.join()).toContain('Content Security Policy');
    });
  },
);
