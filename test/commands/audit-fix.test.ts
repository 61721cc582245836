// audit --fix of the built program against a sandbox over HTTP with a clock that is moved.
import { execFile } from 'node:child_process'
import { access, mkdir, readdir } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { day } from '../../src/model/duration.ts'
import { openPseudoTerminal } from '../support/pty.ts'
import { workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'
import { stage } from '../support/stage.ts'
import { growingTooFast, mostOf, workOf } from '../support/work.ts'

const configuration = `# Our keys\r
version: 1\r
stack: fixed\r
defaults: { expires: never, store: { env-file: { path: '{key}.env', name: K } } }\r
prune: { unmanaged: ignore }\r
roles:\r
  runner: [read_scenarios, upload_results] # shared\r
keys:\r
  idle: { name: Idle, description: d, owner: a, environment: ci, scope: [customer-support-bot], permissions: ["*"], expires: 1y }\r
  one:\r
    name: "One"\r
    description: d\r
    owner: a\r
    environment: ci\r
    scope: all\r
    permissions: [role:runner] # as all\r`

t.test('narrows what use proves, asks first, leaves the rest alone, and git takes it back', async t => {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  platform.now = Date.UTC(2026, 0, 1, 12)
  await place.write('fluxloop-keys.yaml', configuration)
  await promisify(execFile)('git', ['init', '-q'], { cwd: place.work })
  const run = (...line: readonly string[]) => place.run(line, { env: platform.env })
  const applied = await run('apply', '--auto-approve')
  t.equal(applied.code, 0, applied.stdout + applied.stderr)

  const young = await run('audit', '--fix', '--write', '--patch', 'young.patch', '--except', 'one')
  t.match(young.stdout, /idle: wildcard-permission: the key is younger than the window/)
  t.match(young.stdout, /There is nothing to fix\./)

  platform.now += 31 * day
  const secret = /"?(flux_\w+)"?/.exec(await place.read('one.env'))?.[1] ?? ''
  const answer = await platform.send(
    new Request('http://localhost/api/sync/pull', {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ project_id: 'customer-support-bot' }),
    }),
  )
  t.equal(answer.status, 200)

  const shown = await run('audit', '--fix')
  t.match(shown.stdout, /Nothing was written: there is nobody to ask/)
  t.match(shown.stdout, /idle: wildcard-permission: it used no permissions/)
  t.equal(await place.read('fluxloop-keys.yaml'), configuration)

  await mkdir(`${place.work}/folder`)
  for (const [patch, why] of [
    ['folder', /folder is there already[^]*--patch FILE/],
    ['fluxloop-keys.yaml/a.patch', /Cannot write\s+\S+a\.patch: a part of\s+the path is not a folder/],
  ] as const) {
    const failed = await run('audit', '--fix', '--write', '--patch', patch)
    t.notOk(failed.code === 0, patch)
    t.match(failed.stderr, why)
    t.notMatch(failed.stderr, /Internal error|\n\s+at /, 'no stack')
    t.equal(await place.read('fluxloop-keys.yaml'), configuration, 'and nothing is fixed')
  }
  t.strictSame(await readdir(`${place.work}/folder`), [])

  const terminal = openPseudoTerminal(t, place, ['audit', '--fix'], platform.env)
  await terminal.until(/Only `yes` is taken/)
  terminal.type('yes\r')
  t.equal((await terminal.ended).code, 0, terminal.seen())
  t.equal(
    await place.read('fluxloop-keys.yaml'),
    configuration
      .replace('scope: all', 'scope: [customer-support-bot]')
      .replace('permissions: [role:runner]', 'expires: 90d\r\n    permissions: [read_scenarios]'),
  )
  const again = await run('audit', '--json', '--only', 'one')
  t.notMatch(again.stdout, /"rule": ?"(?:unused-permission|all-projects|no-expiry|unused-project)"/)
  t.match((await run('audit', '--fix', '--write')).stdout, /There is nothing to fix\./)

  await promisify(execFile)('git', ['apply', 'fluxloop-keys.fix.patch'], { cwd: place.work })
  t.equal(await place.read('fluxloop-keys.yaml'), configuration)
  const refused = await run('audit', '--fix', '--write')
  t.match(refused.stderr, /is there already/)
  t.equal(await place.read('fluxloop-keys.yaml'), configuration)
  await t.rejects(access(`${place.work}/young.patch`))
  t.equal((await run('audit', '--write')).code, 2)
})

