// Expressions of a policy's own rules: what they may be made of, and that what they take is known before they are begun.
import { Environment } from '@marcbachmann/cel-js'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { readFacts } from '../../src/config/own-rules/cases.ts'
import { compileOwnRule } from '../../src/config/own-rules/compile.ts'
import { loops, stepsOf } from '../../src/config/own-rules/effort.ts'
import { functions } from '../../src/config/own-rules/functions.ts'
import { cases } from '../support/fuzz.ts'
import { desired, load } from './support.ts'

const compiled = (when: string) =>
  compileOwnRule({
    id: 'mine',
    severity: 'low',
    when,
    message: 'x',
    remedy: null,
    tests: [],
    position: { file: 'a.yaml', line: 1, column: 1 },
  })

const usual = { desired: {}, key: {}, usage: {}, now: null }

const facts = (of: Partial<typeof usual>) => readFacts({ ...usual, ...of }).facts

/** What is wrong with the expression, or what comes of it for a key. */
function outcome(when: string, of: Partial<typeof usual> = {}): string {
  const rule = compiled(when)
  if (!rule.ok) return rule.problem.message
  const answer = rule.run(facts(of))
  return 'error' in answer ? answer.error : String(answer.finds)
}

const doubled = (text: string, times: number, end: string) => {
  const names = Array.from({ length: times }, (_, index) => `cel.bind(v${index + 1}, v${index} + v${index}, `)
  return `cel.bind(v0, ${text}, ${names.join('')}${end}${')'.repeat(times + 1)}`
}
const letters = (count: number) => `'${'a'.repeat(count)}'`
const list = (count: number) => `[${Array<string>(count).fill('1').join(',')}]`
const manySteps = /more than 1,000,000 steps/

t.test('what would take for ever, or make much of little, is refused before it is begun', async t => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['a pattern that goes back and forth', `${letters(40)}.matches('(a+)+b')`, /`matches` is not offered/],
    ['a list of the characters of a text', `${letters(900)}.split('').all(x, x == 'a')`, /`split` is not/],
    ['texts in a row', "desired.projects.join('') == ''", /`join` is not/],
    ['a list out of a text', `bytes('[1]').json().all(x, x > 0)`, /`(json|bytes)` is not/],
    ['a text that doubles', doubled(letters(99), 10, "v10 == ''"), /`bind` is not/],
    ['a list that doubles', doubled("['a']", 10, 'v10.all(x, v10.all(y, x == y))'), /`bind` is not/],
    ['a duration that is none', `duration('${'9'.repeat(1_900)}') > duration('1h')`, manySteps],
    [
      'the same in loops',
      `${list(60)}.all(x, ${list(60)}.all(y, duration('${'9'.repeat(99)}') > duration('1s')))`,
      manySteps,
    ],
    [
      'time zones in loops',
      `${list(60)}.all(x, ${list(60)}.all(y, now.getHours('Europe/Berlin') > -1))`,
      manySteps,
    ],
    ['three loops', `[1].all(a, [1].all(b, [1].all(c, a == c)))`, /two loops/],
    ['three loops in a row', `[1].map(a, a).map(b, b).map(c, c) == [1]`, /two loops/],
  ]
  for (const [title, when, problem] of rows) t.match(outcome(when), problem, title)
})

t.test('every limit on the form of an expression holds, and lets through what is just below it', async t => {
  const rows: readonly (readonly [string, (size: number) => string, number, RegExp])[] = [
    ['parts', size => `${'!'.repeat(size - 1)}true`, 500, /maxAstNodes \(500\)/],
    ['depth', size => `${'('.repeat(size - 1)}true${')'.repeat(size - 1)}`, 30, /maxDepth \(30\)/],
    ['entries of a list', size => `${list(size)} != []`, 200, /maxListElements \(200\)/],
  ]
  for (const [title, when, limit, problem] of rows) {
    t.match(outcome(when(limit)), /^(true|false)$/, `${limit} ${title}`)
    t.match(outcome(when(limit + 1)), problem, `one more: ${title}`)
  }
})

t.test('an expression of more than 2,000 characters is not even read', async t => {
  const configuration = (when: string) => ({
    'a.yaml': `version: 1
stack: acme
keys:
  ci: { name: CI, scope: all, permissions: [read_results], expires: never }
policy: { rules: { mine: { when: "${when}", message: x, severity: low } } }
`,
  })
  const sized = (size: number) => `'${'a'.repeat(size - 8)}' != ''`
  t.equal((await desired(configuration(sized(2_000)))).policy.audit.rules.length, 1)
  const loaded = await load(configuration(`!${sized(2_000)} +`))
  t.match(loaded, { ok: false, diagnostics: [{ message: /more than 2000 characters/ }] })
  if (!loaded.ok) t.equal(loaded.diagnostics.length, 1, 'what is wrong inside of it is not looked for')
})

t.test('how much an expression takes is looked at for each key', async t => {
  const projects = (count: number) => ({ projects: Array.from({ length: count }, (_, index) => `p${index}`) })
  const twice = 'desired.projects.all(a, desired.projects.all(b, a == b))'
  t.equal(outcome(twice, { desired: projects(400) }), 'false')
  t.match(outcome(twice, { desired: projects(500) }), manySteps)
  const each = 'desired.projects.all(a, a in key.projects)'
  t.equal(outcome(each, { desired: projects(500), key: projects(500) }), 'true')
  t.match(outcome(each, { desired: projects(2_000), key: projects(2_000) }), manySteps)
  const grace = "duration(desired.grace) > duration('24h')"
  t.equal(outcome(grace), 'true')
  t.match(outcome(grace, { desired: { grace: '9'.repeat(5_000) } }), manySteps, 'whoever wrote it')
  t.match(
    outcome('usage.byProject.all(a, usage.byProject.all(b, a == b))', {
      usage: { byProject: Object.fromEntries(projects(1_000).projects.map(name => [name, 1])) },
    }),
    manySteps,
  )
})

