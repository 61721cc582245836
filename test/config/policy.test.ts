import { execFileSync } from 'node:child_process'
import { chmod, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { compileOwnRules } from '../../src/config/own-rules/compile.ts'
import { fieldsOf } from '../../src/config/own-rules/rule-fields.ts'
import { runRuleTests } from '../../src/config/own-rules/run-rule-tests.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { day, parseDate } from '../../src/model/duration.ts'
import { configurationHash } from '../../src/plan/plan-file.ts'
import { renderDiagnostics } from '../../src/render/text/diagnostics.ts'
import { observed } from '../support/audit.ts'
import { desiredKey, managedKey, now as then } from '../support/build.ts'
import { desired, inFolder, load, now } from './support.ts'

const head = 'version: 1\nstack: acme\n'
const key = 'keys:\n  ci: { name: CI, scope: all, permissions: [read_results], expires: never }\n'
const policyOf = async (files: Readonly<Record<string, string>>) => (await desired(files, ['a.yaml'])).policy

t.test('reads a policy whole', async t => {
  const policy = await policyOf({
    'a.yaml': `${head}${key}policy:
  forbid: [widening]
  failOn: medium
  severity: { missing-owner: high, all-projects: 'off' }
  environments:
    prod: { maxLifetime: 1y, allow: [read_results], deny: [manage_keys] }
    ci: {}
  rules:
    zulu: { when: desired.protect, message: Protected, severity: info }
    alpha:
      when: desired.owner == null
      message: Nobody
      severity: critical
      remedy: Name one.
      tests: [{ name: without, desired: { owner: null }, now: 2026-02-01, finds: true }]
`,
  })
  t.same(policy, {
    forbid: ['widening'],
    breakGlass: [],
    audit: {
      failOn: 'medium',
      severities: { 'missing-owner': 'high', 'all-projects': 'off' },
      environments: {
        prod: { maxLifetime: 365 * day, allow: ['read_results'], deny: ['manage_keys'] },
        ci: { maxLifetime: null, allow: null, deny: [] },
      },
      rules: [
        {
          id: 'alpha',
          severity: 'critical',
          when: 'desired.owner == null',
          message: 'Nobody',
          remedy: 'Name one.',
          tests: [
            {
              name: 'without',
              facts: { desired: { owner: null }, key: {}, usage: {}, now: '2026-02-01' },
              finds: true,
              position: { file: 'a.yaml', line: 19, column: 15 },
            },
          ],
          position: { file: 'a.yaml', line: 15, column: 13 },
        },
        {
          id: 'zulu',
          severity: 'info',
          when: 'desired.protect',
          message: 'Protected',
          remedy: null,
          tests: [],
          position: { file: 'a.yaml', line: 13, column: 19 },
        },
      ],
    },
  })
})

t.test('reads exceptions, which hold to the end of their last day', async t => {
  const { keys } = await desired({
    'a.yaml': `${head}${key.replace(' }', `, exceptions: [{ rule: no-expiry, reason: reviewed, owner: ops, until: 2027-11-22 }, { rule: mine, permission: '*', project: x, reason: y, until: 2020-01-01 }] }`)}policy: { rules: { mine: { when: 'true', message: x, severity: low } } }\n`,
  })
  t.match(keys[0]?.exceptions, [
    {
      rule: 'no-expiry',
      permission: null,
      project: null,
      reason: 'reviewed',
      owner: 'ops',
      until: now + 366 * day,
      position: { file: 'a.yaml', line: 4 },
    },
    { rule: 'mine', permission: '*', project: 'x', until: (parseDate('2020-01-01') ?? 0) + day },
  ])
})

const rule = (when: string, more = '') => `{ when: '${when}', message: x, severity: low${more} }`

