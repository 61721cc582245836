// What a repository can say of itself to have a program run: the payload writes a file if it ever runs.
import { existsSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { lineText } from '../../src/render/plan/programs.ts'
import { type Line, runEveryCommand } from '../support/every-command.ts'
import { needs } from '../support/needs.ts'
import {
  type Payload,
  bareTrap,
  git,
  payload,
  poisonCheckout,
  poisonedEnvironment,
} from '../support/poison.ts'
import { type Ended, type Workplace, ended, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'

function configuration(stores: Readonly<Record<string, string>>): string {
  const keys = Object.entries(stores).map(
    ([key, store]) =>
      `  ${key}: { name: ${key}, owner: team, scope: all, permissions: [read_scenarios], expires: 90d, store: ${store} }\n`,
  )
  return `version: 1\nstack: acme\nlimits: { rotate: 100%, revoke: 100% }\nkeys:\n${keys.join('')}`
}

interface Scene {
  readonly platform: ServedPlatform
  readonly place: Workplace
  readonly trap: Payload
}

async function scene(t: Test): Promise<Scene> {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  git(place.work, 'init', '-q')
  await place.write('.gitignore', '*.env\n')
  return { platform, place, trap: payload(place.root) }
}

/** A server runs until the test ends it. */
function runLine(place: Workplace, env: Readonly<Record<string, string>> = {}) {
  return ({ command }: Line, args: readonly string[]): Promise<Ended> =>
    place.run(args, {
      env,
      ...(['sandbox', 'ui'].includes(command) && {
        watch: child => child.stdout?.once('data', () => child.kill('SIGTERM')),
      }),
    })
}

const codes = (ran: readonly (Line & Ended)[], command: string) =>
  ran.filter(one => one.command === command).map(({ code }) => code)

t.test('runs nothing that a bare repository in a folder of the checkout names', async t => {
  if (!needs(t, 'git')) return
  const { platform, place, trap } = await scene(t)
  const vault = join(place.work, 'vault')
  bareTrap(vault, join(place.root, 'source'), trap)
  await place.write(
    'fluxloop-keys.yaml',
    configuration({
      fine: '{ env-file: { path: fine.env, name: KEY } }',
      sealed: `{ age-file: { path: vault/a.age, recipients: [${recipient}] } }`,
      inside: '{ env-file: { path: vault/inside.env, name: KEY } }',
    }),
  )
  git(place.work, 'add', '-A')
  git(place.work, 'commit', '-qm', 'Add a vault')

  git(vault, '-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', 'ls-files', '--', 'a.age')
  t.strictSame(trap.ran(), ['uploadpack'], 'plain git runs the payload')

  const ran = await runEveryCommand(platform, 'fine', runLine(place))
  t.strictSame(trap.ran(), [], 'no command does')
  t.strictSame([codes(ran, 'validate'), codes(ran, 'plan')], [[0], [0, 0, 0]])
  const [applied] = ran.filter(({ command }) => command === 'apply')
  t.equal(applied?.code, 7)
  t.match((applied?.stdout ?? '') + (applied?.stderr ?? ''), /another\s+git\s+repository/)
  t.notOk(existsSync(join(vault, 'inside.env')), 'no secret goes where git was not asked')
  t.ok(existsSync(join(vault, 'a.age')), 'an encrypted file may be anywhere')
})

t.test('runs nothing that the repository of the configuration, or the environment, names', async t => {
  if (!needs(t, 'git')) return
  const { platform, place, trap } = await scene(t)
  await place.write(
    'fluxloop-keys.yaml',
    configuration({
      fine: "[{ exec: { put: [sh, -c, 'cat > ../kept'], get: [cat, ../kept] } }]",
      file: '{ env-file: { path: file.env, name: KEY } }',
    }),
  )
  git(place.work, 'add', '-A')
  git(place.work, 'commit', '-qm', 'Declare')
  poisonCheckout(place.work, trap)

  const tries: readonly (readonly string[])[] = [
    ['ls-files'],
    ['status'],
    ['diff'],
    ['add', 'tracked'],
    ['hook', 'run', 'pre-commit'],
  ]
  for (const args of tries) {
    try {
      git(place.work, ...args)
    } catch {
      // The payload fails, and git with it.
    }
  }
  const proven = trap.ran()
  for (const label of ['diff', 'filter', 'fsmonitor', 'hook', 'uploadpack'])
    t.ok(proven.includes(label), `plain git runs the payload as ${label}`)

  for (const name of ['git', 'cat', 'wl-copy']) {
    await place.write(name, `#!/bin/sh\n${trap.path} path\n`)
    await chmod(join(place.work, name), 0o755)
  }
  const PATH = `.:${process.env['PATH'] ?? ''}`
  await ended('/bin/sh', ['-c', 'git'], { cwd: place.work, env: { PATH } })
  t.strictSame(trap.ran(), ['path'], 'a shell takes it from a relative folder of PATH')

  const env = { ...poisonedEnvironment(join(place.work, '.git'), trap), PATH, WAYLAND_DISPLAY: 'wayland-0' }
  const ran = await runEveryCommand(platform, 'fine', runLine(place, env))
  t.strictSame(trap.ran(), [], 'no command does')
  const [applied] = ran.filter(({ command }) => command === 'apply')
  t.match(applied?.stdout ?? '', /git\s+cannot\s+tell\s+whether\s+it\s+tracks/, 'git was asked')
  t.notOk(existsSync(join(place.work, 'file.env')), 'an index that cannot be read may track the file')
})

/** A store of programs of which the secret is in a file; `remove` is what the test makes it. */
const program = (remove: string) =>
  `{ exec: { put: [sh, -c, 'cat > "$0"', '../{key}.kept'], get: [sh, -c, 'cat "$0" 2>/dev/null || true', '../{key}.kept'], remove: [${remove}] } }`

t.test('runs no program that an earlier commit of the configuration names', async t => {
  if (!needs(t, 'git')) return
  const { platform, place, trap } = await scene(t)
  const commit = async (store: string, what: string) => {
    await place.write('fluxloop-keys.yaml', configuration({ bot: store }))
    git(place.work, 'add', '-A')
    git(place.work, 'commit', '-qm', what)
  }
  const file = '{ env-file: { path: bot.env, name: KEY } }'
  await commit(`[${file}, ${program("rm, -f, '../{key}.kept'")}]`, 'Declare')
  t.equal((await place.run(['apply', '--auto-approve'])).code, 0)
  const secret = await place.read('../bot.kept')

  git(place.work, 'checkout', '-qb', 'attack')
  await commit(`[${file}, ${program(`${trap.path}, remove`)}]`, 'Tidy up')
  const shown = await place.run(['plan'])
  t.match(shown.stdout, new RegExp(`remove += ${trap.path} remove`), 'the change is in the plan')
  t.match(shown.stdout, /declared\s+differently\s+at\s+the\s+same\s+place/)
  const json = JSON.parse((await place.run(['plan', '--json'])).stdout) as object
  t.match(json, {
    changes: [
      {
        action: 'deliver',
        programs: [
          { command: 'put' },
          { command: 'get' },
          { command: 'remove', line: [trap.path, 'remove'] },
        ],
      },
    ],
  })
  await commit(file, 'Drop the store')
  git(place.work, 'checkout', '-q', '-')
  git(place.work, 'merge', '-q', '--no-ff', 'attack')

  const plan = await place.run(['plan', '--json'])
  t.match(JSON.parse(plan.stdout), {
    changes: [],
    findings: [{ code: 'store-left', key: 'bot', cause: 'not-found', count: 1 }],
  })
  const ran = await runEveryCommand(platform, 'bot', runLine(place))
  t.strictSame(trap.ran(), [], 'the payload never ran')
  // The schema explains what a report may say.
  for (const { command, stdout } of ran.filter(each => each.command !== 'schema'))
    t.notMatch(stdout, /taken out of|taken-out/, command)
  t.equal(await place.read('../bot.kept'), secret, 'and the secret is where it was')
})

t.test('shows a command line so that each argument can be told, and none acts on a terminal', async t => {
  t.equal(
    lineText(['tools/keep', 'a b', '', '"; rm', '\u001b[2J', '\u202eevil']),
    String.raw`tools/keep "a b" "" "\"; rm" "\u001b[2J" "\u202eevil"`,
  )
})

t.test('reports a removal only where the store does not give the secret any more', async t => {
  const { place } = await scene(t)
  const stores = {
    works: program("rm, -f, '../{key}.kept'"),
    lies: program("'true'"),
    sealed: "{ exec: { put: [sh, -c, 'cat >/dev/null', '{key}'], remove: ['true', '{key}'] } }",
  }
  const other = (key: string) => `{ env-file: { path: '${key}.env', name: KEY } }`
  const before = Object.entries(stores).map(([key, store]) => [key, `[${other(key)}, ${store}]`] as const)
  // Another key declares the same programs, so what they are is part of the present configuration.
  const others = Object.entries(stores).map(([key, store]) => [`${key}-too`, store] as const)
  await place.write('fluxloop-keys.yaml', configuration(Object.fromEntries([...before, ...others])))
  const first = await place.run(['apply', '--auto-approve'])
  t.equal(first.code, 0, first.stderr)
  const after = Object.keys(stores).map(key => [key, other(key)] as const)
  await place.write('fluxloop-keys.yaml', configuration(Object.fromEntries([...after, ...others])))

  const shown = await place.run(['plan'])
  t.match(shown.stdout, /secret out of .*remove += rm -f \.\.\/works\.kept/s)
  const applied = await place.run(['apply', '--auto-approve', '--json', '--log', 'log.jsonl'])
  t.equal(applied.code, 7)
  const { report } = JSON.parse(applied.stdout) as { readonly report: { readonly outcomes: unknown } }
  t.match(report.outcomes, [
    { key: 'lies', status: 'failed', message: /still gives the secret after it was asked to remove it/ },
    { key: 'sealed', status: 'done', removed: [{ result: 'unconfirmed' }] },
    { key: 'works', status: 'done', removed: [{ result: 'taken-out' }] },
  ])
  const history = await place.run(['history', '--log', 'log.jsonl'])
  t.match(history.stdout, /unconfirmed: /)
  t.match((await place.run(['plan', '--json'])).stdout, /"key": "lies"/, 'it is tried again')
})
