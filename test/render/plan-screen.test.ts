import t from 'tap'
import type { Change, Plan } from '../../src/model/change.ts'
import { minute, second } from '../../src/model/duration.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { planToJson } from '../../src/render/plan/plan-json.ts'
import { renderPlan } from '../../src/render/plan/plan-text.ts'
import { golden } from './golden.ts'
import { desiredKey, emptyPlan, fullPlan, liveKey, managed, now } from './sample-plan.ts'
import { twentyKeys } from './twenty-keys.ts'

const plain = paletteFor(false)
const text = (plan: Plan, rest: { readonly full?: boolean; readonly width?: number } = {}) =>
  renderPlan(plan, { palette: plain, width: 120, ...rest })
const lastLine = (plan: Plan) => text(plan, { width: Infinity }).split('\n').at(-1)

function creates(count: number): Plan {
  const changes = Array.from({ length: count }, (_, index): Change => {
    const keyId = `bot-${String(index).padStart(3, '0')}`
    return { kind: 'create', keyId, generation: 1, desired: desiredKey(keyId) }
  })
  return { ...emptyPlan, changes }
}

t.test('shows a plan of 20 keys at 80 and 120 columns, with and without colour', async t => {
  for (const width of [80, 120]) {
    golden(t, `twenty-keys-${width}`, text(twentyKeys, { width }))
    golden(t, `twenty-keys-${width}-colour`, renderPlan(twentyKeys, { palette: paletteFor(true), width }))
  }
})

t.test('begins with one row a change, ordered by kind, revocations last and red', async t => {
  const lines = renderPlan(twentyKeys, { palette: paletteFor(true), width: 200 })
    .split('\n')
    .slice(2, 16)
  const kinds = lines.map(line => /(create|update|rotate|revoke)/.exec(line)?.[1])
  t.same(kinds, [
    ...Array<string>(4).fill('create'),
    ...Array<string>(5).fill('update'),
    ...Array<string>(3).fill('rotate'),
    ...Array<string>(2).fill('revoke'),
  ])
  for (const line of lines.slice(12)) t.match(line, /^\u001b\[31m.*\u001b\[39m$/)
})

t.test('counts what widens, what loses access and what is drift', async t => {
  t.equal(
    lastLine(twentyKeys),
    'Plan: 4 to create, 5 to update (2 widen, 2 lose access, 2 drift), 3 to rotate (2 with an outage), 2 to revoke.',
  )
  const { changes } = planToJson(twentyKeys)
  t.same(
    changes.filter(each => each.loses_access).map(({ key }) => key),
    ['billing-agent', 'customer-support-bot'],
    'and JSON says the same',
  )
})

t.test('marks lost access as it marks widening', async t => {
  const shown = renderPlan(twentyKeys, { palette: paletteFor(true), width: Infinity })
  t.match(shown, '\u001b[1m\u001b[33m# widens access\u001b[39m\u001b[22m')
  t.match(shown, '\u001b[1m\u001b[31m# loses access\u001b[39m\u001b[22m')
  t.match(
    text(twentyKeys),
    'permissions = +read_results -delete_scenarios (stays: read_scenarios, upload_results)',
  )
})

t.test(
  'bounds what it prints of a large plan, counts what it leaves out, and shows all of it when asked',
  async t => {
    const large = creates(300)
    const short = text(large)
    t.ok(short.split('\n').length < 70, `${short.split('\n').length} lines`)
    t.match(short, 'and 250 more to create; --full lists them')
    t.match(short, 'Details of 300 changes are left out. --full shows all of them, and so does --json.')
    t.match(short, 'Plan: 300 to create')
    const full = text(large, { full: true })
    for (const { keyId } of large.changes) t.match(full, `# ${keyId} will be created`)
    t.notMatch(full, 'left out')
  },
)

t.test('lists every revocation and everything that widens, however large the plan', async t => {
  const large = creates(200)
  const [revoke] = twentyKeys.changes.filter(({ kind }) => kind === 'revoke')
  const [update] = twentyKeys.changes.filter(({ keyId }) => keyId === 'billing-agent')
  if (revoke === undefined || update === undefined) throw new Error('the sample has both')
  const renamed = (change: Change, count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...change, keyId: `${change.kind}-${index}` }))
  const shown = text({
    ...large,
    changes: [...large.changes, ...renamed(update, 80), ...renamed(revoke, 120)],
  })
  for (let index = 0; index < 120; index += 1) t.match(shown, `revoke  revoke-${index} `)
  for (let index = 0; index < 80; index += 1) t.match(shown, `update  update-${index} `)
  t.match(shown, '# update-0 will be updated in place', 'with the details of what widens')
})

