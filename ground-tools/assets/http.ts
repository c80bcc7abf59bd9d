/** Node's own `fetch`, with coded errors, a limit on silence, and credentials that a URL carries. */
import { fail, type Result, succeed } from '../../fsw/errors';

/** How long nothing may come before the network is given up, milliseconds. */
export interface Patience {
  readonly idleMs: number;
  /** Ends the whole work early. */
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** After redirects. */
  readonly url: string;
  /** The body's chunks; throws what the network says. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Asks for a URL. `login` is a URL whose `user:password` is used on its own host. Errors: ASSET_OFFLINE; ASSET_HTTP for a
 * status that is none of `statuses`.
 */
export async function request(
  url: string,
  headers: Readonly<Record<string, string>>,
  { idleMs, signal }: Patience,
  statuses: readonly number[],
  login = url,
): Promise<Result<Answer>> {
  const idle = new AbortController();
  const silence = `nothing came for ${idleMs / 1000} s`;
  const watch = () => setTimeout(() => idle.abort(new Error(silence)), idleMs);
  let timer = watch();
  try {
    const [plain, authorization] = splitLogin(url, login);
    const signals = [idle.signal, ...(signal ? [signal] : [])];
    const response = await fetch(plain, {
      headers: { ...headers, ...authorization },
      signal: AbortSignal.any(signals),
    });
    const { status, body } = response;
    if (!statuses.includes(status)) {
      clearTimeout(timer);
      await body?.cancel();
      return fail('ASSET_HTTP', { url: shown(url), status });
    }
    const chunks = async function* () {
      try {
        for await (const chunk of body ?? []) {
          clearTimeout(timer);
          timer = watch();
          yield chunk;
        }
      } finally {
        clearTimeout(timer);
      }
    };
    return succeed({ status, headers: response.headers, url: response.url || plain, chunks: chunks() });
  } catch (error) {
    clearTimeout(timer);
    return fail('ASSET_OFFLINE', { url: shown(url), why: reasonOf(error) });
  }
}

/** The whole body as text. Errors: as `request`. */
export async function requestText(
  url: string,
  accept: string,
  patience: Patience,
): Promise<Result<{ text: string; type: string; url: string }>> {
  const answer = await request(url, { accept }, patience, [200]);
  if (!answer.ok) return answer;
  const { headers, chunks } = answer.value;
  try {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const text = Buffer.concat(parts).toString('utf8');
    return succeed({ text, type: headers.get('content-type') ?? '', url: answer.value.url });
  } catch (error) {
    return fail('ASSET_OFFLINE', { url: shown(url), why: reasonOf(error) });
  }
}

/** A URL as it may be printed: no password, no query. */
export function shown(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** `fetch failed` says nothing; its cause does. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  if (!(cause instanceof Error)) return message;
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}

/** `fetch` refuses a URL with a login in it; the login goes to its own host alone. */
function splitLogin(url: string, login: string): [string, Record<string, string>] {
  const plain = new URL(url);
  const { username, password, host } = new URL(login);
  plain.username = '';
  plain.password = '';
  if (username === '' || host !== plain.host) return [plain.href, {}];
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return [plain.href, { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }];
}
