// The built program with the built package: what a fleet looks like on its screen, as JSON and on the page of `ui`.
import type { ChildProcess } from 'node:child_process'
import t from 'tap'
import { workplace } from '../../../test/support/program.ts'
import { servedPlatform } from '../../../test/support/served-platform.ts'
import { postgresForTest } from '../support/postgres.ts'

const configuration = `version: 1
stack: one
keys:
  bot:
    { name: Bot, owner: a, environment: ci, scope: all, permissions: [read_scenarios], expires: 90d,
      store: { env-file: { path: one.env, name: K } } }
`

const postgres = await postgresForTest(t)
if (postgres !== null) {
  t.test('shows a fleet as text, as JSON and on the page of ui', async t => {
    const [place, platform, database] = [
      await workplace(t),
      await servedPlatform(t),
      await postgres.database(),
    ]
    const env = { ...platform.env, FLUXLOOP_KEYS_DATABASE_URL: database.url.reveal() }
    const run = (...args: readonly string[]) => place.run(args, { env })
    await place.write('fluxloop-keys.yaml', configuration)
    t.match(await run('fleet', 'status'), { code: 12, stderr: /fluxloop-keys fleet migrate/ })
    t.match(await run('fleet', 'migrate'), { code: 0 })
    const migrated = JSON.parse((await run('fleet', 'migrate', '--json')).stdout) as unknown
    t.strictSame(migrated, { format_version: '1.0', dry_run: false, steps: [] })
    await database.sql(`insert into fluxloop_keys.stack (id, origin, stack, mode, digest, priority, state, problem)
      values ('acme/<b>', 'https://p', 'one', 'apply', 'd', 0, 'failing', 'It & fails')`)
    t.match(await run('fleet', 'status'), { code: 0, stdout: /^1 stack: 1 failing\.\n/ })
    const { stdout } = await run('fleet', 'status', '--json')
    t.match(JSON.parse(stdout), { totals: { failing: 1 }, stacks: [{ name: 'acme/<b>', state: 'failing' }] })

    let child: ChildProcess | null = null
    const address = await new Promise<string>((resolve, reject) => {
      const watch = (begun: ChildProcess) => {
        child = begun
        begun.stdout?.on('data', (text: Buffer) => {
          const found = /^ {2}(http:.*)$/m.exec(text.toString())?.[1]
          if (found !== undefined) resolve(found)
        })
      }
      place.run(['ui'], { env, watch }).then(({ stderr }) => reject(new Error(stderr)), reject)
    })
    t.teardown(() => void child?.kill('SIGINT'))
    const entered = await fetch(address)
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
    const page = await fetch(new URL('/', address), { headers: { cookie } })
    const html = await page.text()
    t.match(html, '<bdi>acme/&lt;b></bdi>')
    t.match(html, 'It &amp; fails')
    t.match(html, '1 failing stack in the fleet.')
    t.notMatch(html, 'The fleet is not up to date')
  })
}
