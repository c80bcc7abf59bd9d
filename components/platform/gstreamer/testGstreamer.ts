import { spawnSync } from 'node:child_process';

/** Why the real GStreamer can't be run here; undefined when it can. For tests. */
export function gstreamerAbsent(): string | undefined {
  const { status, error } = spawnSync('gst-inspect-1.0', ['--exists', 'gdppay']);
  if (error !== undefined) return 'GStreamer is not here';
  return status === 0 ? undefined : "GStreamer's gdppay (plugins-bad) is not here";
}