t.test('names of prototypes are names like others', async t => {
  const odd = JSON.parse('{"constructor":2,"__proto__":3,"toString":4}') as object
  const usage = { byProject: odd, byOperation: odd }
  t.equal(
    outcome("usage.byProject['constructor'] == 2 && usage.byProject['__proto__'] == 3", { usage }),
    'true',
  )
  t.equal(
    outcome('usage.byProject.all(p, usage.byProject[p] > 1) && usage.byProject.size() == 3', { usage }),
    'true',
  )
  t.equal(
    outcome("'valueOf' in usage.byProject || 'hasOwnProperty' in usage.byOperation", { usage }),
    'false',
  )
  t.match(outcome("usage.byProject['valueOf'] == 1", { usage }), /No such key/)
  for (const name of ['constructor', '__proto__', 'toString'])
    t.not(compiled(`desired.${name} == null`).ok, true, `desired.${name}`)
})

t.test('offers what the library has, but for what could hurt', async t => {
  const all = new Set(new Environment().getDefinitions().functions.map(({ name }) => name))
  const refused = [...all].filter(name => !functions.has(name) && !loops.includes(name))
  t.strictSame(refused.sort(), [
    'at',
    'base64',
    'bind',
    'bytes',
    'hasValue',
    'hex',
    'join',
    'json',
    'matches',
    'none',
    'of',
    'or',
    'orValue',
    'split',
    'value',
  ])
  t.strictSame(
    [...functions.keys()].filter(name => !all.has(name)),
    [],
    'and nothing else',
  )
})

/** A random expression, in whose every part `tick` counts what is really gone through. */
function randomExpression(pick: fc.GeneratorValue): string {
  const one = (choices: readonly (() => string)[]): string =>
    choices[pick(fc.nat, { max: choices.length - 1 })]?.() ?? ''
  const expression = (kind: 'text' | 'list' | 'flag', depth: number, names: readonly string[]): string => {
    const part = (of: typeof kind) => expression(of, depth - 1, names)
    const inside = (of: typeof kind, over = part('list')) => {
      const name = `v${names.length}`
      return { over, name, body: expression(of, depth - 1, [...names, name]) }
    }
    const looped = (method: string, of: typeof kind) => () => {
      const { over, name, body } = inside(of)
      return `${over}.${method}(${name}, ${body})`
    }
    const mayLoop = names.length < 2
    const choices = {
      text: [
        () => "'abc'",
        () => 'desired.description',
        ...names.map(name => () => name),
        ...(depth > 0
          ? [
              () => `(${part('text')} + ${part('text')})`,
              () => `${part('text')}.upperAscii()`,
              () => `(${part('flag')} ? ${part('text')} : ${part('text')})`,
            ]
          : []),
      ],
      list: [
        () => 'desired.projects',
        () => 'desired.stores',
        ...(depth > 0
          ? [
              () => `[${part('text')}, ${part('text')}]`,
              () => `(${part('list')} + ${part('list')})`,
              () => `dyn(${part('list')})`,
            ]
          : []),
        ...(depth > 0 && mayLoop ? [looped('map', 'text'), looped('filter', 'flag')] : []),
      ],
      flag: [
        () => 'desired.protect',
        ...(depth > 0
          ? [
              () => `${part('text')} == ${part('text')}`,
              () => `${part('text')} in ${part('list')}`,
              () => `size(${part('list')}) > 3`,
              () => `${part('text')}.contains(${part('text')})`,
            ]
          : []),
        ...(depth > 0 && mayLoop
          ? [looped('all', 'flag'), looped('exists', 'flag'), looped('exists_one', 'flag')]
          : []),
      ],
    }
    return `tick(${one(choices[kind])})`
  }
  return expression('flag', 5, [])
}

t.test('takes no more steps than were reckoned, whatever the expression', async t => {
  let ticks = 0
  const counting = new Environment()
    .registerVariable('desired', {
      schema: { projects: 'list<string>', stores: 'list<string>', description: 'string', protect: 'bool' },
    })
    .registerFunction('tick(dyn): dyn', (value: unknown) => {
      ticks +=
        typeof value === 'string' ? Math.ceil(value.length / 16) : Array.isArray(value) ? value.length : 1
      return value
    })
  let most = 0
  const property = fc.property(fc.gen(), fc.nat(6), fc.nat(6), (pick, projects, stores) => {
    const when = randomExpression(pick)
    const facts = {
      desired: {
        projects: Array.from({ length: projects }, (_, index) => `project ${index}`),
        stores: Array.from({ length: stores }, () => 'vault'),
        description: 'd'.repeat(30),
        protect: true,
      },
    }
    const parsed = counting.parse(when)
    ticks = 0
    try {
      parsed(facts)
    } catch {
      // That a part is of another type than it has to be is seen only when it is reached.
    }
    most = Math.max(most, ticks)
    const steps = stepsOf(parsed.ast, facts)
    if (ticks > steps) throw new Error(`${ticks} instead of ${steps}: ${when}`)
  })
  fc.assert(property, { numRuns: cases(2_000) })
  t.ok(most > 200, `up to ${most} steps`)
})
