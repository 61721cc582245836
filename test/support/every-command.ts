import { commands } from '../../src/cli/commands.ts'
import type { Ended } from './program.ts'
import type { ServedPlatform } from './served-platform.ts'

/** One run of the program. */
export interface Line {
  readonly command: string
  readonly args: readonly string[]
}

/**
 * Command lines for every command of the program, in an order in which they have something to do: on a configuration that
 * was not applied yet and declares `keyId`, which is readable here. Ids of live keys are filled in by `idOf`.
 */
function linesFor(keyId: string, patterns: readonly string[]): readonly Line[] {
  const line = (command: string, ...args: readonly string[]): Line => ({ command, args })
  return [
    line('validate'),
    line('init', '--stack', 'every-command'),
    line('fmt', '--check'),
    line('schema'),
    line('list'),
    line('plan', '--stores', '--out', 'saved.plan'),
    line('apply', '--auto-approve', '--log', 'log.jsonl'),
    line('plan', '--drift'),
    line('plan', '--at', '+80d'),
    line('audit'),
    line('audit', '--offline'),
    line('audit', '--fix', '--write'),
    line('report', '--html', 'report.html'),
    line('ui'),
    line('calendar'),
    line('history', '--log', 'log.jsonl'),
    line('verify'),
    line('who', keyId, '--show-personal'),
    line('who', '--all'),
    line('leak', 'fluxloop-keys.yaml', '--auto-approve'),
    line('apikeys list', '--managed'),
    line('apikeys show', 'ID'),
    line('projects list'),
    line('secret get', keyId),
    line('secret copy', keyId),
    line('env', keyId),
    line('exec', keyId, '--', 'true'),
    line('completion', 'bash'),
    line('auth login', '--api-key', 'ADMIN'),
    line('auth status'),
    line('auth whoami'),
    line('help', 'plan'),
    line('version'),
    line('auth logout'),
    // Without a database they end early; fleet/test has one.
    line('fleet run', '--once'),
    line('fleet status'),
    line('fleet migrate', '--dry-run'),
    line('doctor'),
    line('unlock', '--force'),
    line('apikeys create', '--name', 'By Hand', '--store', 'env-file:hand.env', '--no-clipboard'),
    line('apikeys update', 'ID', '--description', 'changed'),
    line('apikeys regenerate', 'ID', '--force'),
    line(
      'break-glass',
      keyId,
      '--permission',
      'manage_keys',
      '--for',
      '1h',
      '--reason',
      'drill',
      '--auto-approve',
    ),
    line('rotate', keyId, '--auto-approve'),
    line('revoke', keyId, '--auto-approve', '--in-use'),
    line('import', ...patterns, '--write'),
    line('apikeys delete', 'ID', '--force', '--force-self'),
    line('apply', '--auto-approve'),
    line('sandbox', '--port', '0'),
  ]
}

/** Runs every command, each at least once, and some with other flags too; throws where the list above lacks one. */
export async function runEveryCommand(
  platform: ServedPlatform,
  keyId: string,
  run: (line: Line, args: readonly string[]) => Promise<Ended>,
  how: 'with all flags' | 'each once' = 'with all flags',
): Promise<readonly (Line & Ended)[]> {
  const all = linesFor(keyId, ['By*'])
  const lines =
    how === 'each once' ? [...new Map(all.toReversed().map(line => [line.command, line])).values()] : all
  const missing = commands.filter(({ name }) => !lines.some(({ command }) => command === name))
  if (missing.length > 0) throw new Error(`No line runs ${missing.map(({ name }) => name).join(', ')}`)
  const results: (Line & Ended)[] = []
  for (const line of lines) {
    const live = await platform.managed()
    const managed = live.find(
      ({ ownership }) => ownership.kind === 'managed' && ownership.marker.keyId === keyId,
    )
    const words: Readonly<Record<string, string>> = {
      ID: managed?.id ?? 'key_none',
      ADMIN: platform.administrator.reveal(),
    }
    const args = line.args.map(word => words[word] ?? word)
    results.push({ ...line, ...(await run(line, [...line.command.split(' '), ...args])) })
  }
  return results
}