t.test('bounds retiring keys, unmanaged keys and findings alike', async t => {
  const [retiring] = twentyKeys.retiring
  const [warning] = fullPlan.findings.filter(({ code }) => code === 'protected')
  if (retiring === undefined || warning === undefined) throw new Error('the sample has both')
  const plan = {
    ...emptyPlan,
    retiring: Array<typeof retiring>(50).fill(retiring),
    findings: Array<typeof warning>(50).fill(warning),
  }
  const shown = text(plan)
  t.match(shown, 'and 30 more; --full lists them')
  t.match(shown, 'Warning: and 30 more like these; --full lists them.')
  t.notMatch(text(plan, { full: true }), '--full')
})

t.test('names the platform so that production looks unlike a sandbox', async t => {
  const first = (platform: string) => text({ ...emptyPlan, platform }).split('\n')[0]
  t.equal(
    first('https://api.fluxloop.ai'),
    'Plan for PRODUCTION (https://api.fluxloop.ai), account acme, stack acme-agents',
  )
  t.match(first('https://staging.api.fluxloop.ai'), 'Plan for staging (https://staging.api.fluxloop.ai),')
  t.match(first('sandbox:demo.db'), 'Plan for sandbox (sandbox:demo.db),')
  t.match(first('http://127.0.0.1:4000'), 'Plan for this machine (http://127.0.0.1:4000),')
  t.match(first('https://keys.example.com'), 'Plan for https://keys.example.com,')
  t.match(first('https://api.fluxloop.ai.evil.example'), 'Plan for https://api.fluxloop.ai.evil.example,')
})

t.test('says before approval where no keychain works and a secret has no other place to go', async t => {
  const plan: Plan = { ...creates(1), keychain: 'missing' }
  const shown = text(plan)
  t.match(shown, /secret to\s+= keychain fluxloop\/acme-agents\/ci-pipeline \(no keychain works here\)/)
  t.match(
    shown.replace(/\s+/g, ' '),
    'Warning: No keychain works here, and bot-000 has no fallback: apply would fail',
  )
  t.equal(planToJson(plan).keychain, 'missing')
  t.notMatch(text({ ...plan, keychain: 'works' }), 'No keychain')
  t.notMatch(text({ ...emptyPlan, keychain: 'missing' }), 'No keychain', 'nothing is to be stored')
})

t.test('does not show our own check of a secret as somebody using it', async t => {
  const revoked = (userAgent: string): Plan => ({
    ...emptyPlan,
    changes: [
      {
        kind: 'revoke',
        keyId: 'bot',
        live: liveKey('key_1', {
          ownership: managed(1),
          lastUse: { known: true, at: now - 5 * minute, ip: '198.51.100.7', location: null, userAgent },
        }),
        generation: 1,
        reason: { code: 'undeclared' },
        gate: { quiet: 0, waived: false },
      },
    ],
  })
  const before = text(revoked('fluxloop-keys/0.1.0 (before delivery)'))
  t.match(before, 'last used  = never')
  const proof = text(revoked('fluxloop-keys/0.1.0 (proof)'))
  t.match(proof, 'last used  = unknown, since fluxloop-keys itself checked it 5 minutes ago')
  for (const shown of [before, proof]) t.notMatch(shown, /198\.51\.100\.7|fluxloop-keys\/0/)
})

