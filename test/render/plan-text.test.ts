import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import type { AuditFinding } from '../../src/model/audit.ts'
import type { Change, Plan } from '../../src/model/change.ts'
import { day, hour } from '../../src/model/duration.ts'
import type { PlanAudit } from '../../src/model/plan-audit.ts'
import { noRemoval } from '../../src/model/removal.ts'
import { Secret } from '../../src/model/secret.ts'
import { jsonText } from '../../src/render/text/json.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { planToJson } from '../../src/render/plan/plan-json.ts'
import { renderPlan } from '../../src/render/plan/plan-text.ts'
import { displayWidth } from '../../src/render/text/layout.ts'
import { commentLimit, planToMarkdown } from '../../src/render/plan/plan-markdown.ts'
import { golden } from './golden.ts'
import { desiredKey, emptyPlan, fullPlan, liveKey, now, usualPlan } from './sample-plan.ts'

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/plan.schema.json', import.meta.url), 'utf8'),
) as object
const validate = new Ajv2020({
  strict: true,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ },
}).compile(schema)

const plain = paletteFor(false)
const text = (plan: Plan, width = 80) => renderPlan(plan, { palette: plain, width })
/** What every plan says first. */
const about = 'Plan for PRODUCTION (https://api.fluxloop.ai), account acme, stack acme-agents'
const oneLine = (plan: Plan) => renderPlan(plan, { palette: plain, width: Infinity })
const withFindings = (...codes: readonly string[]): Plan => ({
  ...emptyPlan,
  findings: fullPlan.findings.filter(({ code }) => codes.includes(code)),
})
const lastLine = (plan: Plan) => oneLine(plan).split('\n').at(-1)

t.test('renders a plan of every change, reason and finding as its golden files show', t => {
  golden(t, 'full-pipe', oneLine(fullPlan))
  golden(t, 'full-80', text(fullPlan))
  golden(t, 'full-40', text(fullPlan, 40))
  golden(t, 'usual-terminal', renderPlan(usualPlan, { palette: paletteFor(true), width: 100 }))
  golden(t, 'full-markdown', planToMarkdown(fullPlan, { audit: null, limit: commentLimit }))
  golden(t, 'usual-detailed', renderPlan(usualPlan, { palette: plain, width: 100, full: true }))
  t.end()
})