t.test('a nearer policy goes over a farther one, property by property', async t => {
  const policy = await policyOf({
    'a.yaml': `${head}${key}extends: ['@acme/flux-policy', acme-flux/strict.yaml, ./shared/team.yaml]
policy: { severity: { no-expiry: low }, rules: { own: ${rule('true')} } }
`,
    'node_modules/@acme/flux-policy/package.json':
      '{"name":"@acme/flux-policy","fluxloop-keys":"./rules/all.yaml"}',
    'node_modules/@acme/flux-policy/rules/all.yaml': `policy:
  failOn: low
  forbid: [widening]
  severity: { no-expiry: high, missing-owner: high, all-projects: high }
  environments: { prod: { maxLifetime: 30d, deny: [manage_keys] } }
  rules: { shared: ${rule('desired.protect')}, own: ${rule('false')} }
`,
    'node_modules/acme-flux/package.json': '{}',
    'node_modules/acme-flux/fluxloop-policy.yaml': 'policy: { failOn: critical }\n',
    'node_modules/acme-flux/strict.yaml':
      'extends: ./fluxloop-policy.yaml\npolicy: { severity: { missing-owner: medium } }\n',
    'shared/team.yaml': 'policy: { environments: { prod: { maxLifetime: 60d } } }\n',
  })
  t.match(policy, {
    forbid: ['widening'],
    breakGlass: [],
    audit: {
      failOn: 'critical',
      severities: { 'no-expiry': 'low', 'missing-owner': 'medium', 'all-projects': 'high' },
      environments: { prod: { maxLifetime: 60 * day, allow: null, deny: ['manage_keys'] } },
      rules: [
        { id: 'own', when: 'true', position: { file: 'a.yaml' } },
        { id: 'shared', position: { file: 'node_modules/@acme/flux-policy/rules/all.yaml', line: 6 } },
      ],
    },
  })
})

t.test('runs no code of a package, and reads nothing outside of it', async t => {
  const ways = ['../../secret.yaml', '../bad/link.yaml', '/etc/passwd', './further.yaml']
  const files = {
    ...Object.fromEntries(
      ways.flatMap((way, index) => [
        [`way${index}.yaml`, `${head}${key}extends: bad/way${index}.yaml\n`],
        [`node_modules/bad/way${index}.yaml`, `extends: ${way}\n`],
      ]),
    ),
    'node_modules/bad/further.yaml': 'extends: ../../secret.yaml\n',
    'a.yaml': `${head}${key}extends: bad\n`,
    'b.yaml': `${head}${key}extends: bad/../../secret.yaml\n`,
    'c.yaml': `${head}${key}extends: bad/link.yaml\n`,
    'secret.yaml': 'policy: { failOn: low }\n',
    'node_modules/bad/package.json': '{"main":"index.js","fluxloop-keys":"../../secret.yaml"}',
    'node_modules/bad/index.js': 'throw new Error("it ran")',
  }
  await inFolder(files, async cwd => {
    await chmod(join(cwd, 'node_modules/bad/index.js'), 0o755)
    await symlink('../../secret.yaml', join(cwd, 'node_modules/bad/link.yaml'))
    for (const path of ['a.yaml', 'b.yaml', 'c.yaml', ...ways.map((_, index) => `way${index}.yaml`)]) {
      const loaded = await loadConfiguration({ paths: [path], cwd, now })
      t.match(
        loaded,
        { ok: false, diagnostics: [{ code: 'policy-source', message: /leads out of the package/ }] },
        path,
      )
      if (!loaded.ok) t.notMatch(renderDiagnostics(loaded.diagnostics), /failOn|root:x/)
    }
  })
})

t.test('reads at most 100 policies, however they build on each other', async t => {
  const many = (name: string) => `[${Array<string>(16).fill(`./${name}.yaml`).join(', ')}]`
  const files = Object.fromEntries(
    Array.from('abcdefgh', (name, index) => [`${name}.yaml`, `extends: ${many('bcdefghi'[index] ?? '')}\n`]),
  )
  const own = { 'main.yaml': `${head}${key}extends: ./a.yaml\n`, 'i.yaml': 'policy: { failOn: low }\n' }
  const loaded = await load({ ...files, ...own }, ['main.yaml'])
  t.match(loaded, { ok: false, diagnostics: [{ code: 'policy-cycle', message: /more than 100 policies/ }] })
  if (!loaded.ok) t.equal(loaded.diagnostics.length, 1)

  const wide = Array.from({ length: 7 }, (_, index) => `./${index}.yaml`)
  const each = `extends: [${Array<string>(13).fill('./i.yaml').join(', ')}]\n`
  const fits = { ...own, 'main.yaml': `${head}${key}extends: [${wide.join(', ')}]\n` }
  t.match(
    await load({ ...fits, ...Object.fromEntries(wide.map(path => [path.slice(2), each])) }, ['main.yaml']),
    { ok: true },
    '7 that build on 13 each are 98',
  )
})

t.test('says once that a shared policy is not a map, however long it is', async t => {
  const files = { 'a.yaml': `${head}${key}extends: ./text.yaml\n`, 'text.yaml': 'text '.repeat(1_000) }
  const loaded = await load(files, ['a.yaml'])
  t.match(loaded, { ok: false, diagnostics: [{ file: 'text.yaml', code: 'wrong-type' }] })
  if (!loaded.ok) t.equal(loaded.diagnostics.length, 1)
})

