// Policies that others wrote: expressions, and files that come by `extends`. What is wrong is said, and nothing takes for ever.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { readFacts } from '../../src/config/own-rules/cases.ts'
import { compileOwnRule } from '../../src/config/own-rules/compile.ts'
import { runRuleTests } from '../../src/config/own-rules/run-rule-tests.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { renderDiagnostics } from '../../src/render/text/diagnostics.ts'
import { now } from '../support/build.ts'
import { cases, mutatedText, requireCleanPrototypes, unsafe } from '../support/fuzz.ts'

const expressions = [
  'desired.owner == null && desired.allProjects && desired.projects == []',
  "desired.stores.exists(s, s == 'keychain') && 'upload_results' in desired.permissions",
  "key.createdAt < now - duration('24h') && key.lastUsedAt == null && key.projects.size() == 2",
  "usage.total >= 6 && usage.byPermission['upload_results'] == 3 && usage.days == 30",
  'usage.byProject.exists(p, usage.byProject[p] > 4 && usage.byProject.filter(q, q != p).size() > 1)',
  "desired.projects.map(p, p.substring(0, 2) + desired.name.lowerAscii()).exists_one(p, p.contains('a'))",
  "(desired.environment == 'prod' ? [1, 2] : [3]).all(n, n * 3 - 1 > int('2')) || !has(desired.owner)",
  "timestamp('2026-01-01T00:00:00Z').getHours('Europe/Berlin') > 1 || {'a': 1.5}['a'] > double('1')",
]
const words = [
  'desired.',
  'usage.byProject',
  '.map(x, ',
  '.all(x, ',
  'duration(',
  'dyn(',
  'b"',
  "'''",
  '?',
  '+',
  '[',
  '{1: ',
  '.size()',
]

/** Facts as a hostile platform could make them. */
const odd = JSON.parse('{"constructor":1,"__proto__":2,"hasOwnProperty":3,"":4}') as Record<string, number>
const facts = readFacts({
  desired: { projects: Object.keys(odd), name: '9'.repeat(3_000), owner: null },
  key: { name: '\u001b]0;x\u0007'.repeat(50), lastUsedBy: null, environment: '__proto__' },
  usage: { byProject: odd, byOperation: odd, byPermission: odd, addresses: null },
  now: null,
}).facts

t.test('an expression is right, or it is said what is wrong with it, and where', async t => {
  const outcomes = { refused: 0, answered: 0, error: 0 }
  const strange = fc.array(fc.constantFrom(...words, ...expressions), { minLength: 2, maxLength: 6 })
  const when = fc.oneof(
    mutatedText(expressions),
    mutatedText([...expressions, ...words]),
    strange.map(all => all.join('')),
  )
  const property = fc.property(when, text => {
    const compiled = compileOwnRule({
      id: 'mine',
      severity: 'low',
      when: text,
      message: 'x',
      remedy: null,
      tests: [],
      position: { file: 'a.yaml', line: 1, column: 1 },
    })
    requireCleanPrototypes()
    if (!compiled.ok) {
      outcomes.refused += 1
      const { message, start, end } = compiled.problem
      assert.notEqual(message, '')
      assert.notEqual(message, 'The expression cannot be read', text)
      assert.ok(start >= 0 && start <= end && end <= text.length, `${start} to ${end} of ${text.length}`)
      return
    }
    const answer = compiled.run(facts)
    requireCleanPrototypes()
    outcomes['error' in answer ? 'error' : 'answered'] += 1
  })
  // Enough for a few of them to be right.
  fc.assert(property, { numRuns: Math.max(2_000, cases(2_000)) })
  t.ok(outcomes.refused > 100 && outcomes.answered > 10, JSON.stringify(outcomes))
})

const main = `version: 1
stack: acme
extends: [./policy.yaml, pack, pack/strict.yaml]
keys:
  ci: { name: CI, scope: all, permissions: [read_results], expires: never }
`
const policy = `extends: ./base.yaml
policy:
  failOn: medium
  forbid: [widening]
  severity: { missing-owner: high, all-projects: 'off' }
  environments: { prod: { maxLifetime: 1y, allow: [read_results], deny: [manage_keys] } }
  rules:
    own:
      when: desired.owner == null && desired.lifetimeDays > 30
      message: Nobody owns it
      severity: high
      tests: [{ name: one, desired: { owner: null }, finds: true }]
`
const files: Readonly<Record<string, string>> = {
  'a.yaml': main,
  'policy.yaml': policy,
  'base.yaml': 'policy: { failOn: low }\n',
  'node_modules/pack/package.json': '{"name":"pack","fluxloop-keys":"./rules/all.yaml"}',
  'node_modules/pack/rules/all.yaml': 'policy: { severity: { no-expiry: low } }\n',
  'node_modules/pack/strict.yaml': 'extends: ./rules/all.yaml\n',
}
/** Where they may lead. */
const sources = [
  '../../a.yaml',
  './policy.yaml',
  '/etc/passwd',
  '..',
  'pack/../../a.yaml',
  'pack/.',
  'https://x/y',
  '@/x',
  '.',
  './',
  'pack/rules',
  '/dev/zero',
  '/proc/self/environ',
]

t.test('shared policies that are damaged, or lead anywhere, are read or refused', async t => {
  const cwd = await mkdtemp(join(tmpdir(), 'fluxloop-policy-'))
  t.teardown(() => rm(cwd, { recursive: true, force: true }))
  for (const folder of ['node_modules/pack/rules']) await mkdir(join(cwd, folder), { recursive: true })
  for (const [path, text] of Object.entries(files)) await writeFile(join(cwd, path), text)
  const read = async () => await loadConfiguration({ paths: ['a.yaml'], cwd, now })
  t.match(await read(), { ok: true })

  let right = 0
  let wrong = 0
  const damaged = fc.constantFrom(...Object.keys(files)).chain(path =>
    fc.tuple(
      fc.constant(path),
      fc.oneof(
        mutatedText([files[path] ?? '']),
        fc
          .array(fc.constantFrom(...sources), { minLength: 1, maxLength: 3 })
          .map(all =>
            path.endsWith('.json')
              ? JSON.stringify({ 'fluxloop-keys': all[0] })
              : `${path === 'a.yaml' ? main.replace(/extends.*\n/, '') : ''}extends: ${JSON.stringify(all)}\n`,
          ),
      ),
    ),
  )
  const property = fc.asyncProperty(damaged, async ([path, text]) => {
    await writeFile(join(cwd, path), text)
    const loaded = await read()
    await writeFile(join(cwd, path), files[path] ?? '')
    requireCleanPrototypes()
    if (loaded.ok) {
      right += 1
      runRuleTests(loaded.desired.policy.audit.rules)
      return
    }
    wrong += 1
    assert.notEqual(loaded.diagnostics.length, 0)
    const shown = renderDiagnostics(loaded.diagnostics)
    assert.doesNotMatch(shown, unsafe)
    // Of the user's own files the configuration may name any, of others only packages may name theirs.
    if (path.startsWith('node_modules')) assert.doesNotMatch(shown, /root:x:0|PATH=/)
  })
  await fc.assert(property, { numRuns: cases(150) })
  t.ok(wrong > 50, `${right} right, ${wrong} wrong`)
})
