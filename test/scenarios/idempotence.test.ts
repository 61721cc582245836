// After any apply there is nothing left to do: over configurations that nobody thought of, as text, through the real loader,
// planner and apply, against the sandbox.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { loadConfiguration } from '../../src/config/load.ts'
import type { DesiredState } from '../../src/model/desired.ts'
import { day } from '../../src/model/duration.ts'
import { allPermissions } from '../../src/model/permission.ts'
import { now } from '../support/build.ts'
import { folder } from '../support/failed.ts'
import { whole } from '../support/whole.ts'
import { type World, openWorld } from '../support/world.ts'

const keyIds = ['agents', 'backup', 'ci-pipeline', 'release_gate', 'x'] as const
const projects = ['customer-support-bot', 'sales-assistant', 'analytics-agent']

const permissions = fc.oneof(
  fc.constant(['*']),
  fc.constant(['role:reader']),
  fc.constant(['role:reader', 'manage_keys']),
  fc.subarray([...allPermissions], { minLength: 1 }),
)

const text = fc.stringMatching(
  /^[A-Za-zÄß中😀"':#\][{}&*!|>%@-][A-Za-zÄß中😀 "':#\][{}&*!|>%@-]{0,30}[a-z]$/u,
)

/** Paths hold the key id, since no two keys may share a place. */
const stores = fc.subarray(
  [
    { 'env-file': { path: '{key}.env', name: 'FLUXLOOP_API_KEY' } },
    { 'env-file': { path: 'other/{key}.env', name: 'OTHER' } },
    { 'age-file': { path: '{key}.age', identity: 'identity.txt' } },
    {
      'age-file': {
        path: '{key}.sealed',
        recipients: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
      },
    },
  ],
  { minLength: 1 },
)

const declaration = fc.record(
  {
    name: text,
    scope: fc.oneof(fc.constant('all'), fc.subarray(projects, { minLength: 1 })),
    permissions,
    expires: fc.constantFrom('36h', '30d', '90d', '1y', 'never', '2026-12-01', '2031-01-31'),
    store: stores,
    rotate: fc.record({
      maxAge: fc.constantFrom('never', '20d', '60d'),
      grace: fc.constantFrom('1h', '12h'),
      quiet: fc.constantFrom('1h', '24h'),
    }),
    description: text,
    owner: text,
    environment: fc.constantFrom('dev', 'stg', 'prod', 'ci'),
    protect: fc.boolean(),
  },
  { requiredKeys: ['name', 'scope', 'permissions', 'expires', 'store', 'rotate'] },
)

/** What an edit makes of one block. */
const edit = fc.oneof(
  fc.record({ does: fc.constant('leaves it' as const) }),
  fc.record({ does: fc.constant('removes it' as const) }),
  fc.record({ does: fc.constant('changes it' as const), to: declaration }),
  fc.record({ does: fc.constant('adjusts it' as const), permissions, store: stores }),
)

type Keys = Readonly<Record<string, unknown>>

const story = fc
  .record({
    first: fc.array(fc.option(declaration), { minLength: keyIds.length, maxLength: keyIds.length }),
    edits: fc.array(edit, { minLength: keyIds.length, maxLength: keyIds.length }),
    daysBetween: fc.constantFrom(0, 1, 25, 70, 400),
  })
  .map(({ first, edits, daysBetween }) => {
    const before: Record<string, unknown> = {}
    const after: Record<string, unknown> = {}
    keyIds.forEach((keyId, index) => {
      const [key, change] = [first[index] ?? null, edits[index]]
      if (key !== null) before[keyId] = key
      if (change?.does === 'changes it') after[keyId] = change.to
      else if (key !== null && change?.does === 'adjusts it')
        after[keyId] = { ...key, permissions: change.permissions, store: change.store }
      else if (key !== null && change?.does === 'leaves it') after[keyId] = key
    })
    return { before, after, daysBetween }
  })

/** JSON is YAML. */
function configuration(keys: Keys): string {
  return JSON.stringify({
    version: 1,
    stack: 'generated',
    roles: { reader: ['read_scenarios', 'read_results'] },
    limits: { revoke: '100%', rotate: '100%', always: 1000 },
    keys,
  })
}

t.test('after an apply, and after an edit, some time and another apply, the next plan is empty', async t => {
  const cwd = folder(t)
  const load = async (keys: Keys): Promise<DesiredState> => {
    await writeFile(join(cwd, 'fluxloop-keys.yaml'), configuration(keys))
    const loaded = await loadConfiguration({ paths: [], cwd, now })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics))
    return loaded.desired
  }
  const applyAll = async (w: World, desired: DesiredState): Promise<void> => {
    const { plan, report } = await w.apply(desired)
    const undone = report.outcomes.filter(({ status }) => status !== 'done')
    if (undone.length > 0) throw new Error(`not done: ${JSON.stringify(undone)}`)
    changes += plan.changes.length
    const { changes: left, findings } = await w.plan(desired)
    if (left.length > 0) throw new Error(`still to do: ${JSON.stringify(left)}`)
    if (findings.some(({ severity }) => severity === 'refusal')) throw new Error(JSON.stringify(findings))
  }
  let changes = 0
  const stories = whole ? 200 : 25
  await fc.assert(
    fc.asyncProperty(story, async ({ before, after, daysBetween }) => {
      const w = openWorld()
      try {
        await applyAll(w, await load(before))
        const desired = await load(after)
        w.now += daysBetween * day
        await applyAll(w, desired)
      } finally {
        w.close()
      }
    }),
    { numRuns: stories },
  )
  t.ok(changes > 3 * stories, 'there was something to do at first')
})
