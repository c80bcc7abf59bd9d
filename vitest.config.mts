import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{fsw,components,native,ground-tools,hwtests}/**/*.test.ts'],
    setupFiles: ['hwtests/seed.ts'],
    testTimeout: 60_000,
    pool: 'threads',
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['fsw/framework/**/*.ts', 'fsw/protocols/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.bench.ts'],
      reporter: [['text', { skipFull: true }]],
      reportOnFailure: true,
      thresholds: { lines: 98 },
    },
  },
});
