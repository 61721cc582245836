// The list of programs in SECURITY.md is what was recorded here.
import { chmod, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { type Line, runEveryCommand } from '../support/every-command.ts'
import { git } from '../support/poison.ts'
import { needs } from '../support/needs.ts'
import { type Ended, type Workplace, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'
import { standIn } from '../support/stand-in.ts'

const configuration = `
version: 1
stack: acme
policy: { breakGlass: [{ who: ['*'], keys: [bot], permissions: [manage_keys], maxFor: 1h }] }
defaults: { expires: 90d }
limits: { rotate: 100%, revoke: 100% }
keys:
  bot:
    name: Bot
    owner: team
    scope: all
    permissions: [read_scenarios]
    store:
      - keychain: { fallback: { env-file: { path: bot.env, name: KEY } } }
      - exec: { put: [tools/keeper, put, '{key}'], get: [tools/keeper, get, '{key}'], remove: [tools/keeper, remove, '{key}'] }
  ci:
    name: CI
    owner: team
    scope: all
    permissions: [read_scenarios]
    store: { github-actions: { repo: acme/agents, name: KEY } }
`

const toRead = `
version: 1
stack: other
defaults: { expires: 90d }
keys:
  kept: { name: K, scope: all, permissions: [read_scenarios], store: { exec: { put: [tools/keeper, put, k], get: [tools/keeper, get, k] } } }
  ring: { name: R, scope: all, permissions: [read_scenarios], store: keychain }
`

const keeper = `#!/bin/sh
case "$1" in
  put) cat > "$0.$2" ;;
  get) cat "$0.$2" 2>/dev/null || true ;;
  remove) rm -f "$0.$2" ;;
esac
`

/** The word that SECURITY.md has for a program that was started. */
function wordFor([file = '', ...args]: readonly string[]): string {
  if (file === process.execPath)
    return basename(args.find(arg => arg.endsWith('-helper.js')) ?? 'node', '.js').replace('-', ' ')
  // A store's program gets a shell around it, which ends it with us: sh -c SCRIPT sh PROGRAM ARGUMENTS.
  const name = basename(file === '/bin/sh' && args[0] === '-c' ? (args[3] ?? 'sh') : file)
  switch (name) {
    case 'keeper':
    case 'gh':
      return 'programs of stores'
    case 'wl-copy':
    case 'wl-paste':
      return 'clipboard program'
    case 'true':
      return 'COMMAND'
    default:
      return name
  }
}

interface Recorder {
  readonly run: (line: Line, args: readonly string[]) => Promise<Ended>
  readonly started: Map<string, Set<string>>
}

/** Runs the program with the recorder in it. */
function recording(place: Workplace, env: Readonly<Record<string, string | undefined>>): Recorder {
  const started = new Map<string, Set<string>>()
  const list = join(place.root, 'started')
  return {
    started,
    run: async ({ command }, args) => {
      const end = await place.run(args, {
        loaded: ['record-programs.mjs'],
        env: { ...env, RECORD_PROGRAMS_TO: list },
        ...(['sandbox', 'ui'].includes(command) && {
          watch: child => child.stdout?.once('data', () => child.kill('SIGTERM')),
        }),
      })
      const text = await readFile(list, 'utf8').catch(() => '')
      await rm(list, { force: true })
      const words = started.get(command) ?? new Set()
      for (const line of text.split('\n').filter(Boolean)) words.add(wordFor(JSON.parse(line) as string[]))
      started.set(command, words)
      return end
    },
  }
}

async function documented(t: Test): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(new URL('../../SECURITY.md', import.meta.url), 'utf8')
  const [, section = ''] = text.split('## Programs that each command may start\n')
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)` +\| ([^|]*?) +\|$/gm)]
  t.ok(rows.length > 0, 'the table is there')
  return new Map(rows.map(([, command = '', programs = '']) => [command, programs]))
}

t.test('each command starts the programs that SECURITY.md lists for it, and no others', async t => {
  if (!needs(t, 'git')) return
  const platform = await servedPlatform(t)
  const place = await workplace(t)
  git(place.work, 'init', '-q')
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('read.yaml', toRead)
  await place.write('tools/keeper', keeper)
  await chmod(join(place.work, 'tools/keeper'), 0o755)
  const tools = standIn(join(place.root, 'bin'), ['git', 'gh', 'wl-copy', 'wl-paste'])
  tools.answer([{ words: ['version'], stdout: 'git version 2.45.0\n' }, { words: [] }])
  const env = { PATH: `${tools.folder}:${process.env['PATH']}`, WAYLAND_DISPLAY: 'wayland-0' }

  const withKey = recording(place, { ...env, ...platform.env })
  const ran = await runEveryCommand(platform, 'bot', withKey.run)
  // What fails early starts less than it may.
  const may = new Set([
    'init',
    'fmt',
    'auth login',
    'auth logout',
    'unlock',
    'verify',
    'doctor',
    'sandbox',
    'ui',
    'fleet run',
    'fleet status',
    'fleet migrate',
  ])
  for (const { command, args, code, stderr } of ran) {
    if (!may.has(command)) t.equal(code, 0, `${command} ${args.join(' ')}: ${stderr.slice(0, 300)}`)
  }
  const found = ['bot.env', '--auto-approve']
  const leak = await withKey.run({ command: 'leak', args: found }, ['leak', ...found])
  t.equal(leak.code, 0, `leak: ${leak.stderr.slice(0, 300)}`)
  // What reads a secret starts whatever keeps it.
  for (const keyId of ['kept', 'ring']) {
    for (const [command, ...rest] of [
      ['secret get'],
      ['secret copy'],
      ['env'],
      ['exec', '--', 'true'],
      ['verify'],
    ]) {
      const line = { command: command ?? '', args: [keyId, ...rest] }
      await withKey.run(line, [...line.command.split(' '), '-c', 'read.yaml', ...line.args])
    }
  }
  const chosen = ['By Keychain', '--store', 'keychain', '--no-clipboard']
  await withKey.run({ command: 'apikeys create', args: chosen }, ['apikeys', 'create', '--name', ...chosen])
  // Without a key in the environment, a login is looked for in the keychain.
  const withLogin = recording(place, { ...env, FLUXLOOP_API_URL: platform.url })
  await runEveryCommand(platform, 'bot', withLogin.run, 'each once')

  const table = await documented(t)
  const recorded = [...withKey.started].map(([command, words]) => {
    const all = new Set([...words, ...(withLogin.started.get(command) ?? [])])
    return [command, all.size === 0 ? 'none' : [...all].sort().join(', ')] as const
  })
  // A fleet needs a database before it starts anything: its row is what its stacks may start, as `apply` does, and what its file names.
  const ofFleet = table.get('fleet run')
  t.equal(ofFleet, `${table.get('apply')}, programs of the fleet file`)
  t.strictSame(Object.fromEntries(table), Object.fromEntries([...recorded, ['fleet run', ofFleet]]))

  for (const command of ['validate', 'plan', 'audit', 'calendar', 'list', 'apikeys list'])
    t.notMatch(
      table.get(command),
      /git|stores/,
      `${command} starts nothing that a repository or a configuration names`,
    )
})
