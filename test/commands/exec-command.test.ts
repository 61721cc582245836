import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readCommandLine } from '../../src/cli.ts'
import { variablesOf } from '../../src/commands/secret/variables.ts'
import { Secret } from '../../src/model/secret.ts'
import { createStores } from '../../src/stores/open.ts'
import { failed } from '../support/failed.ts'
import { needs } from '../support/needs.ts'
import { type Workplace, asUsersDo, workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'
import { keyringPrograms, sessionBus } from '../support/session-bus.ts'
import { openShell } from '../support/shell.ts'
import { type Sighting, type Watch, watchProcesses } from '../support/watch-processes.ts'

const secret = 'flux_ci_sentinel0123456789'
const other = 'flux_prod_sentinel9876543210'

const configuration = `
version: 1
stack: acme-agents
defaults: { expires: 90d }
keys:
  ci-pipeline: { name: CI, scope: all, permissions: [read_scenarios], store: { env-file: { path: a.env, name: KEY } } }
  backup-service: { name: Backup, scope: all, permissions: [read_scenarios], store: { env-file: { path: b.env, name: KEY } } }
  broken: { name: Broken, scope: all, permissions: [read_scenarios], store: { env-file: { path: c.env, name: KEY } } }
  in-keychain: { name: Keychain, scope: all, permissions: [read_scenarios] }
`

async function scene(t: Test, env: Readonly<Record<string, string>> = {}): Promise<Workplace> {
  const place = await workplace(t, env)
  await place.write('fluxloop-keys.yaml', configuration)
  await place.write('a.env', `KEY=${secret}\n`)
  await place.write('b.env', `KEY=${other}\n`)
  await place.write('c.env', `KEY="two words"\n`)
  return place
}

t.test('names a variable for each key, and never two keys for one', async t => {
  const read = (line: string, ...env: readonly string[]) =>
    variablesOf(line.split(' '), env)
      .map(({ name, keyId }) => `${name}=${keyId}`)
      .join(' ')
  t.equal(read('ci'), 'FLUXLOOP_API_KEY=ci')
  t.equal(read('ci', 'AGENT_KEY'), 'AGENT_KEY=ci')
  t.equal(
    read('ci', 'FLUXLOOP_SYNC_API_KEY', 'FLUXLOOP_API_KEY', 'FLUXLOOP_API_KEY'),
    'FLUXLOOP_SYNC_API_KEY=ci FLUXLOOP_API_KEY=ci',
  )
  t.equal(read('A=ci B=backup ops'), 'A=ci B=backup FLUXLOOP_API_KEY=ops')
  t.equal(read('A=ci B=ci'), 'A=ci B=ci', 'one key under two names')
  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['ci backup', [], /Both ci and backup would be FLUXLOOP_API_KEY/],
    ['ci ci', [], /ci is there twice/],
    ['A=ci A=backup', [], /Both ci and backup would be A/],
    ['FLUXLOOP_API_KEY=ci backup', [], /Both ci and backup/],
    ['1A=ci', [], /`1A` is not a name of a variable/],
    ['=ci', [], /`` is not a name of a variable/],
    ['A=', [], /names no key/],
    ['ci', ['A-B'], /`A-B` is not a name/],
    ['ci', ['B=backup'], /`B=backup` is not a name/],
    ['A=ci', ['B'], /--env B is for a key without a name/],
  ]
  for (const [line, env, message] of refused) {
    const failure = await failed(Promise.resolve().then(() => variablesOf(line.split(' '), env)))
    t.match(failure, { code: 'usage', message }, `${line} ${env.join(' ')}`)
    t.ok(failure.hints.length > 0)
  }
})

t.test('takes what stands after -- for another program, and only there', async t => {
  const refused = (line: string) => failed(Promise.resolve().then(() => readCommandLine(line.split(' '))))
  t.match(await refused('exec ci npm test --all'), {
    message: 'exec needs -- before the command that it runs',
    hints: [/exec ci -- npm test/, /help exec/],
  })
  t.match(await refused('exec ci --'), { message: 'exec needs <command...> after --' })
  t.match(await refused('exec -- ls'), { message: /exec needs <\[name=\]key/ })
  t.match(await refused('exec ci --nonsense -- ls'), { message: 'Unknown flag --nonsense' })
  t.match(await refused('plan -- --json'), { message: /Unexpected argument `--json`/ })
})

