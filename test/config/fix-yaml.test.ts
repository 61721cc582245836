import { execFile } from 'node:child_process'
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { type Roles, edited, fixableText, shortestList } from '../../src/config/fix-yaml.ts'
import { meansOnly } from '../../src/config/means-only.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { reversePatch } from '../../src/config/reverse-patch.ts'
import { day } from '../../src/model/duration.ts'
import type { KeyFix } from '../../src/model/fix.ts'

/** One fix of one text. */
function fixKey(text: string, fix: KeyFix, known: Roles): { text: string } | { why: string } | null {
  const fixing = fixableText(text).editsFor(fix, known)
  return fixing === null || 'why' in fixing ? fixing : { text: edited(text, fixing) }
}

const run = promisify(execFile)
const roles = new Map([
  ['runner', ['read_scenarios', 'upload_results']],
  ['reader', ['read_results', 'read_scenarios', 'upload_results']],
])
const fixOf = (fix: Partial<KeyFix>): KeyFix => ({
  keyId: 'one',
  permissions: null,
  scope: null,
  expires: null,
  ...fix,
})
const file = (key: string) => `version: 1 # first\nstack: s\nkeys:\n  one:\n${key}`

const cases: readonly {
  readonly behaviour: string
  readonly key: string
  readonly fix: Partial<KeyFix>
  readonly fixed: string | { readonly why: RegExp }
}[] = [
  {
    behaviour: 'takes one line out of a block, and its own comment alone',
    key: '    permissions:\n      # why\n      - "read_scenarios" # a\n      - upload_results # b\n    scope: all\n',
    fix: { permissions: ['read_scenarios'] },
    fixed: '    permissions:\n      # why\n      - "read_scenarios" # a\n    scope: all\n',
  },
  {
    behaviour: 'takes the first and the last out of brackets',
    key: "    permissions: [ delete_scenarios, 'read_scenarios', upload_results ] # c\n",
    fix: { permissions: ['read_scenarios'] },
    fixed: "    permissions: [ 'read_scenarios' ] # c\n",
  },
  {
    behaviour: 'gives a user of a role that grants too much its own list',
    key: '    permissions: [role:runner]\n',
    fix: { permissions: ['read_scenarios'] },
    fixed: '    permissions: [read_scenarios]\n',
  },
  {
    behaviour: 'takes another role where that is shorter',
    key: '    permissions: ["*"]\n',
    fix: { permissions: ['read_scenarios', 'upload_results'] },
    fixed: '    permissions: ["role:runner"]\n'.replaceAll('"', ''),
  },
  {
    behaviour: 'names projects where all were reached, and quotes what YAML would misread',
    key: '    scope: all # c\n    permissions: [read_scenarios]\n',
    fix: { scope: ['bot', 'yes'] },
    fixed: '    scope: [bot, "yes"] # c\n    permissions: [read_scenarios]\n',
  },
  {
    behaviour: 'puts an expiry into a block that has none',
    key: '    scope: all\n    permissions: [read_scenarios]\n',
    fix: { expires: { kind: 'period', length: 90 * day } },
    fixed: '    scope: all\n    expires: 90d\n    permissions: [read_scenarios]\n',
  },
  {
    behaviour: 'replaces never',
    key: '    expires: "never" # c\n    permissions: [read_scenarios]\n',
    fix: { expires: { kind: 'period', length: 90 * day } },
    fixed: '    expires: 90d # c\n    permissions: [read_scenarios]\n',
  },
  {
    behaviour: 'replaces an alias by a list of its own',
    key: '    permissions: *all\nroles:\n  x: &all [read_scenarios]\n',
    fix: { permissions: ['read_scenarios'] },
    fixed: '    permissions: [read_scenarios]\nroles:\n  x: &all [read_scenarios]\n',
  },
  {
    behaviour: 'leaves a list alone that others may refer to',
    key: '    permissions: &mine [read_scenarios, upload_results]\n',
    fix: { permissions: ['read_scenarios'] },
    fixed: { why: /&mine/ },
  },
  {
    behaviour: 'leaves a list alone where a comment of another item would be lost',
    key: '    permissions: [read_scenarios, # a\n      upload_results, delete_scenarios]\n',
    fix: { permissions: ['read_scenarios'] },
    fixed: { why: /edited safely/ },
  },
]

