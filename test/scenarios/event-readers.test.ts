// What a program gets that reads the events of an apply while it runs, stops it, or goes away.
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { eventsOf } from '../support/events.ts'
import { workplace } from '../support/program.ts'
import { servedPlatform } from '../support/served-platform.ts'

const keys = ['one', 'two', 'three'].map(
  id => `
  ${id}:
    name: ${id}
    scope: all
    permissions: [read_scenarios]
    expires: 90d
    store: { env-file: { path: '{key}.env', name: FLUXLOOP_API_KEY } }`,
)

/** An apply whose first create is answered once `meanwhile` is over, which is given the child and what it printed so far. */
async function during(
  t: Test,
  meanwhile: (child: { kill(signal: 'SIGINT'): void; close(): void; said(): string }) => Promise<void>,
) {
  const place = await workplace(t)
  const platform = await servedPlatform(t)
  await place.write('fluxloop-keys.yaml', `version: 1\nstack: events\nkeys:${keys.join('')}\n`)
  let over: Promise<void> | null = null
  let begin = () => {}
  const begun = new Promise<void>(resolve => (begin = resolve))
  platform.before = async ({ method }) => {
    if (method !== 'POST') return null
    begin()
    await over
    return null
  }
  const ended = await place.run(['apply', '--auto-approve', '--json-lines', '--parallelism', '1'], {
    env: platform.env,
    watch: child => {
      let told = ''
      child.stderr?.on('data', (text: Buffer) => (told += String(text)))
      over = begun.then(() =>
        meanwhile({
          kill: signal => child.kill(signal),
          close: () => child.stdout?.destroy(),
          said: () => told,
        }),
      )
    },
  })
  return { ...ended, place, platform }
}

t.test(
  'Ctrl-C: what is in flight is finished, every change has an outcome, and a summary comes last',
  async t => {
    const { code, stdout } = await during(t, async child => {
      child.kill('SIGINT')
      while (!child.said().includes('Ctrl-C again aborts')) await setTimeout(20)
    })
    t.equal(code, 130)
    const events = eventsOf(stdout)
    t.equal(events.filter(({ event }) => event === 'outcome').length, 3)
    t.match(events.at(-1), { event: 'summary', exit_code: 130, interrupted: true })
  },
)

t.test('a reader that goes away does not stop the run', async t => {
  const { code, place, platform } = await during(t, async child => child.close())
  t.equal(code, 0)
  t.equal((await platform.managed()).length, 3)
  for (const id of ['one', 'two', 'three']) t.match(await place.read(`${id}.env`), /^FLUXLOOP_API_KEY=/m)
})