t.test('runs a program with the secret in its environment, and asks no platform', async t => {
  const platform = await servedPlatform(t)
  const place = await scene(t, platform.env)
  platform.forget()
  const shown = 'printf "%s|" "$FLUXLOOP_API_KEY" "$A" "$B" "$PWD" "$@"'
  const one = await place.run([
    'exec',
    'ci-pipeline',
    '--',
    'sh',
    '-c',
    shown,
    'sh',
    '-c',
    '--help',
    '--',
    '',
  ])
  t.strictSame(one, {
    code: 0,
    signal: null,
    stdout: `${secret}|||${place.work}|-c|--help|--||`,
    stderr: '',
  })
  const two = await place.run(['exec', 'A=ci-pipeline', 'B=backup-service', '--', 'sh', '-c', shown])
  t.equal(two.stdout, `|${secret}|${other}|${place.work}|`, 'our own credential is not passed on')
  const old = await place.run(
    ['exec', 'ci-pipeline', '--', 'sh', '-c', 'echo "$FLUXLOOP_SYNC_API_KEY$COPY$REST"'],
    {
      env: {
        FLUXLOOP_SYNC_API_KEY: platform.env.FLUXLOOP_API_KEY,
        COPY: `Bearer ${platform.env.FLUXLOOP_API_KEY}`,
        REST: 'stays',
      },
    },
  )
  t.equal(old.stdout, 'stays\n', 'nor under its older name, or another one')
  t.strictSame(platform.requests, [])
})

t.test('exits as the program does, and says why it could not begin', async t => {
  const place = await scene(t)
  await place.write('no-program', 'text')
  const run = (...command: readonly string[]) => place.run(['exec', 'ci-pipeline', '--', ...command])
  t.match(await run('sh', '-c', 'exit 7'), { code: 7, stderr: '' })
  t.match(await run('sh', '-c', 'kill -KILL $$'), { code: 137, stderr: '' })
  t.match(await run('sh', '-c', 'kill -TERM $$'), { code: 143, stderr: '' })
  t.match(await run('sh', '-c', 'kill -INT $$'), { code: null, signal: 'SIGINT', stderr: '' })
  t.match(await run('no-such-program'), { code: 127, stderr: /There is no program no-such-program/ })
  t.match(await run('./no-such-program'), { code: 127, stderr: /Look at its path/ })
  t.match(await run('./no-program'), {
    code: 126,
    stderr: /\.\/no-program cannot be run \(EACCES\)[^]*chmod/,
  })
  t.match(await run('./no-program/x'), { code: 127 })
  t.match(await run('sh', '-c', 'echo; exit 3', '--detailed-exitcode'), { code: 3 })
  for (const [key, code, stderr] of [
    ['ci-pipline', 5, /Did you mean ci-pipeline/],
    ['broken', 1, /c\.env[^]*holds is not a secret of\s+broken/],
  ] as const) {
    const refused = await place.run(['exec', key, '--', 'echo', 'it ran', '--detailed-exitcode'])
    t.match(refused, { code, stdout: '', stderr })
  }
})

t.test('passes what is piped in, whole', async t => {
  const place = await scene(t)
  const [command, ...args] = asUsersDo
  const child = spawn(command, [...args, 'exec', 'ci-pipeline', '--', 'sh', '-c', 'sleep 0.2; wc -c'], {
    cwd: place.work,
    env: place.env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stdin.end(Buffer.alloc(3_000_000, 'x'))
  t.strictSame(await once(child, 'close'), [0, null])
  t.equal(stdout.trim(), '3000000')
})

t.test('sends a signal on to the program once, where no terminal does', async t => {
  const place = await scene(t)
  const [command, ...args] = asUsersDo
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const) {
    const name = signal.slice(3)
    const script = `trap 'echo ${name}; got=1' ${name}; echo ready; until [ "$got" ]; do sleep 0.05; done; sleep 0.2; exit 9`
    const child = spawn(command, [...args, 'exec', 'ci-pipeline', '--', 'sh', '-c', script], {
      cwd: place.work,
      env: place.env,
      stdio: ['ignore', 'pipe', 'inherit'],
      // A session of its own, which has no terminal.
      detached: true,
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout === '') process.kill(child.pid ?? 0, signal)
      stdout += text
    })
    t.strictSame(await once(child, 'close'), [9, null], signal)
    t.equal(stdout, `ready\n${name}\n`)
  }
})

/** A shell with job control, in a terminal, whose prompt is `ready> ` and whose `keys` is the program. */
async function shellIn(t: Test, place: Workplace) {
  const shell = openShell(t, 'bash', ['--norc', '--noprofile', '-i'], {
    cwd: place.work,
    env: { ...place.env, PS1: 'ready> ', TERM: 'xterm', LESS: '', HISTFILE: '' },
  })
  await shell.until(/ready> /)
  shell.type(`keys() { ${asUsersDo.join(' ')} exec ci-pipeline -- "$@"; }\r`)
  const run = (line: string) => {
    shell.clear()
    shell.type(`${line}\r`)
  }
  return { ...shell, run }
}

