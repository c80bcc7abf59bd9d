import { fail, type Result, succeed } from '../../../fsw/errors';

/**
 * The arguments of `gst-launch-1.0` for a pipeline as people write it, `v4l2src device=/dev/video0 ! videoconvert`.
 * Words are split at blanks, single and double quotes hold one together; no shell sees it. The wanted size is
 * preferred, any other is let through, so that a change of size is seen and not just the end of the pipeline.
 * Frames leave by file descriptor 3: some drivers write to stdout. Errors: CAMERA_PIPELINE.
 */
export function gstArguments(pipeline: string, width: number, height: number): Result<string[]> {
  const words: string[] = [];
  let rest = pipeline.trim();
  while (rest !== '') {
    const word = /^(?:[^\s"']+|"[^"]*"|'[^']*')+(?=\s|$)/.exec(rest)?.[0];
    if (word === undefined) return fail('CAMERA_PIPELINE', { why: `a quote is not closed: ${rest}` });
    words.push(word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
    rest = rest.slice(word.length).trimStart();
  }
  if (words.length === 0) return fail('CAMERA_PIPELINE', { why: 'it is empty' });
  const form = `caps=video/x-raw,format=RGB,width=${width},height=${height};video/x-raw,format=RGB`;
  return succeed([
    '-q',
    ...words,
    '!',
    'capsfilter',
    form,
    '!',
    'gdppay',
    '!',
    'fdsink',
    'fd=3',
    'sync=false',
  ]);
}

/** Fits into an event. */
const MAX_REASON = 120;

/** The line in which GStreamer says what went wrong. */
export function gstReason(stderr: string): string | undefined {
  const lines = stderr.split('\n').map((line) => line.trim());
  const said = lines.find((line) => /^(ERROR|WARNING)/.test(line)) ?? lines.findLast((line) => line !== '');
  return said?.slice(0, MAX_REASON);
}