t.test(
  'shows no change of an end that nobody could see, and the seconds of one that is a change',
  async t => {
    const end = now + 90 * 24 * 60 * minute
    const live = liveKey('key_1', { expiresAt: end + second, description: desiredKey('bot').description })
    const rotation = twentyKeys.changes.find(({ keyId }) => keyId === 'deploy-preview')
    if (rotation?.kind !== 'rotate') throw new Error('the sample has it')
    const rotated = { ...rotation, desired: desiredKey('bot'), live }
    t.notMatch(text({ ...emptyPlan, changes: [rotated] }), /~ expires/)
    t.match(
      text({ ...emptyPlan, changes: [rotated] }, { full: true }),
      /expires +=/,
      'asked for, it stands among what stays',
    )
  },
)

t.test('names every key that retires for another, and what is taken from it', async t => {
  const [deliver] = fullPlan.changes.filter(change => change.kind === 'deliver')
  if (deliver === undefined) throw new Error('the sample has one')
  const narrowing = [
    {
      field: 'permissions',
      current: ['read_scenarios', '*'],
      desired: ['read_scenarios'],
      cause: 'drift',
      widens: false,
    },
  ] as const
  const changes = [{ ...deliver, predecessors: [liveKey('key_old1'), liveKey('key_old2')], narrowing }]
  const shown = text({ ...emptyPlan, changes })
  t.match(shown, /retires +\S* *= key_old1, key_old2, where a new key takes its place/)
  t.match(shown, /narrowed then = key_staging: permissions -\*/)
  t.match(planToJson({ ...emptyPlan, changes }).changes[0], {
    retires: ['key_old1', 'key_old2'],
    narrowing: [{ id: 'key_staging', fields: [{ field: 'permissions', narrows: true }] }],
  })
})

t.test('names every key that goes because its secret leaked, and that this is an outage', async t => {
  const rotation = twentyKeys.changes.find(({ keyId }) => keyId === 'staging-smoke-test')
  if (rotation?.kind !== 'rotate') throw new Error('the sample has it')
  const changes = [{ ...rotation, leaked: [rotation.live, liveKey('key_older')] }]
  const shown = text({ ...emptyPlan, changes })
  t.match(shown, /rotate +staging-smoke-test +leaked # outage/)
  t.match(shown, /- revoked too = key_older, which leaked/)
  t.match(planToJson({ ...emptyPlan, changes }).changes[0]?.leaked, [rotation.live.id, 'key_older'])
})

t.test('asked for all of it, the text of a large plan names whatever its JSON does', async t => {
  const more = {
    rotate: { leaked: [liveKey('key_leaked')], predecessors: [liveKey('key_before')] },
    deliver: { predecessors: [liveKey('key_before2')] },
    heal: { predecessors: [liveKey('key_before3')], excess: [liveKey('key_excess')] },
  } as const
  const changes = [...fullPlan.changes, ...creates(300).changes].map((change): Change => ({
    ...change,
    ...(change.kind in more ? more[change.kind as keyof typeof more] : {}),
  }))
  const plan = { ...fullPlan, changes }
  const shown = text(plan, { full: true, width: Infinity })
  const json = planToJson(plan)
  for (const {
    key,
    id,
    fields,
    stores,
    removed_stores,
    retires,
    leaked,
    narrowing,
    excess,
    pending,
  } of json.changes) {
    const named = [
      key,
      ...(id === undefined ? [] : [id]),
      ...stores.map(store => store.replace(/ \(.*/, '')),
      ...removed_stores,
      ...(retires ?? []),
      ...(leaked ?? []),
      ...(excess ?? []),
      ...(narrowing ?? []).map(each => each.id),
      ...(pending ?? []).map(each => each.id),
    ]
    for (const name of named) t.ok(shown.includes(name), `${key}: ${name}`)
    for (const { field } of fields) t.match(shown, new RegExp(`~ ${field} +=`), `${key}: ${field}`)
  }
  for (const { id } of [...json.retiring, ...json.unmanaged]) t.match(shown, id)
  t.notMatch(shown, 'left out.')
})
