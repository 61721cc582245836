// Kills the built program at steps that makes and delivers a secret, where the stores are real ones, and shows that the next
// apply heals what was left. `npm run test:campaigns` kills it at every step: `--only long` with these stores, `--only crash` with others.
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { type Variant, everyKill, scene } from '../support/kill-and-heal.ts'
import { needs } from '../support/needs.ts'
import { ended } from '../support/program.ts'

const files: Variant = async t => {
  const stores = `
      - age-file: { path: 'secrets/{key}.age', identity: identity.txt }
      - env-file: { path: agents.env, name: FLUXLOOP_API_KEY }
`
  const made = await scene(t, stores, {})
  const { place } = made
  await ended('age-keygen', ['-o', join(place.work, 'identity.txt')])
  return {
    ...made,
    stored: async () => {
      const secret = join(place.work, 'secrets/ci-pipeline.age')
      const age = await ended('age', ['-d', '-i', join(place.work, 'identity.txt'), secret])
      const env = await place.read('agents.env').catch(() => '')
      return [age.stdout.trim(), /^FLUXLOOP_API_KEY=["']?(.*?)["']?$/m.exec(env)?.[1] ?? '']
    },
  }
}

t.test('heals every kill, where the secret goes into an age file and an env file', async t => {
  if (!needs(t, 'age') || !needs(t, 'age-keygen')) return
  everyKill(t, ['create'], files, 2)
})

/** Is it there, and no zombie? */
async function isAlive(pid: string): Promise<boolean> {
  const { stdout } = await ended('ps', ['-o', 'stat=', '-p', pid])
  return /^[^Z\s]/.test(stdout)
}

for (const signals of [['SIGKILL'], ['SIGINT', 'SIGINT']] as const) {
  t.test(`a store’s program ends with the run that began it: ${signals.join(', ')}`, async t => {
    if (!needs(t, 'ps')) return
    const slow = 'cat > late.new; sleep 60 & echo $$ $! > pids; wait; mv late.new late'
    const { place } = await scene(t, `      - exec: { put: [sh, -c, '${slow}'] }\n`, {})
    const run = place.run(['apply', '--auto-approve'], {
      watch: child => {
        let said = ''
        child.stderr?.on('data', (text: Buffer) => (said += String(text)))
        void (async () => {
          while ((await place.read('pids').catch(() => '')) === '') await setTimeout(20)
          const [first, second] = signals
          child.kill(first)
          if (second === undefined) return
          while (!said.includes('Ctrl-C again aborts')) await setTimeout(20)
          child.kill(second)
        })()
      },
    })
    t.match(await run, signals.length === 1 ? { signal: 'SIGKILL' } : { code: 130 })
    const pids = (await place.read('pids')).trim().split(' ')
    t.equal(pids.length, 2)
    // A test that waits in vain is ended as a hang.
    for (const pid of pids) while (await isAlive(pid)) await setTimeout(50)
    t.equal(await place.read('late').catch(() => null), null, 'and puts nothing any more')
  })
}
