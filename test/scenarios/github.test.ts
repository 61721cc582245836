// The life of a key whose secret goes to GitHub Actions, with a `gh` that keeps what it is given, a consumer that reads it
// there, and the real program.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { day, hour } from '../../src/model/duration.ts'
import type { PlanJson } from '../../src/render/plan/plan-json.ts'
import { type Workplace, workplace } from '../support/program.ts'
import { type ServedPlatform, servedPlatform } from '../support/served-platform.ts'

/** Keeps secrets in files by repository and name, and writes down its arguments; it gives none back, as the real one. */
const gh = `#!/bin/sh
folder=\${0%/*}
printf '%s\\n' "$*" >>"$folder/calls"
case "$1 $2" in
  'auth status') exit 1 ;; # a login elsewhere has ended
  'secret list') exit 0 ;;
  'secret set') cat >"$folder/secret-$3" ;;
  'secret delete') rm "$folder/secret-$3" ;;
  *) echo "unknown command $*" >&2; exit 1 ;;
esac
`

interface Scene {
  readonly place: Workplace
  readonly platform: ServedPlatform
  readonly apply: () => Promise<string>
  readonly plan: () => Promise<PlanJson>
  /** What GitHub would hand to a job. */
  readonly secret: () => Promise<string>
  readonly calls: () => Promise<readonly string[]>
}

async function scene(t: Test): Promise<Scene> {
  const platform = await servedPlatform(t)
  const place = await workplace(t, platform.env)
  const bin = join(place.root, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'gh'), gh)
  await chmod(join(bin, 'gh'), 0o755)
  await place.write(
    'fluxloop-keys.yaml',
    `
version: 1
stack: acme
keys:
  ci:
    name: CI
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    rotate: { maxAge: 60d, grace: 48h, quiet: 24h }
    store: { github-actions: { repo: acme/agents, name: FLUXLOOP_API_KEY } }
`,
  )
  const run = async (...line: readonly string[]) => {
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` }
    const { code, stdout, stderr } = await place.run(line, { env })
    if (code !== 0) throw new Error(`${line.join(' ')} exits ${code}: ${stderr}${stdout}`)
    return stdout + stderr
  }
  return {
    place,
    platform,
    apply: () => run('apply', '--auto-approve'),
    plan: async () => JSON.parse(await run('plan', '--json')) as PlanJson,
    secret: () => readFile(join(bin, 'secret-FLUXLOOP_API_KEY'), 'utf8'),
    calls: async () => (await readFile(join(bin, 'calls'), 'utf8')).trimEnd().split('\n'),
  }
}

t.test('a CI key is set, used, rotated under its users, held while used, and revoked when quiet', async t => {
  const { platform, apply, plan, secret, calls } = await scene(t)
  t.match((await plan()).secrets, [
    { key: 'ci', owner: 'anyone', stores: [{ store: /github-actions acme\/agents/ }] },
  ])

  let told = await apply()
  const first = await secret()
  const firstId = await platform.holder(first)
  t.ok(firstId, 'a job can use what it was given')
  t.match((await calls()).at(-1), /^secret set FLUXLOOP_API_KEY --repo acme\/agents/)
  t.notMatch((await calls()).join('\n'), first, 'the secret was in no argument')

  platform.now += 61 * day
  t.match((await plan()).changes, [{ action: 'rotate', strategy: 'overlap' }])
  told += await apply()
  const second = await secret()
  const secondId = await platform.holder(second)
  t.not(second, first, 'GitHub has the successor')
  t.ok(secondId)
  t.equal(await platform.holder(first), firstId, 'a job that is under way goes on with the old one')

  platform.now += 3 * day
  t.equal(await platform.holder(first), firstId, 'somebody still uses it after its grace')
  const held = await plan()
  t.match([held.changes, held.retiring], [[], [{ id: firstId, wait: { code: 'in-use' } }]])
  told += await apply()
  t.equal(await platform.holder(first), firstId, 'so it lives')

  platform.now += 25 * hour
  t.match((await plan()).changes, [{ action: 'revoke', id: firstId }])
  told += await apply()
  t.equal(await platform.holder(first), null, 'quiet for a day, it is revoked')
  t.equal(await platform.holder(second), secondId)
  t.match(await plan(), { changes: [], retiring: [] })
  t.notMatch(told, /flux_\w+_\w{8}/, 'no secret was printed')
})
