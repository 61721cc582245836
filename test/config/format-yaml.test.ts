import { readFileSync } from 'node:fs'
import t from 'tap'
import { formatYaml } from '../../src/config/format-yaml.ts'
import { newConfiguration, stackNamedAfter, withIgnored } from '../../src/config/new-configuration.ts'

const rows: readonly { readonly title: string; readonly before: string; readonly after: string }[] = [
  {
    title: 'two columns a level, lists in maps too',
    before: 'keys:\n    ci:\n        scope:\n        - a\n        - b\n',
    after: 'keys:\n  ci:\n    scope:\n      - a\n      - b\n',
  },
  {
    title: 'lists have no padding, and maps one space',
    before: 'a: [ x,y , z ]\nb: {c: 1,d: [1, 2]}\n',
    after: 'a: [x, y, z]\nb: { c: 1, d: [1, 2] }\n',
  },
  {
    title: 'comments stay where they are',
    before:
      '# top\na: 1 # one\nb: # block\n   # inside\n   c: 2\n\n# before d\nd: # list\n- 1 # first\n# end\n',
    after:
      '# top\na: 1 # one\nb: # block\n  # inside\n  c: 2\n\n# before d\nd: # list\n  - 1 # first\n\n# end\n',
  },
  {
    title: 'quotes, anchors and aliases stay',
    before: 'a: "x"\nb: \'y\'\nc: &rot { maxAge: 3d }\nd: *rot\n',
    after: 'a: "x"\nb: \'y\'\nc: &rot { maxAge: 3d }\nd: *rot\n',
  },
  { title: 'every line ends as most do', before: 'a: 1\r\nb:  2\nc: 3\n', after: 'a: 1\nb: 2\nc: 3\n' },
  { title: 'CRLF stays', before: 'a: 1\r\nb:  2\r\n', after: 'a: 1\r\nb: 2\r\n' },
  { title: 'one empty line at most', before: 'a: 1\n\n\n\nb: 2\n\n\n', after: 'a: 1\n\nb: 2\n' },
  {
    title: 'where a text looks like a name and its comment, comments may move',
    before: 'k: # c\n  v: |\n    k:\n    # c\n',
    after: 'k:\n  # c\n  v: |\n    k:\n    # c\n',
  },
  {
    title: 'a long list gets lines, and a long text none',
    before: `s: [${'project-name, '.repeat(9)}last]\nt: ${'word '.repeat(40).trim()}\n`,
    after: `s:\n${'  - project-name\n'.repeat(9)}  - last\nt: ${'word '.repeat(40).trim()}\n`,
  },
]

t.test('gives every configuration one layout, and nothing else', async t => {
  for (const { title, before, after } of rows) {
    t.equal(formatYaml(before), after, title)
    t.equal(formatYaml(after), after, `${title}: twice is as once`)
  }
})

t.test('the example is formatted, and so is what init writes', async t => {
  const example = readFileSync(new URL('../../examples/fluxloop-keys.yaml', import.meta.url), 'utf8')
  t.equal(formatYaml(example), example)
  const first = { name: 'ci', value: { name: 'CI', scope: 'all', permissions: ['read_results'] } }
  for (const text of [newConfiguration('acme', null, null), newConfiguration('acme', first, null)])
    t.equal(formatYaml(text), text)
})

t.test('a stack is named after its folder, and .gitignore gets only what it lacks', async t => {
  for (const [folder, stack] of [
    ['Acme Agents', 'acme-agents'],
    ['_build--2_', 'build-2'],
    ['...', 'my-team'],
    ['x'.repeat(60), 'x'.repeat(40)],
  ] as const)
    t.equal(stackNamedAfter(folder), stack)
  const added = withIgnored('node_modules\n.env\n')
  t.match(added, /^node_modules\n\.env\n\n# fluxloop-keys[^\n]*\n\.env\.\*\n/)
  t.equal(withIgnored(added), added)
  t.notMatch(added.split('# fluxloop-keys')[1], /^\.env$/m)
})
