import t from 'tap'
import { workplace } from '../support/program.ts'

/** Neither reads a platform, so neither loads the half of the program that does: that took a sixth of the time of `exec`. */
const without = {
  validate: ['first', 'rolldown'],
  'exec ci -- true': ['first', 'rolldown', 'secrets', 'stores'],
} as const

t.test('validate and exec load no planner and no client of the platform', async t => {
  const place = await workplace(t)
  const store = '{ env-file: { path: .env, name: KEY } }'
  const key = `{ name: CI, scope: all, permissions: [read_results], expires: 90d, store: ${store} }`
  await place.write('fluxloop-keys.yaml', `version: 1\nstack: shop\nkeys:\n  ci: ${key}\n`)
  await place.write('.env', `KEY=flux_ci_${'0'.repeat(32)}\n`)
  for (const [line, chunks] of Object.entries(without)) {
    const { code, stderr } = await place.run(line.split(' '), { loaded: ['tell-chunks.mjs'], apart: true })
    t.equal(code, 0, stderr)
    t.equal(stderr.trim().split('\n').at(-1), `chunks: ${chunks.join(' ')}`)
  }
})
