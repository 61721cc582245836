// `npm start`, the first thing that anyone runs: in a copy of what a checkout has after `npm ci`.
import { cp, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { needs } from '../support/needs.ts'
import { type Ended, type Workplace, ended, workplace } from '../support/program.ts'
import { keyringPrograms, sessionBus } from '../support/session-bus.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const keyIds = ['analytics-export', 'nightly-simulations', 'release-gate', 'sales-staging', 'support-bot-dev']

interface Checkout {
  readonly place: Workplace
  /** Lines are joined, since their breaks depend on the length of paths. */
  readonly npm: (...args: readonly string[]) => Promise<Ended>
}

async function checkout(t: Test, env: Readonly<Record<string, string>> = {}): Promise<Checkout> {
  const place = await workplace(t, env)
  for (const path of ['package.json', 'build', 'dist', 'examples', 'schemas']) {
    await cp(join(root, path), join(place.work, path), { recursive: true })
  }
  await symlink(join(root, 'node_modules'), join(place.work, 'node_modules'))
  return {
    place,
    npm: async (...args) => {
      const whole = ['-u', 'NODE_OPTIONS', 'npm', ...args]
      const ending = await ended('env', whole, { cwd: place.work, env: place.env })
      return { ...ending, stdout: ending.stdout.replace(/\s+/g, ' ') }
    },
  }
}

/** Each word in its turn. */
function tells(t: Test, { code, stdout, stderr }: Ended, ...words: readonly (string | RegExp)[]): void {
  t.equal(code, 0, stderr)
  let rest = stdout
  for (const word of words) {
    const at = typeof word === 'string' ? rest.indexOf(word) : rest.search(word)
    t.ok(at >= 0, `tells ${String(word)}${at >= 0 ? '' : ` in ${rest}`}`)
    if (at >= 0) rest = rest.slice(at)
  }
}

t.test('works without a keychain service, through the fallback, and says so', async t => {
  if (!needs(t, 'age')) return
  const { place, npm } = await checkout(t)
  const before = await readdir(place.work)
  tells(
    t,
    await npm('start'),
    'A sandbox with a past',
    '$ fluxloop-keys apply -c examples/fluxloop-keys.yaml',
    /drift/,
    /max age/,
    'Unmanaged keys:',
    /Plan: 3 to create, 1 to update( \(.*\))?, 1 to rotate, 0 to revoke\./,
    'the fallback: no keychain service here',
    'Apply complete! 3 created, 1 updated, 1 rotated',
    '$ fluxloop-keys plan',
    'No changes.',
    'The secrets are in the stores named above',
    'Try next:',
    'npm run demo:remove',
  )
  for (const keyId of keyIds) {
    const files = ['.demo/identity.txt', `.demo/secrets/${keyId}.age`].map(path => join(place.work, path))
    const { stdout } = await ended('age', ['-d', '-i', ...files])
    t.match(stdout, /^flux_(dev|stg|prod|ci)_\w+\n$/, `${keyId} is in its encrypted file`)
  }
  t.match(await place.read('.demo/agents.env'), /^FLUXLOOP_API_KEY=.?flux_dev_/m)

  tells(
    t,
    await npm('start'),
    'goes on from where it was',
    'No changes.',
    '$ fluxloop-keys plan',
    'No changes.',
  )
  tells(t, await npm('run', 'demo:remove'), 'Removed the demo')
  t.strictSame(await readdir(place.work), before, 'nothing of it is left')
  tells(t, await npm('start'), 'A sandbox with a past', 'Apply complete!', 'No changes.')
})

t.test('uses the keychain where there is one, and takes its entries out again', async t => {
  if (!keyringPrograms.every(program => needs(t, program))) return
  const bus = await sessionBus(t)
  const { place, npm } = await checkout(t, bus.env)
  const start = await npm('start')
  tells(t, start, 'in keychain fluxloop/acme-agents/', 'Apply complete!', 'No changes.')
  t.notMatch(start.stdout, 'the fallback:')
  for (const keyId of keyIds) {
    t.match(await bus.lookup('fluxloop', `acme-agents/${keyId}`), /^flux_\w+$/, `secret-tool finds ${keyId}`)
  }
  t.notOk((await readdir(join(place.work, '.demo'))).includes('secrets'), 'the fallback holds none')
  tells(t, await npm('run', 'demo:remove'), 'Removed the demo')
  for (const keyId of keyIds) t.equal(await bus.lookup('fluxloop', `acme-agents/${keyId}`), '', keyId)
})