for (const { behaviour, key, fix, fixed } of cases)
  t.test(behaviour, t => {
    for (const eol of ['\n', '\r\n']) {
      const other = eol === '\n' ? '\r\n' : '\n'
      for (const others of ['', `# above${other}`]) {
        const text = (own: string) => others + file(own).replaceAll('\n', eol)
        const result = fixKey(text(key), fixOf(fix), roles)
        if (typeof fixed === 'string') t.same(result, { text: text(fixed) })
        else t.match(result, fixed)
      }
    }
    t.end()
  })

t.test('takes one role and single permissions only where that is shorter', t => {
  t.same(shortestList(['read_results', 'read_scenarios', 'upload_results'], roles), ['role:reader'])
  t.same(shortestList(['read_scenarios'], roles), ['read_scenarios'])
  t.end()
})

const permissions = [
  'create_scenarios',
  'delete_scenarios',
  'read_results',
  'read_scenarios',
  'upload_results',
]
const quote = fc.constantFrom('', '"', "'")
const written = fc.record({
  granted: fc.subarray(permissions, { minLength: 2 }),
  style: fc.constantFrom('block', 'flow', 'lines'),
  quote,
  comments: fc.boolean(),
  eol: fc.constantFrom('\n', '\r\n'),
  final: fc.boolean(),
  seed: fc.nat(),
})

t.test('generated files differ only in what goes, and mean exactly the narrowed keys', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(written, { minLength: 1, maxLength: 4 }), async many => {
      const { eol = '\n', final = true } = many[0] ?? {}
      const used = many.map(({ granted, seed }) => {
        const some = granted.filter((_, index) => ((seed >> index) & 1) === 1)
        return some.length === 0 ? granted.slice(0, 1) : some
      })
      const textWith = (only: boolean) => {
        const keys = many.map(({ granted, style, quote: q, comments }, at) => {
          const names = granted.filter(name => !only || used[at]?.includes(name))
          const note = (name: string) => (comments ? ` # about ${name}` : '')
          const list =
            style === 'flow'
              ? ` [${names.map(name => q + name + q).join(', ')}]${comments ? ' # list' : ''}`
              : style === 'block'
                ? names.map(name => `\n      - ${q}${name}${q}${note(name)}`).join('')
                : ` [\n${names.map(name => `      ${q}${name}${q},${note(name)}\n`).join('')}      ]`
          return `  k${at}: &a${at} # anchored\n    name: 'Key ${at}'\n    scope:   [bot]\n    expires: 1y\n    permissions:${list}`
        })
        const text = `# top\nversion: 1\nstack: s\nkeys:\n${keys.join('\n\n')}${final ? '\n' : ''}`
        return text.replaceAll('\n', eol)
      }
      const before = textWith(false)
      const fixes = used.map((names, at) => fixOf({ keyId: `k${at}`, permissions: names }))
      let after = before
      for (const fix of fixes) {
        const result = fixKey(after, fix, new Map())
        if (result === null || !('text' in result)) throw new Error(JSON.stringify(result))
        after = result.text
      }
      if (after !== textWith(true)) throw new Error(`${JSON.stringify(before)}\n${JSON.stringify(after)}`)
      const load = async (text: string) => {
        const loaded = await loadConfiguration({
          paths: [],
          cwd: '/',
          now: null,
          instead: new Map([['/x.yaml', text]]),
        })
        if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics))
        return loaded.desired
      }
      return meansOnly(await load(before), await load(after), fixes)
    }),
    { numRuns: 150 },
  )
  t.pass('150 files')
})

t.test('git apply restores every byte of several files', async t => {
  const root = await mkdtemp(join(tmpdir(), 'fix-patch-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  await run('git', ['init', '-q'], { cwd: root })
  await mkdir(join(root, 'a folder'))
  const files = [
    { path: 'a folder/ä "x".yaml', before: 'a\r\nb\r\nc', after: 'a\r\nc' },
    { path: 'a folder/two.yaml', before: 'x: 1\ny: 2\n', after: 'x: 1\n' },
    { path: 'three.yaml', before: '- a\n- b', after: '- a' },
  ]
  for (const { path, after } of files) await writeFile(join(root, path), after)
  await writeFile(join(root, 'p.patch'), reversePatch(files))
  await run('git', ['apply', 'p.patch'], { cwd: root })
  for (const { path, before } of files) t.equal(await readFile(join(root, path), 'utf8'), before)
})