t.test('ends no line in a space and keeps to the width, except where one word is longer', t => {
  for (const width of [40, 57, 80, 120]) {
    for (const line of text(fullPlan, width).split('\n')) {
      t.notMatch(line, /\s$/, 'no trailing space')
      if (displayWidth(line) <= width) continue
      // The reason for a longer line can only be one unbreakable name, alone on it or behind its label.
      t.match(line, /^\s*(• |[+~-]? ?[\w ]+= |[A-Z][a-z ]+: )?("[^"]+"|\S+)$/, `at ${width}: ${line}`)
    }
  }
  t.equal(text(fullPlan, 5), text(fullPlan, 40), 'fewer than 40 columns count as 40')
  t.end()
})

t.test('says the same with and without colour, at every width', t => {
  const coloured = renderPlan(fullPlan, { palette: paletteFor(true), width: 80 })
  t.match(coloured, /\u001b\[32m/)
  t.equal(coloured.replace(/\u001b\[\d+m/g, ''), text(fullPlan))
  const words = (output: string) =>
    output
      .replace(/^ {2}# {3}/gm, '')
      .split(/\s+/)
      .join(' ')
  t.equal(words(text({ ...fullPlan, unmanaged: [] })), words(oneLine({ ...fullPlan, unmanaged: [] })))
  t.end()
})

t.test('closes every colour on the line that opened it', t => {
  for (const line of renderPlan(fullPlan, { palette: paletteFor(true), width: 40 }).split('\n')) {
    const open = [...line.matchAll(/\u001b\[(\d+)m/g)].reduce((depth, [, code]) => {
      return code === '22' || code === '39' ? depth - 1 : depth + 1
    }, 0)
    t.equal(open, 0, JSON.stringify(line))
  }
  t.end()
})

t.test('says of the calling key that its last use was by this run, and of no other key', t => {
  const unmanaged = [liveKey('key_other'), liveKey('key_me')]
  const rows = text({ ...emptyPlan, unmanaged, callingLiveId: 'key_me' }, 120).split('\n')
  const of = (id: string) => rows.find(row => row.includes(id)) ?? ''
  t.match(of('key_me'), 'by this run')
  t.notMatch(of('key_other'), 'by this run')
  t.match(text({ ...emptyPlan, unmanaged, callingLiveId: 'key_me' }, 40), 'last used: by this run')
  t.end()
})

t.test('never breaks inside a name', t => {
  const name = 'Nightly Regression Run Of All Customer Support Agents'
  const plan: Plan = { ...emptyPlan, unmanaged: [liveKey('key_1', { name })] }
  t.match(text(plan, 40), `"${name}"`)
  t.match(text({ ...emptyPlan, changes: [create({ name })] }, 40), `"${name}"`)
  t.end()
})

function create(rest: Parameters<typeof desiredKey>[1] = {}): Change {
  return { kind: 'create', keyId: 'new-bot', desired: desiredKey('new-bot', rest), generation: 1 }
}

t.test('marks what is added in green and what is removed in red, where colour is on', t => {
  const output = renderPlan(usualPlan, { palette: paletteFor(true), width: Infinity })
  t.match(
    output,
    '\u001b[32m+sales-assistant\u001b[39m \u001b[31m-analytics-agent\u001b[39m (stays: customer-support-bot)',
  )
  t.match(
    output,
    '"Nightly \u001b[31mruns\u001b[39m in GitHub Actions" → "Nightly \u001b[32msimulations\u001b[39m in GitHub Actions"',
  )
  t.end()
})

t.test('states reasons with their figures', t => {
  const output = oneLine(fullPlan)
  for (const sentence of [
    '# past its max age: 75 days old, at most 60 days',
    '# due before its max age: 47 days old, at most 60 days, with due days spread',
    '# its secret in the stores ends in "ab12c", the live key in "zz9xy"',
    '# key_half2 was made by an interrupted run and never delivered',
    '# no longer declared, never used',
    '# replaced by generation 3, grace ended 2026-11-20 10:05 UTC, not used since',
    '# leaked, and replaced by generation 3, expired',
    '12 of 40 keys (30%) would be revoked; the limit is 25%, and at least 2. None of them is revoked. To allow it for this run: --max-revoke 12',
    '251 of 1000 keys (25.1%) are due for rotation; the limit is 25%, and at least 2. 1 rotation is deferred to later runs, the least urgent ones. To rotate all of them in this run: --max-rotate 251',
    'key_x has the name "CI/CD Pipeline" and is not managed. To take it over, declare adopt: key_x. Or rename',
    '  # drift: changed on the platform  # widens access',
  ]) {
    t.ok(output.includes(sentence), sentence)
  }
  t.end()
})

t.test('shows a key used within its grace, or after it, as such', t => {
  const deadline = now - 3 * day
  const revoke = (at: number): Plan => ({
    ...emptyPlan,
    changes: [
      {
        kind: 'revoke',
        keyId: 'bot',
        live: liveKey('key_1', { lastUse: { known: true, at, ip: null, location: null, userAgent: null } }),
        generation: 1,
        reason: { code: 'superseded', head: 2, deadline },
        gate: { quiet: 24 * hour, waived: false },
      },
    ],
  })
  t.match(oneLine(revoke(deadline)), 'not used since')
  const later = oneLine(revoke(deadline + 12 * hour))
  t.notMatch(later, 'not used since')
  t.match(later, 'last used 2 days ago (2026-11-20 02:05 UTC)')
  t.end()
})

t.test('says where secrets go from here, and which of two places a fallback makes it', t => {
  const fallback = { kind: 'env-file', path: '/srv/.env', name: 'KEY', declaredIn: '/srv' } as const
  const spec = { kind: 'keychain', service: 'fluxloop', account: 'acme/bot', fallback } as const
  const stores = [{ spec, hash: 'abcd00' }]
  const said = {
    works: 'keychain fluxloop/acme/bot (not its fallback: env-file /srv/.env (KEY))',
    missing: 'env-file /srv/.env (KEY) (the fallback: here the keychain does not work)',
  } as const
  for (const keychain of ['works', 'missing'] as const) {
    const plan: Plan = {
      ...emptyPlan,
      changes: [{ kind: 'create', keyId: 'bot', desired: desiredKey('bot', { stores }), generation: 1 }],
      homes: [{ keyId: 'bot', owner: 'nobody-yet', stores }],
      keychain,
    }
    const lines = renderPlan(plan, { palette: plain, width: Infinity, homes: true }).split('\n')
    t.ok(lines.some(line => line.endsWith(`secret to   = ${said[keychain]}`)))
    t.ok(lines.includes(`  bot: ${said[keychain]} (not delivered yet)`), 'and of every key where asked for')
    t.match(planToJson(plan).secrets, [
      { key: 'bot', owner: 'nobody-yet', stores: [{ fallback_used: keychain === 'missing' }] },
    ])
  }
  t.notMatch(oneLine(emptyPlan), 'ci-pipeline', 'nothing is said of keys that nobody asks about')
  const theirs = { ...emptyPlan, homes: [{ keyId: 'bot', owner: 'another-host', stores }] } as const
  t.match(oneLine(theirs), 'bot belongs to another host')
  t.end()
})

t.test('tells an age from a maximum age of as many days', t => {
  const plan: Plan = {
    ...emptyPlan,
    changes: [
      {
        kind: 'rotate',
        strategy: 'overlap',
        keyId: 'bot',
        desired: desiredKey('bot'),
        live: liveKey('key_1'),
        generation: 2,
        fields: [],
        reasons: [{ code: 'past-max-age', age: 60 * day + 2 * hour, maxAge: 60 * day }],
        leaked: [],
        predecessors: [],
        removal: noRemoval,
      },
    ],
  }
  t.match(oneLine(plan), '60 days and 2 hours old, at most 60 days')
  t.end()
})

t.test('ends in a summary that names rarer kinds only where there is one', t => {
  t.equal(
    lastLine(fullPlan),
    'Plan: 1 to create, 2 to adopt (1 widens, 1 loses access, 1 drift), 7 to update (1 widens, 3 lose access, 2 drift), 2 to rotate (1 widens, 2 with an outage), 2 to heal, 2 to deliver (1 widens, 1 loses access, 1 drift), 1 to release, 6 to revoke.',
  )
  t.equal(
    lastLine(usualPlan),
    'Plan: 1 to create, 1 to update (1 widens, 1 loses access, 1 drift), 1 to rotate (1 with an outage), 1 to revoke.',
  )
  t.equal(oneLine(emptyPlan), `${about}\n\nNo changes. Your keys match the configuration.`)
  t.equal(
    lastLine({ ...emptyPlan, retiring: fullPlan.retiring }),
    'No changes. Your keys match the configuration.',
    'a retiring key is not a change',
  )
  t.end()
})

t.test('does not claim that all is well where something was refused, held back or left undone', t => {
  t.equal(lastLine(withFindings('policy-failed')), 'No changes: the plan is refused.')
  t.equal(lastLine(withFindings('unknown-project')), 'No changes. What is held back is left as it is.')
  t.match(
    oneLine({ ...usualPlan, findings: withFindings('unknown-project').findings }),
    'What is held back is left as it is; apply would do the rest and exit with 7.',
  )
  t.equal(lastLine(withFindings('protected')), 'No changes. What the warnings name is left as it is.')
  const elsewhere = 'Nothing can be changed from here. 1 key has a change pending elsewhere.'
  t.equal(lastLine(withFindings('other-host')), elsewhere)
  t.equal(lastLine(withFindings('date-near')), 'No changes. Your keys match the configuration.')
  t.match(oneLine(fullPlan), 'This plan is refused: apply would do none of it.')
  t.notMatch(oneLine(usualPlan), 'refused')
  t.end()
})

t.test('tells a forecast and a view of drift from what apply would do', t => {
  const forecast = oneLine({ ...usualPlan, view: 'forecast' })
  t.match(forecast, /\n\nForecast for 2026-11-22 14:05 UTC: .* It cannot be applied\./)
  t.match(
    forecast,
    /\nForecast: 1 to create, 1 to update \(1 widens, 1 loses access, 1 drift\), 1 to rotate \(1 with an outage\), 1 to revoke\.$/,
  )
  t.equal(planToJson({ ...usualPlan, view: 'forecast' }).forecast, true)
  const update = usualPlan.changes.filter(({ kind }) => kind === 'update')
  const drift = oneLine({ ...emptyPlan, changes: update, view: 'drift' })
  t.match(drift, /\n\nWhat was changed on the platform/)
  t.match(drift, '# sales-bot has drifted')
  t.notMatch(drift, 'will be updated')
  t.match(drift, /\nDrift: 1 key was changed on the platform\.$/)
  t.match(lastLine({ ...emptyPlan, view: 'drift' }), 'No drift. Your keys are as they were applied.')
  t.match(planToJson({ ...emptyPlan, view: 'drift' }), { drift: true, forecast: false })
  t.end()
})

t.test('tells a plan of some keys from a plan of all', t => {
  const some = { ...emptyPlan, targets: { only: ['ci-*', 'backup'], except: ['ci-old'] } }
  t.equal(
    oneLine(some),
    `${about}\n\nTargets: only ci-* and backup, except ci-old. Other keys are left out.\nNo changes. The chosen keys match the configuration.`,
  )
  t.same(planToJson(some).targets, some.targets)
  t.end()
})

t.test('says of the key that calls, and of no other, that it is rotated last', t => {
  const rotated = fullPlan.changes.filter(({ kind }) => kind === 'rotate')
  const plan = { ...emptyPlan, changes: rotated }
  t.match(
    oneLine({ ...plan, callingKeyId: rotated[0]?.keyId ?? '' }),
    /order += last of all: this run calls with it, and goes on with the new secret/,
  )
  t.notMatch(oneLine({ ...plan, callingKeyId: 'other' }), 'last of all')
  t.end()
})

t.test('makes terminal escapes visible in every text that a server or a user wrote', t => {
  const evil = '\u001b[2J\u0007\u009b1m\u202e"x'
  const live = liveKey(evil, {
    name: evil,
    description: evil,
    maskedKey: evil,
    permissions: [evil],
    scope: [evil],
    lastUse: { known: true, at: now, ip: evil, location: evil, userAgent: evil },
  })
  const { desired: declared } = create() as Extract<Change, { kind: 'create' }>
  const desired = {
    ...declared,
    name: evil,
    description: evil,
    owner: evil,
    permissions: [evil],
    scope: [evil],
  }
  const plan: Plan = {
    ...fullPlan,
    changes: fullPlan.changes.map(change => ({
      ...change,
      keyId: evil,
      ...('live' in change ? { live } : {}),
      ...('desired' in change ? { desired } : {}),
      ...('pending' in change ? { pending: [{ live, fields: [], narrowing: [] }] } : {}),
    })),
    retiring: fullPlan.retiring.map(each => ({ ...each, keyId: evil, live })),
    unmanaged: [live],
    findings: fullPlan.findings.map(finding => {
      const strings = Object.entries(finding).map(([property, value]) => [
        property,
        ['keyId', 'liveId', 'name', 'project', 'suggestion'].includes(property)
          ? evil
          : property === 'widened'
            ? [{ keyId: evil, fields: ['scope'] }]
            : property === 'found'
              ? [{ keyId: evil, rule: evil }]
              : property === 'names'
                ? [{ name: evil, liveIds: [evil] }]
                : Array.isArray(value)
                  ? [evil]
                  : (value as unknown),
      ])
      return Object.fromEntries(strings) as typeof finding
    }),
  }
  const unsafe = /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/
  t.notMatch(renderPlan(plan, { palette: plain, width: 60, full: true }), unsafe)
  t.match(text(plan), '\\u001b[2J\\u0007\\u009b1m\\u202e\\"x')
  const json = jsonText(planToJson(plan))
  t.notMatch(json, unsafe)
  t.same(JSON.parse(json), planToJson(plan), 'JSON keeps the exact value')
  t.end()
})

t.test('shows the worst of what audit says, safe to print, and counts the rest', t => {
  const finding = (severity: AuditFinding['severity'], keyId: string): AuditFinding => ({
    rule: 'no-expiry',
    severity,
    subject: { keyId, liveId: null, name: 'CI', generation: null },
    permission: null,
    project: null,
    about: null,
    message: 'It never \u001b[2J expires, unlike flux_ci_abcdefghijklmnopqrstuvwxyz012345',
    evidence: [],
    remedy: 'Give it a period.',
    position: null,
    fingerprint: 'f00d',
    suppressedBy: null,
  })
  const findings = [
    ...Array.from({ length: 12 }, (_, index) => finding('high', `bot-${index}`)),
    finding('low', 'calm'),
  ]
  const audit: PlanAudit = { findings, failOn: null, refusing: [] }
  const shown = renderPlan(emptyPlan, { palette: plain, width: 100, audit })
  t.match(shown, 'Audit: 12 high (no-expiry), 1 low (no-expiry). For all of them: fluxloop-keys audit')
  t.match(shown, '  high bot-0: It never \\u001b[2J expires')
  t.match(shown, '  and 2 more like these')
  t.notMatch(shown, /calm|abcdefghijklmn/)
  t.match(
    renderPlan(emptyPlan, { palette: plain, width: 100, audit: { ...audit, failOn: 'low' } }),
    'and 3 more',
  )
  const none = { ...audit, findings: [] }
  t.equal(renderPlan(emptyPlan, { palette: plain, width: 100, audit: none }), text(emptyPlan, 100))
  t.ok(validate(planToJson(emptyPlan, { ...audit, failOn: 'low', refusing: findings })))
  t.notMatch(jsonText(planToJson(emptyPlan, audit)), /abcdefghijklmn/)
  t.end()
})

t.test('gives JSON that its schema describes, property by property', t => {
  for (const plan of [fullPlan, usualPlan, emptyPlan]) {
    t.ok(validate(planToJson(plan)), JSON.stringify(validate.errors))
  }
  t.notOk(validate({ ...planToJson(emptyPlan), surprise: true }), 'the schema is closed')
  const described = JSON.stringify(schema).match(/"(properties|\$defs)":\{/g)?.length ?? 0
  t.ok(described > 10)
  t.same(undescribed(schema), [], 'every property has a description')
  t.end()
})

/** Paths of properties without a description of their own or of what they refer to. */
function undescribed(node: unknown, path = ''): string[] {
  if (typeof node !== 'object' || node === null) return []
  const properties = 'properties' in node ? Object.entries(node.properties as Record<string, object>) : []
  return [
    ...properties
      .filter(([, value]) => !('description' in value) && !('$ref' in value))
      .map(([name]) => `${path}/${name}`),
    ...Object.entries(node).flatMap(([name, value]) => undescribed(value, `${path}/${name}`)),
  ]
}

t.test('gives times in UTC, exact values and counts in JSON', t => {
  const json = planToJson(fullPlan)
  t.match(json, {
    format_version: '1.0',
    now: '2026-11-22T14:05:00Z',
    refused: true,
    summary: { create: 1, adopt: 2, update: 7, rotate: 2, heal: 2, deliver: 2, release: 1, revoke: 6 },
  })
  const update = json.changes.find(({ action }) => action === 'update')
  t.match(update, { key: 'sales-bot', id: 'key_sales', superseded: false, widens: true, stores: [] })
  t.match(update?.fields, [
    { field: 'name', current: 'Sales Bot', desired: 'Sales Assistant', cause: 'changed', widens: false },
    { field: 'description' },
    { field: 'scope', desired: ['customer-support-bot', 'sales-assistant'], cause: 'drift', widens: true },
    { field: 'permissions' },
    { field: 'expires', current: '2026-12-07T14:05:00Z', desired: null, widens: true },
    { field: 'protect', current: false, desired: true },
  ])
  t.match(json.retiring[1], {
    wait: { code: 'in-use', quiet_seconds: 86_400 },
    last_use: { ip: '203.0.113.7' },
  })
  t.equal(json.unmanaged[2]?.last_use, null, 'unknown use is null')
  t.match(json.unmanaged[1]?.last_use, { at: null }, 'a key never used says so')
  t.equal(planToJson(usualPlan).refused, false)
  t.end()
})

t.test('shows no secret, wherever one hangs on the plan', t => {
  const sentinel = 'flux_ci_sentinel5ecret0000'
  const secret = new Secret(sentinel)
  const plan = {
    ...fullPlan,
    secret,
    changes: fullPlan.changes.map(change => ({
      ...change,
      secret,
      ...('live' in change ? { live: { ...change.live, secret } } : {}),
      ...('desired' in change ? { desired: { ...change.desired, secret } } : {}),
    })),
    unmanaged: fullPlan.unmanaged.map(live => ({ ...live, secret })),
    findings: fullPlan.findings.map(finding => ({ ...finding, secret })),
  }
  for (const output of [text(plan), renderPlan(plan, { palette: paletteFor(true), width: 90, full: true })]) {
    t.notMatch(output, 'sentinel')
  }
  t.notMatch(jsonText(planToJson(plan)), /sentinel|\[secret\]/)
  t.end()
})

t.test('gives the same text for the same plan and leaves a frozen plan alone', t => {
  const freeze = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
    Object.freeze(value)
    Object.values(value).forEach(freeze)
  }
  const plan = structuredClone(fullPlan)
  freeze(plan)
  t.equal(text(plan), text(fullPlan))
  t.same(planToJson(plan), planToJson(fullPlan))
  t.end()
})
