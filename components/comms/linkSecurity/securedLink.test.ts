import { describe, expect, it } from 'vitest';
import {
  COUNTER_FILE,
  keyFile,
  openTmFrame,
  RESERVE_FILE,
  readIv,
  TC_APIDS,
} from '../../../fsw/protocols/sdls';
import { SecuredLink, type SecuredLinkOptions } from './securedLink';
import {
  altered,
  groundAssociation,
  keyOf,
  POWER_CUT,
  provisioned,
  securedTc,
  type TestStorage,
  unsealedTm,
} from './testLink';

const BLOCK = 10;
const options: SecuredLinkOptions = {
  tcService: 'authenticated-encryption',
  tmService: 'authenticated-encryption',
  mask: 'standard',
  window: 50,
  block: BLOCK,
  segmented: false,
  apids: TC_APIDS,
};
const boot = (storage: TestStorage) => new SecuredLink(storage, options);
const codeOf = (result: { ok: boolean; error?: { code: string } }) => (result.ok ? 'ok' : result.error?.code);

/** SPI and number of the next TM frame, or the code of why there is none. */
function tm(link: SecuredLink): string {
  const frame = unsealedTm();
  const sealed = link.sealTm(frame);
  if (!sealed.ok) return sealed.error.code;
  const spi = frame[7];
  const association = groundAssociation('tm', spi / 2 - 1);
  expect(openTmFrame(frame, () => association).ok).toBe(true);
  return `${spi}:${readIv(frame, 8)}`;
}

describe('a cut of power at any instant', () => {
  it('PGE-LSEC-004: repeats no TM number and obeys no TC twice, at whichever write it comes', () => {
    for (const written of [false, true])
      for (let at = 1; at <= 40; at++) {
        const storage = provisioned();
        const sealed = new Set<string>();
        const obeyed = new Set<bigint>();
        const heard: Uint8Array[] = [];
        let iv = 0n;
        let cuts = 0;
        let link = boot(storage);
        storage.cut = { at, written };
        for (let step = 0; step < 60; step++) {
          try {
            // An attacker sends each frame twice, and all frames ever heard from time to time.
            const frame = securedTc(iv++);
            heard.push(frame);
            const replays = step % 20 === 19 ? [...heard] : [frame];
            for (const one of [frame, ...replays])
              if (link.openTc(one).ok) {
                const number = readIv(one, 7);
                expect(obeyed.has(number)).toBe(false);
                obeyed.add(number);
              }
            for (let i = 0; i < 7; i++) {
              const number = tm(link);
              expect(sealed.has(number)).toBe(false);
              sealed.add(number);
            }
          } catch (error) {
            if (error !== POWER_CUT) throw error;
            cuts++;
            link = boot(storage);
            storage.cut = { at, written };
          }
        }
        expect(cuts).toBeGreaterThan(0);
        if (at > 3) expect(sealed.size).toBeGreaterThan(60);
      }
  });

  it('PGE-LSEC-005: refuses every frame ever accepted, before and after a reboot', () => {
    const storage = provisioned();
    let link = boot(storage);
    const frames = Array.from({ length: 30 }, (_, i) => securedTc(i));
    for (const frame of frames) expect(link.openTc(frame).ok).toBe(true);
    for (let reboot = 0; reboot < 2; reboot++) {
      for (const frame of frames) expect(codeOf(link.openTc(frame))).toBe('SDLS_REPLAY');
      link = boot(storage);
    }
    expect(codeOf(link.openTc(securedTc(30)))).toBe('ok');
    expect(codeOf(link.openTc(securedTc(31 + 50)))).toBe('SDLS_REPLAY');
    expect(codeOf(link.openTc(securedTc(30 + 50)))).toBe('ok');
  });

  it('PGE-LSEC-006: does not obey what it could not record, nor seal with numbers that it could not take', () => {
    const storage = provisioned();
    const link = boot(storage);
    expect(tm(link)).toBe('2:0');
    storage.refuse = true;
    expect(codeOf(link.openTc(securedTc(0)))).toBe('STORAGE_FAILED');
    for (let i = 1; i < BLOCK; i++) expect(tm(link)).toBe(`2:${i}`);
    expect(tm(link)).toBe('STORAGE_FAILED');
    storage.refuse = false;
    expect(codeOf(link.openTc(securedTc(0)))).toBe('ok');
    expect(tm(link)).toBe(`2:${BLOCK}`);
  });
});

