// Files that people and programs damage: the configuration and plan files. What is wrong is said, and nothing else happens.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { accepts } from '../../src/config/generated/accepts.js'
import { validate } from '../../src/config/generated/validate.js'
import { loadConfiguration } from '../../src/config/load.ts'
import { readYaml } from '../../src/config/read-yaml.ts'
import { Failure } from '../../src/model/failure.ts'
import { compareWithApproved } from '../../src/plan/approved.ts'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { readPlanFile, toPlanFile } from '../../src/plan/plan-file.ts'
import { renderDiagnostics } from '../../src/render/text/diagnostics.ts'
import { jsonText } from '../../src/render/text/json.ts'
import { renderPlan } from '../../src/render/plan/plan-text.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { currentState, desiredKey, desiredState, managedKey, now, options } from '../support/build.ts'
import { cases, mutatedJson, mutatedText, requireCleanPrototypes, unsafe } from '../support/fuzz.ts'
import { planOf } from '../support/plan-of.ts'

const screen = { palette: paletteFor(false), width: 80 }
const file = join(import.meta.dirname, 'fluxloop-keys.yaml')

async function read(text: string) {
  const instead = new Map([[file, text]])
  return await loadConfiguration({ paths: [file], cwd: import.meta.dirname, now, instead })
}

const small = `version: 1
stack: acme
roles: { runner: [read_scenarios, upload_results] }
defaults: &d { expires: 90d, rotate: { maxAge: 60d, strategy: overlap, grace: 48h } }
keys:
  ci-pipeline: { name: CI, scope: [a, b], permissions: [role:runner], store: keychain }
  other:
    name: "Other \\u00e9"
    scope: all
    permissions: [read_scenarios]
    expires: 2027-01-31
    store: [{ env-file: { path: 'x/{key}.env', name: KEY } }, { age-file: { path: k.age, identity: id.txt } }]
prune: { removed: revoke, unmanaged: report, keep: ["key_*"] }
limits: { revoke: 25%, always: 2 }
`

t.test('a configuration is right, or every error has its place and can be shown', async t => {
  const samples = [
    small,
    await readFile(new URL('../../examples/fluxloop-keys.yaml', import.meta.url), 'utf8'),
  ]
  for (const sample of samples) t.match(await read(sample), { ok: true }, 'the sample is right')
  let right = 0
  let wrong = 0
  const property = fc.asyncProperty(mutatedText(samples), async text => {
    const loaded = await read(text)
    requireCleanPrototypes()
    if (loaded.ok) {
      right += 1
      assert.notEqual(renderPlan(computePlan(loaded.desired, currentState(), now, options()), screen), '')
      return
    }
    wrong += 1
    assert.notEqual(loaded.diagnostics.length, 0)
    assert.doesNotMatch(renderDiagnostics(loaded.diagnostics), unsafe)
  })
  await fc.assert(property, { numRuns: cases(400) })
  t.ok(right > 0 && wrong > 0, `${right} right, ${wrong} wrong`)
})

t.test('what is accepted in a hurry is what the whole schema accepts', async t => {
  const example = await readFile(new URL('../../examples/fluxloop-keys.yaml', import.meta.url), 'utf8')
  const roots = [small, example].map(text => {
    const reading = readYaml(text)
    return reading.ok ? reading.document.root : null
  })
  const seen = new Set<boolean>()
  const property = fc.property(fc.oneof(...roots.map(mutatedJson), fc.constantFrom(...roots)), root => {
    seen.add(accepts(root))
    assert.equal(accepts(root), validate(root))
  })
  fc.assert(property, { numRuns: cases(2_000) })
  t.equal(seen.size, 2)
})

t.test('YAML that is made to hurt is refused, and leaves no trace', async t => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
  for (const [name, former] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih'])
    bomb.push(
      `${name ?? ''}: &${name ?? ''} [${Array(9)
        .fill(`*${former ?? ''}`)
        .join(', ')}]`,
    )
  for (const text of [
    bomb.join('\n'),
    '['.repeat(100_000),
    '{a: '.repeat(100_000),
    `a: ${'- '.repeat(100_000)}`,
    `version: 1\nstack: a\nkeys: &k { x: *k }`,
    'version: 1\nstack: a\nkeys: { __proto__: { name: x } }',
    'version: 1\nstack: a\n__proto__: { polluted: 1 }\nkeys: {}',
    'version: 1\nstack: a\nkeys: { constructor: { prototype: { polluted: 1 } } }',
    'version: 1\nstack: a\nkeys: { ../../etc: { name: x } }',
    '!!js/function "x"',
    '%TAG ! tag:x,2000:\n---\n!x y',
    `"${'\\u0000'.repeat(10_000)}"`,
    `version: 1\nstack: ${'a'.repeat(1_000_000)}\nkeys: {}`,
    `version: 1\nstack: a\nkeys:\n${'  a'.repeat(300_000)}`,
    `${' '.repeat(1_000_000)}x`,
  ]) {
    const loaded = await read(text)
    t.equal(loaded.ok, false, text.slice(0, 40))
    if (text.startsWith('[[')) t.match(loaded, { diagnostics: [{ message: /nested too deeply/ }] })
    if (!loaded.ok) t.notMatch(renderDiagnostics(loaded.diagnostics).slice(0, 10_000), unsafe)
    requireCleanPrototypes()
  }
})

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const keys = [desiredKey(), desiredKey({ keyId: 'second', name: 'Second', permissions: ['read_scenarios'] })]
const plan = planOf({ desired: keys, keys: [managedKey(desiredKey({ permissions: ['read_scenarios'] }))] })
const binding = {
  origin: 'https://api.example.com',
  account: 'a',
  configuration: 'c',
  validUntil: now,
  options: options(),
}
const planText = jsonText(toPlanFile(plan, desiredState(keys), binding, hash))

function readOrRefuse(text: string) {
  try {
    return readPlanFile(text, 'plan.json', hash)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    assert.equal(error.code, 'configuration')
    assert.doesNotMatch(error.message, unsafe)
    return null
  }
}

t.test('a plan file that was damaged is refused, or is the very plan that was written', async t => {
  const whole = readOrRefuse(planText)
  t.ok(plan.changes.length > 1 && whole !== null)
  const property = fc.property(mutatedText([planText]), text => {
    const file = readOrRefuse(text)
    requireCleanPrototypes()
    if (file !== null) assert.deepEqual(JSON.parse(JSON.stringify(file)), JSON.parse(planText))
  })
  fc.assert(property, { numRuns: cases(1_000) })
})

t.test('a plan file that somebody forged makes apply do nothing that a plan would not', async t => {
  const { digest, format, version, ...content } = JSON.parse(planText) as Record<string, unknown>
  t.type(digest, 'string')
  let accepted = 0
  const property = fc.property(mutatedJson(content), forged => {
    if (typeof forged !== 'object' || forged === null) return
    const {
      origin,
      account,
      configuration,
      policy,
      declarations,
      validUntil,
      options,
      plan: inside,
    } = forged as typeof content
    const bound = { origin, account, configuration, policy, declarations }
    const sealed = { ...bound, validUntil, options, plan: inside }
    const text = JSON.stringify({ format, version, digest: hash(JSON.stringify(sealed)), ...sealed })
    const file = readOrRefuse(text)
    requireCleanPrototypes()
    if (file === null) return
    accepted += 1
    const { changes } = compareWithApproved(file.plan, plan)
    for (const change of changes) assert.ok(plan.changes.includes(change), 'a change of the fresh plan')
  })
  fc.assert(property, { numRuns: cases(1_000) })
  t.ok(accepted > 10, `${accepted} forgeries had the right form`)
})
