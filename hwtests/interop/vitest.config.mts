import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** `npm run test:interop`: against the real packages of others, one suite after another. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['hwtests/{interop,deploy}/**/*.interop.ts'],
    setupFiles: ['hwtests/seed.ts'],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    // Peers of others on a shared machine: one more try, which the report shows.
    retry: 1,
    fileParallelism: false,
    maxWorkers: 1,
    reporters: ['verbose'],
  },
});