describe('a forged frame', () => {
  it('does not move the window', () => {
    const link = boot(provisioned());
    expect(codeOf(link.openTc(altered(securedTc(40), 22)))).toBe('SDLS_MAC');
    expect(codeOf(link.openTc(altered(securedTc(40), 12)))).toBe('SDLS_MAC');
    expect(codeOf(link.openTc(securedTc(0)))).toBe('ok');
  });

  it('authentic nonsense uses up its number and is not handed on', () => {
    const link = boot(provisioned());
    expect(codeOf(link.openTc(securedTc(0, 0, new Uint8Array(30).fill(0x5a))))).toBe('SDLS_CONTENT');
    expect(codeOf(link.openTc(securedTc(0)))).toBe('SDLS_REPLAY');
    expect(codeOf(link.openTc(securedTc(1)))).toBe('ok');
  });
});

describe('a new key', () => {
  it('PGE-LSEC-007: closes the old TC key only once a frame under it has come, also over a reboot', () => {
    const storage = provisioned();
    let link = boot(storage);
    link.openTc(securedTc(0));
    expect(link.activate('tc', 1).ok).toBe(true);
    link = boot(storage);
    expect([link.state('tc', 0), link.state('tc', 1)]).toEqual(['OLD', 'ACTIVE']);
    expect(codeOf(link.openTc(securedTc(1, 0)))).toBe('ok');
    expect(codeOf(link.openTc(securedTc(0, 1)))).toBe('ok');
    expect(codeOf(link.openTc(securedTc(2, 0)))).toBe('SDLS_SPI');
    link = boot(storage);
    expect(codeOf(link.openTc(securedTc(2, 0)))).toBe('SDLS_SPI');
    expect(codeOf(link.openTc(securedTc(0, 1)))).toBe('SDLS_REPLAY');
  });

  it('a second change before any frame under the first new key leaves the proven one open', () => {
    const link = boot(provisioned());
    link.openTc(securedTc(0));
    link.activate('tc', 1);
    link.activate('tc', 2);
    expect(codeOf(link.openTc(securedTc(0, 1)))).toBe('SDLS_SPI');
    expect(codeOf(link.openTc(securedTc(1, 0)))).toBe('ok');
    link.activate('tc', 0);
    expect(link.state('tc', 0)).toBe('ACTIVE');
    expect(codeOf(link.openTc(securedTc(2, 0)))).toBe('ok');
    expect(codeOf(link.openTc(securedTc(0, 2)))).toBe('SDLS_SPI');
  });

  it('starts its own numbers, and an old TM key that comes back goes on behind the last it may have used', () => {
    const storage = provisioned();
    let link = boot(storage);
    expect([tm(link), tm(link)]).toEqual(['2:0', '2:1']);
    link.activate('tm', 1);
    expect(tm(link)).toBe('4:0');
    link = boot(storage);
    expect(tm(link)).toBe(`4:${BLOCK}`);
    link.activate('tm', 0);
    expect(tm(link)).toBe(`2:${BLOCK}`);
  });

  it('a key file replaced in flight is read when its slot is activated, and its counter is its own', () => {
    const storage = provisioned();
    const link = boot(storage);
    storage.files.set(keyFile('tm', 1), new Uint8Array(32).fill(0x77));
    expect(link.activate('tm', 1).ok).toBe(true);
    const frame = unsealedTm();
    expect(link.sealTm(frame).ok).toBe(true);
    expect(
      openTmFrame(frame, () => ({ ...groundAssociation('tm', 1), key: new Uint8Array(32).fill(0x77) })).ok,
    ).toBe(true);
  });

  it('is refused where it cannot work: no key, the reserve, in use already, a key of another slot', () => {
    const storage = provisioned([keyFile('tc', 1)]);
    storage.files.set(keyFile('tm', 1), keyOf('tc', 0));
    storage.files.set(keyFile('tm', 2), new Uint8Array(64));
    const link = boot(storage);
    expect(link.keys.faults.map(({ code }) => code)).toEqual(['SDLS_SHARED_KEY', 'SDLS_NO_KEY']);
    const code = (direction: 'tc' | 'tm', slot: number) => codeOf(link.activate(direction, slot));
    expect([0, 1, 3, 4, 255].map((slot) => code('tc', slot))).toEqual(Array(5).fill('SDLS_NO_KEY'));
    expect([1, 2].map((slot) => code('tm', slot))).toEqual(['SDLS_SHARED_KEY', 'SDLS_NO_KEY']);
    expect(link.active('tc')).toBe(0);
  });
});