t.test('leaves Ctrl-C to the program, and ends as it does', async t => {
  if (!needs(t, 'bash')) return
  const shell = await shellIn(t, await scene(t))
  shell.run(
    `keys sh -c 'trap "echo caught; n=1" INT; echo go; until [ $n ]; do sleep 0.1; done; exit 5'; echo "=$?="`,
  )
  await shell.until(/^go/m)
  shell.type('\u0003')
  await shell.until(/=\d+=\s/)
  t.match(shell.seen(), /=5=/, 'it lives on where the program does')
  t.equal(shell.seen().match(/^(\^C)?caught/gm)?.length, 1, 'once')

  shell.run('keys sh -c "echo go; exec sleep 60"')
  await shell.until(/^go/m)
  shell.type('\u0003')
  await shell.until(/ready> $/)
  shell.run('echo "=$?="')
  await shell.until(/=130=/)

  shell.run('for i in 1 2 3; do keys sh -c "echo go; exec sleep 60"; echo again; done')
  await shell.until(/^go/m)
  shell.type('\u0003')
  await shell.until(/ready> $/)
  t.notMatch(shell.seen(), /^again/m, 'and a script stops as it does at any other program')
  shell.run('keys sh -c "kill -9 \\$\\$"; echo "=$?="')
  await shell.until(/=137=/)
})

t.test('stops and goes on with the program, and lets it see the size of the terminal', async t => {
  if (!needs(t, 'bash')) return
  const shell = await shellIn(t, await scene(t))
  shell.run(`keys sh -c 'trap "stty size" WINCH; echo go; until [ -e done ]; do sleep 0.1; done; echo over'`)
  await shell.until(/^go/m)
  shell.resize(97, 41)
  await shell.until(/^41 97/m)
  shell.type('\u001a')
  await shell.until(/Stopped[^]*ready> $/)
  shell.run('touch done; fg; echo "=$?="')
  await shell.until(/^over[^]*=0=/m)
  t.pass('all of it was seen')
})

t.test('runs a program that takes the whole screen', async t => {
  if (!needs(t, 'bash') || !needs(t, 'less') || !needs(t, 'top')) return
  const place = await scene(t)
  await place.write('text', Array.from({ length: 500 }, (_, line) => `line ${line}\n`).join(''))
  const shell = await shellIn(t, place)
  shell.run('before=$(stty -g); keys less text; echo "=$?="; [ "$before" = "$(stty -g)" ] && echo same')
  await shell.until(/\u001b\[\?1049h[^]*line 20/)
  shell.type('G')
  await shell.until(/line 499/)
  shell.type('q')
  await shell.until(/\u001b\[\?1049l[^]*=0=[^]*same/)
  shell.run('keys top; echo "=$?="')
  await shell.until(/load average/)
  shell.type('q')
  await shell.until(/=0=/)
  t.pass('all of it was seen')
})

t.test('shows the secret in the environment of that one program, and in no argument', async t => {
  if (!keyringPrograms.every(program => needs(t, program))) return
  const bus = await sessionBus(t)
  const place = await scene(t, bus.env)
  const helper = join(import.meta.dirname, '../../dist/keychain-helper.js')
  const stores = createStores({
    env: { ...process.env, ...bus.env },
    keychainHelper: { command: process.execPath, args: [helper] },
  })
  await stores
    .open({ kind: 'keychain', service: 'fluxloop', account: 'acme-agents/in-keychain', fallback: null })
    .put(new Secret(secret))
  await stores.close()
  const seen: Sighting[] = []
  const ofHolders = () => seen.filter(({ environ }) => environ.includes(secret))
  const ofKeychain = () => seen.filter(({ cmdline }) => cmdline.includes('keychain-helper'))
  // On a busy machine one run may be over before the watch comes to look at each of its processes.
  for (let runs = 0; runs < 5 && (ofHolders().length === 0 || ofKeychain().length === 0); runs += 1) {
    const watches: Watch[] = []
    const { code, stderr } = await place.run(
      ['exec', 'in-keychain', '--', 'sh', '-c', 'env -u FLUXLOOP_API_KEY sleep 0.3; exit 4'],
      { watch: child => watches.push(watchProcesses(child.pid ?? 0)) },
    )
    t.equal(code, 4, stderr)
    for (const watch of watches) seen.push(...(await watch.stop()))
  }
  const holders = ofHolders().map(({ cmdline }) => cmdline)
  t.ok(holders.length > 0, 'the program was seen')
  t.strictSame(
    holders.filter(cmdline => !cmdline.startsWith('sh\0') && !cmdline.startsWith('env\0-u\0FLUXLOOP')),
    [],
    'the program, and what it starts before it says otherwise',
  )
  t.notOk(
    seen.some(({ cmdline }) => cmdline.includes(secret)),
    'no argument has it',
  )
  t.ok(ofKeychain().length > 0, 'the keychain was asked')
})

t.test("warns of a file that the platform's own client takes in place of the key that it gets", async t => {
  const place = await scene(t)
  await place.write('.fluxloop/.env', 'FLUXLOOP_SYNC_API_KEY=flux_ci_dead0123456789\n')
  await place.write('.env', `FLUXLOOP_API_KEY=${secret}\n`)
  const { code, stdout, stderr } = await place.run([
    'exec',
    'ci-pipeline',
    '--',
    'printenv',
    'FLUXLOOP_API_KEY',
  ])
  t.strictSame([code, stdout], [0, `${secret}\n`])
  t.match(stderr, /^Warning: .*\.fluxloop\/\.env sets FLUXLOOP_SYNC_API_KEY to another value/)
  t.notMatch(stderr, /dead0123|FLUXLOOP_API_KEY to another/)
})
