// What can be wrong with a real store, before a run and in the middle of it: what the program says, what the key's other two
// stores get, and what the next apply does. `npm run test:campaigns -- --only stores` plays all of it.
import { execFileSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { keysOf, outputFaults, planFaults } from '../support/invariants.ts'
import { needs } from '../support/needs.ts'
import type { Broken } from './support/store-fault.ts'
import { storeFaults, titleOfStoreFault } from './support/store-faults.ts'
import { type StoreScene, inAgeFile, inEnvFile, storeScene } from './support/store-scene.ts'

/** A file system of 256 kB of its own; the scene's folder is empty until then. */
function mounted(t: Test, { folder }: StoreScene): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'none', folder], { stdio: 'ignore' })
  } catch {
    t.pass('skipped: needs the right to mount', { skip: 'needs the right to mount' })
    return false
  }
  t.teardown(() => execFileSync('umount', ['-l', folder]))
  return true
}

const agents = async ({ platform }: StoreScene) =>
  keysOf(await platform.managed(), 'agents').map(({ live }) => live)

/** Whose secret each of the three stores holds; null where it holds none that works. */
async function holders(scene: StoreScene, { held }: Broken): Promise<readonly (string | null)[]> {
  const found: (string | null)[] = []
  for (const secret of [
    await inEnvFile(scene, 'first.env'),
    await held(),
    await inAgeFile(scene, 'third.age'),
  ])
    found.push(secret === null ? null : await scene.platform.holder(secret))
  return found
}

/** One of each kind: a file, a program, a daemon; absent, refusing, hanging; before the run and in the middle of it. */
const usual: readonly string[] = [
  'there is no D-Bus session, before the run',
  'the keyring gets locked, once the key is made',
  'a store gives back something else, before the run',
  'the `put` of a program never ends, nor does its child, before the run',
  'the keyring daemon hangs, once the key is made',
  'the disk is full, once the key is made',
  'the folder is read-only, before the run',
  'a link stands in the place of the file, once the key is made',
]
const asked = process.env['STORE_FAULT']
const played = storeFaults.filter(fault =>
  asked === undefined ? usual.includes(titleOfStoreFault(fault)) : titleOfStoreFault(fault) === asked,
)
if (played.length !== (asked === undefined ? usual.length : 1))
  t.fail('there is a fault of a store by each of these titles')

// Most of the time they wait, the longest for a minute.
t.jobs = 3
for (const fault of played) {
  const { when, programs = [], as = null, setUp, reason, code = 7, hidden = false } = fault
  t.test(
    `loses nothing and heals at the next apply, where ${titleOfStoreFault(fault)}`,
    { buffered: true },
    async t => {
      if (process.platform !== 'linux') return
      const all = ['age', 'age-keygen', ...programs, ...(as === null ? [] : ['setpriv'])]
      if (!all.every(program => needs(t, program))) return
      if (as !== null && process.getuid?.() !== 0)
        return void t.pass('skipped: needs root', { skip: 'needs root, to be another user' })
      const scene = await storeScene(t, as)
      if (programs.includes('mount') && !mounted(t, scene)) return
      const broken = await setUp(t, scene)
      await scene.declare(broken.store)
      if (when === 'before') await broken.breaks()
      else scene.whenMade('Agents', () => broken.breaks())

      const ran = await scene.apply()
      t.equal(ran.code, code, `the other key is done: ${ran.stdout}${ran.stderr}`)
      t.match(ran.stdout.replace(/\s+/g, ' '), reason)
      t.strictSame(outputFaults(ran.stdout + ran.stderr, scene.issued), [])
      const made = await agents(scene)
      if (code !== 0) {
        const [first, , third] = await holders(scene, broken).catch(() => [null, null, null])
        t.strictSame([first, third], made.length === 0 ? [null, null] : [made[0]?.id, made[0]?.id])
        t.equal(made.length, when === 'before' && !hidden ? 0 : 1)
      }
      t.ok((await broken.untouched?.()) ?? true, 'what is not ours is as it was')

      await broken.mends()
      const healed = await scene.apply()
      t.equal(healed.code, 0, `${healed.stdout}${healed.stderr}`)
      t.strictSame(planFaults(await scene.plan()), [])
      const [live, ...more] = await agents(scene)
      t.strictSame(more, [])
      t.strictSame(await holders(scene, broken), [live?.id, live?.id, live?.id])
      t.strictSame(outputFaults(healed.stdout + healed.stderr, scene.issued), [])
    },
  )
}