describe('a lost counter file', () => {
  const losses = [
    ['missing', (storage: TestStorage) => storage.files.delete(COUNTER_FILE)],
    ['damaged', (storage: TestStorage) => storage.files.set(COUNTER_FILE, new Uint8Array(40))],
  ] as const;

  it.each(losses)(
    'PGE-LSEC-008: %s: no key in use is used on; the reserve key opens the link again',
    (_, lose) => {
      const storage = provisioned();
      let link = boot(storage);
      for (let i = 0; i < 5; i++) link.openTc(securedTc(i));
      const sent = new Set([tm(link), tm(link)]);
      lose(storage);
      link = boot(storage);
      expect(link.lost?.code).toMatch(/STORAGE_MISSING|SDLS_COUNTERS/);
      expect(codeOf(link.openTc(securedTc(5)))).toBe('SDLS_SPI');
      expect(tm(link)).toBe('SDLS_COUNTER_UNKNOWN');
      // The ground speaks under the reserve key.
      expect(codeOf(link.openTc(securedTc(0, 3)))).toBe('ok');
      expect(tm(link)).toBe('8:0');
      expect(codeOf(link.activate('tc', 1))).toBe('SDLS_COUNTER_UNKNOWN');
      expect(link.raise('tc', 0, 5n).ok).toBe(true);
      expect(link.raise('tm', 0, 1000n).ok).toBe(true);
      expect(codeOf(link.openTc(securedTc(1, 3)))).toBe('ok');
      expect(link.activate('tc', 0).ok).toBe(true);
      expect(link.activate('tm', 0).ok).toBe(true);
      expect(codeOf(link.openTc(securedTc(4)))).toBe('SDLS_REPLAY');
      expect(codeOf(link.openTc(securedTc(5)))).toBe('ok');
      expect(sent.has(tm(link))).toBe(false);
      // The other slots stay unknown, over reboots, until the operator gives his word for them too.
      link = boot(storage);
      expect(link.state('tc', 1)).toBe('UNKNOWN');
      expect(codeOf(link.activate('tc', 1))).toBe('SDLS_COUNTER_UNKNOWN');
      expect(tm(link)).toBe('2:1010');
    },
  );

  it('lost a second time, the reserve goes on where it was', () => {
    const storage = provisioned([COUNTER_FILE]);
    let link = boot(storage);
    expect(codeOf(link.openTc(securedTc(0, 3)))).toBe('ok');
    expect(tm(link)).toBe('8:0');
    storage.files.delete(COUNTER_FILE);
    link = boot(storage);
    expect(codeOf(link.openTc(securedTc(0, 3)))).toBe('SDLS_REPLAY');
    expect(tm(link)).toBe(`8:${BLOCK}`);
  });

  it('lost with the file of the reserve, nothing is opened or sealed any more', () => {
    const link = boot(provisioned([COUNTER_FILE, RESERVE_FILE]));
    expect(link.reserveLost?.code).toBe('STORAGE_MISSING');
    for (const slot of [0, 1, 2, 3]) expect(codeOf(link.openTc(securedTc(0, slot)))).toBe('SDLS_SPI');
    expect(tm(link)).toBe('SDLS_COUNTER_UNKNOWN');
    expect(link.unprovisioned).toBe(false);
  });
});

describe('counters', () => {
  it('are never lowered by command', () => {
    const link = boot(provisioned());
    link.openTc(securedTc(9));
    tm(link);
    expect(codeOf(link.raise('tc', 0, 9n))).toBe('SDLS_REPLAY');
    expect(codeOf(link.raise('tm', 0, 0n))).toBe('SDLS_REPLAY');
    expect(codeOf(link.raise('tc', 4, 0n))).toBe('SDLS_NO_KEY');
    expect(link.raise('tc', 0, 30n).ok).toBe(true);
    expect(codeOf(link.openTc(securedTc(29)))).toBe('SDLS_REPLAY');
    expect(codeOf(link.openTc(securedTc(30)))).toBe('ok');
  });

  it('a file full of used keys takes no new one, and says so', () => {
    const storage = provisioned();
    const link = boot(storage);
    let code: string | undefined = 'ok';
    for (let key = 0; key < 300 && code === 'ok'; key++) {
      const slot = 1 + (key % 2);
      storage.files.set(
        keyFile('tm', slot),
        new Uint8Array(32)
          .fill(key & 255)
          .fill(key >> 8, 0, 1)
          .fill(9, 1, 2),
      );
      code = codeOf(link.activate('tm', slot));
      if (code === 'ok') code = codeOf(link.sealTm(unsealedTm()));
    }
    expect(code).toBe('SDLS_COUNTERS');
  });
});
