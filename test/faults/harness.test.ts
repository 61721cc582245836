// What the crash matrix counts on in itself: that a matrix which was interrupted plays the rest.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Line, buildHash, progressIn } from '../campaigns/progress.ts'
import { everything, sampled, whatIsLeft } from './crash/choice.ts'
import { mutated } from './crash/mutant.ts'
import type { Choice } from './crash/crash-play.ts'
import { caseOf, titleOf } from './crash/setting.ts'
import { wrongOrders } from './crash/wrong-orders.ts'
import { wrongSteps } from './crash/wrong-steps.ts'

const { setting } = caseOf('create/both/none')
const points = ['before-create:1', 'after-create:1', 'before-put:1', 'before-put:2']

/** What playing a choice tells, where every run comes by the same points and these cases are settled. */
function played(choice: Choice, settled: ReadonlyMap<string, unknown> = new Map()): readonly Line[] {
  const line = (first: string | null, second: string | null = null): Line => {
    const title = titleOf(setting, { first, second })
    return { campaign: 'crash', title, faults: [], places: second === null ? points : [] }
  }
  const branches = choice
    .firsts(points)
    .flatMap(first => [line(first), ...choice.seconds(first, points).map(second => line(first, second))])
  return [line(null), ...branches].filter(({ title }) => !settled.has(title))
}

const titles = (lines: Iterable<Line>) => [...lines].map(({ title }) => title).sort()

/** By title alone. */
const settledOf = (lines: Iterable<Line>) => new Map([...lines].map(line => [line.title, line]))

/** Cuts the last line short, as a kill does. */
function tear(file: string): void {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.slice(0, -5))
}

t.test('plays what was not played, wherever it was interrupted, and nothing else', async t => {
  const choices = { everything, sampled: sampled('0', { firsts: 2, seconds: 1 }) }
  for (const [what, choice] of Object.entries(choices)) {
    const all = played(choice)
    for (let done = 0; done <= all.length; done += 1) {
      const folder = t.testdir()
      const progress = progressIn(folder, { fresh: true })
      for (const line of all.slice(0, done)) progress.add(line)
      const [file = ''] = readdirSync(folder)
      if (done > 0) tear(join(folder, file))
      const resumed = progressIn(folder, { fresh: false })
      const settled = settledOf(resumed.lines().values())
      t.equal(settled.size, Math.max(0, done - 1), 'the line that was cut short does not count')
      const left = whatIsLeft(choice, setting, settled)
      const again = left === null ? [] : played(left, settled)
      for (const line of again) resumed.add(line)
      t.strictSame(titles(resumed.lines().values()), titles(all), `${what}, torn at ${done}`)
      t.notOk(again.some(({ title }) => settled.has(title)))
    }
    t.equal(whatIsLeft(choice, setting, settledOf(all)), null, 'nothing is left')
  }
})

t.test('forgets what passed where the program or the tests changed, and nothing else', async t => {
  const root = t.testdir({
    dist: { 'start.cjs': '1', 'start.cjs.map': '1' },
    test: {
      campaigns: { 'main.ts': '1' },
      faults: { crash: { 'crash-judge.ts': '1' } },
      fuzz: { 'files.test.ts': '1' },
      scenarios: { 'kill.test.ts': '1' },
      support: { 'program.ts': '1' },
      plan: { 'rules.test.ts': '1' },
    },
  })
  const first = buildHash(root)
  const changes = (file: string): boolean => {
    writeFileSync(join(root, file), '2')
    const is = buildHash(root) !== first
    writeFileSync(join(root, file), '1')
    return is
  }
  const counting = [
    'dist/start.cjs',
    'test/faults/crash/crash-judge.ts',
    'test/support/program.ts',
    'test/fuzz/files.test.ts',
  ]
  for (const file of counting) t.ok(changes(file), file)
  for (const file of ['dist/start.cjs.map', 'test/plan/rules.test.ts']) t.notOk(changes(file), file)
  t.equal(buildHash(root), first)
})

t.test('plays a case of the matrix where only that is left', async t => {
  const lines = settledOf(played(everything))
  lines.delete(titleOf(setting, { first: 'after-create:1', second: 'before-put:2' }))
  const left = whatIsLeft(everything, setting, lines)
  if (left === null) return t.fail('a case is left')
  t.strictSame(left.firsts(points), ['after-create:1'])
  t.strictSame(left.seconds('after-create:1', points), ['before-put:2'])
})

t.test('every deliberately wrong program still fits the code that it is wrong about', async t => {
  for (const [what, { edits }] of Object.entries({ ...wrongOrders, ...wrongSteps })) {
    for (const edit of edits) {
      const source = readFileSync(join('src', edit.file), 'utf8')
      t.doesNotThrow(() => mutated(source, edit), what)
    }
  }
})
