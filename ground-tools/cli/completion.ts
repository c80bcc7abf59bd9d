/** Tab completion: a shell script, and the words that it asks for, names of the dictionary among them. */
import type { Command } from 'commander';
import type { Dictionary } from '../../fsw/framework/dictionary';
import { GatewayClient } from '../client/gatewayClient';
import type { Context } from './context';
import { loadDictionary } from './ground';

export const shells = ['bash', 'zsh'] as const;
export type Shell = (typeof shells)[number];

/** What the user adds to the shell's start-up file: `eval "$(perigee completion bash)"`. */
export function completionScript(shell: Shell): string {
  if (shell === 'zsh')
    return `#compdef perigee
_perigee() {
  local -a found
  found=("\${(@f)$(perigee completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -Q -- $found
}
compdef _perigee perigee
`;
  // Bash cuts words at `=`, too: the line is taken as it stands, and what is before `=` is not repeated.
  return `_perigee() {
  local line="\${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n'
  local -a words=($line)
  [[ $line == *[[:space:]] ]] && words+=('')
  local last="\${words[-1]}"
  IFS=$'\\n'
  COMPREPLY=($(perigee completion words -- "\${words[@]:1}" 2>/dev/null))
  [[ $last == *=* && $COMP_WORDBREAKS == *=* ]] && COMPREPLY=("\${COMPREPLY[@]#*=}")
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -o default -F _perigee perigee
`;
}

/**
 * What the last of `words` may become, given those before it. Names come from the running gateway, or from the
 * dictionary that PERIGEE_DICTIONARY names; without either, only what the program itself knows.
 */
export async function completions(
  context: Context,
  program: Command,
  words: readonly string[],
): Promise<string[]> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  let command = program;
  let taken = 0;
  for (const word of before) {
    const next = command.commands.find((candidate) => candidate.name() === word);
    if (next === undefined) break;
    command = next;
    taken++;
  }
  const all = last.startsWith('-')
    ? command.options.map(({ long, short }) => long ?? short ?? '')
    : command.commands.length > 0
      ? command.commands.map((candidate) => candidate.name())
      : await names(context, command, before.slice(taken));
  return all.filter((name) => name.startsWith(last)).sort();
}

async function names(context: Context, of: Command, words: readonly string[]): Promise<string[]> {
  const command = of.name();
  if (!['send', 'events', 'telemetry', 'watch'].includes(command)) return [];
  const dictionary = await knownDictionary(context, words);
  if (dictionary === undefined) return [];
  const short = ({ instance, local }: { readonly instance: string; readonly local: string }) =>
    `${instance}.${local}`;
  if (command === 'events') return dictionary.events.map(short);
  if (command !== 'send') return dictionary.channels.map(short);
  const given = withoutOptions(of, words);
  if (given.length === 0) return dictionary.commands.map(short);
  const entry = dictionary.commands.find((candidate) => given.includes(short(candidate)));
  const isGiven = (name: string) => given.some((word) => word.startsWith(`${name}=`));
  return Object.entries(entry?.args ?? {})
    .filter(([name]) => !isGiven(name))
    .flatMap(([name, type]) => {
      const { constants } = type as { readonly constants?: Readonly<Record<string, number>> };
      return constants ? Object.keys(constants).map((value) => `${name}=${value}`) : [`${name}=`];
    });
}

async function knownDictionary(context: Context, words: readonly string[]): Promise<Dictionary | undefined> {
  const at = words.indexOf('--gateway');
  const address = at >= 0 ? words[at + 1] : process.env.PERIGEE_GATEWAY;
  const client = await GatewayClient.connect(address);
  if (client.ok) {
    const served = await client.value.dictionary();
    client.value.close();
    if (served.ok) return served.value;
  }
  const source = process.env.PERIGEE_DICTIONARY;
  if (source === undefined) return undefined;
  const loaded = await loadDictionary(context, source);
  return loaded.ok ? loaded.value : undefined;
}

/** The arguments among `words`: options and their values are left out. */
function withoutOptions(command: Command, words: readonly string[]): string[] {
  const takesValue = (word: string | undefined) =>
    command.options.some(({ long, short, required }) => required && (word === long || word === short));
  return words.filter((word, i) => !word.startsWith('-') && !takesValue(words[i - 1]));
}