t.test('neither writes an end for an adopted key nor passes over one that apply may not write', async t => {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  platform.now = Date.UTC(2026, 0, 1, 12)
  const made = await platform.send(
    new Request('http://localhost/api/api-keys', {
      method: 'POST',
      headers: { authorization: `Bearer ${platform.administrator.reveal()}` },
      body: JSON.stringify({ name: 'Old one', permissions: ['read_scenarios'] }),
    }),
  )
  t.equal(made.ok, true)
  const declaring = (expires: string) => `version: 1
stack: adopted
prune: { unmanaged: ignore }
keys:
  old: { name: Old one, adopt: Old one, scope: all, permissions: [read_scenarios], expires: ${expires} }
`
  const run = (...line: readonly string[]) => place.run(line, { env: platform.env })
  const said = ({ stdout }: { readonly stdout: string }) => stdout.replace(/\s+/g, ' ')
  await place.write('fluxloop-keys.yaml', declaring('never'))
  t.match(await run('apply', '--auto-approve'), { code: 0, stdout: /1 adopted/ })
  platform.now += 100 * day

  const fixed = await run('audit', '--fix', '--write')
  t.match(said(fixed), 'old: no-expiry: it is adopted: apply would give it an end, and nothing renews it')
  t.equal(await place.read('fluxloop-keys.yaml'), declaring('never'))

  await place.write('fluxloop-keys.yaml', declaring('90d'))
  for (const line of [['plan'], ['apply', '--auto-approve'], ['plan']]) {
    const ended = await run(...line)
    t.match(said(ended), /is declared to end 2026-04-01 12:00 UTC \(10 days ago\), and never ends/)
    t.match(said(ended), 'No changes. What the warnings name is left as it is.')
  }
  const audited = await run('audit', '--json')
  t.match(audited, { code: 6, stdout: /"rule": "end-not-as-declared"/ })
})

/** Keys that never end, in one file, each with a list that keeps its comments. */
function endless(count: number): string {
  const keys = Array.from(
    { length: count },
    (_, index) => `  key-${index}:
    name: Key ${index}
    scope: [bot] # its own
    permissions:
      - read_results # why
    expires: never # for now
`,
  )
  return `version: 1\nstack: endless\ndefaults: { expires: 90d }\nkeys:\n${keys.join('')}`
}

t.test('does twice the work for twice as many fixes, and no more', async t => {
  const fixing = async (count: number) => {
    const { run, write, read } = stage(t, { 'fluxloop-keys.yaml': endless(count) })
    const work = await workOf(() => run('audit --offline --fix --write'))
    t.equal(
      await read('fluxloop-keys.yaml'),
      endless(count).replaceAll('expires: never', 'expires: 90d'),
      'nothing else changes',
    )
    await write('fluxloop-keys.yaml', '')
    return work
  }
  await fixing(2)
  let [once, twice] = [await fixing(150), await fixing(300)]
  // What grows too fast does so each time.
  for (let tries = 1; growingTooFast(once, twice).length > 0 && tries < 4; tries += 1)
    [once, twice] = [mostOf(once, await fixing(150)), mostOf(twice, await fixing(300))]
  t.strictSame(growingTooFast(once, twice), [])
  const parses = [...twice].filter(([piece]) => / parseEvents at /.test(piece)).map(([, count]) => count)
  t.ok(Math.max(...parses) <= 5, `the file is parsed ${Math.max(...parses)} times`)
})