t.test('waits for no pipe that lies where a policy, a package or a configuration should', async t => {
  if (process.platform === 'win32') return
  const files = {
    'a.yaml': `${head}${key}extends: ./pipe.yaml\n`,
    'b.yaml': `${head}${key}extends: bad\n`,
    'node_modules/bad/index.js': '',
  }
  await inFolder(files, async cwd => {
    for (const path of ['pipe.yaml', 'node_modules/bad/package.json'])
      execFileSync('mkfifo', [join(cwd, path)])
    const problem = async (path: string) => {
      const loaded = await loadConfiguration({ paths: [path], cwd, now })
      return loaded.ok ? 'none' : loaded.diagnostics.map(({ message }) => message).join()
    }
    t.match(await problem('a.yaml'), 'not a regular file')
    t.match(await problem('pipe.yaml'), 'not a regular file')
    t.match(await problem('b.yaml'), 'bad has no file fluxloop-policy.yaml')
  })
})

t.test('a plan file is bound to the shared policy, too', async t => {
  const files = {
    'a.yaml': `${head}${key}extends: ./p/one.yaml\n`,
    'p/one.yaml': 'policy: { failOn: low }\n',
  }
  const hash = async (given: typeof files) =>
    configurationHash(await desired(given, ['a.yaml']), text => text)
  t.not(await hash(files), await hash({ ...files, 'p/one.yaml': 'policy: { failOn: high }\n' }))
})

t.test('an own rule sees what is declared, live and used', async t => {
  const declared = desiredKey({ owner: null, scope: 'all' })
  const live = managedKey(desiredKey())
  const usage = observed({ 'Pull scenarios': { x: 3 }, 'Upload results': { x: 2, y: 1 } })
  const cases: readonly (readonly [string, 'declaration' | 'live' | 'usage'])[] = [
    ['desired.owner == null && desired.allProjects && desired.projects == []', 'declaration'],
    ['desired.environment == "ci" && desired.expires == "90d" && desired.lifetimeDays == 90', 'declaration'],
    ['desired.stores.exists(s, s == "keychain") && "upload_results" in desired.permissions', 'declaration'],
    ['key.createdAt < now - duration("24h") && key.lastUsedAt == null && key.projects.size() == 2', 'live'],
    ['usage.total == 6 && usage.byPermission["upload_results"] == 3 && usage.days == 30', 'usage'],
    ['usage.byProject.exists(p, usage.byProject[p] > 4) && usage.addresses == 1', 'usage'],
    ['key.expiresAt - now < duration("2400h")', 'live'],
  ]
  for (const [when, needs] of cases) {
    const own = {
      id: 'mine',
      severity: 'low',
      when,
      message: 'x',
      remedy: null,
      tests: [],
      position: declared.position,
    } as const
    const [compiled] = compileOwnRules([own])
    t.equal(compiled?.needs, needs, when)
    t.strictSame(
      compiled?.evaluate({ desired: declared, key: live, usage, now: then }),
      { finds: true },
      when,
    )
  }
})

t.test(
  'test cases next to the rules say what came of them, and an ordinary key fills their gaps',
  async t => {
    const { audit } = await policyOf({
      'a.yaml': `${head}${key}policy:
  rules:
    mine:
      when: desired.environment == 'prod' && usage.byPermission['read_scenarios'] > 10
      message: x
      severity: low
      tests:
        - { name: in prod, desired: { environment: prod }, finds: true }
        - { name: in ci, finds: true }
        - { name: unused, desired: { environment: prod }, usage: { byPermission: {} }, finds: false }
    late:
      when: key.expiresAt < now
      message: x
      severity: low
      tests:
        - { name: over, key: { expiresAt: 2026-01-31 }, now: 2026-02-01, finds: true }
        - { name: not over, finds: false }
`,
    })
    t.match(runRuleTests(audit.rules), [
      { rule: 'late', test: { name: 'over' }, passed: true, why: null },
      { rule: 'late', passed: true },
      { rule: 'mine', test: { name: 'in prod' }, passed: true },
      { rule: 'mine', test: { name: 'in ci' }, passed: false, why: 'it finds nothing, and should' },
      { rule: 'mine', test: { name: 'unused' }, passed: false, why: /No such key/ },
    ])
  },
)

t.test('the page lists every fact', async t => {
  const page = await readFile('docs/policy.md', 'utf8')
  for (const group of ['desired', 'key', 'usage'] as const) {
    for (const [name] of fieldsOf(group)) t.match(page, `\`${group}.${name}\``)
  }
})
