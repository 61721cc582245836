// What the crash matrix counts on in itself: that its own look at a plan sees, that shards lose nothing, and that a matrix which was
// interrupted plays the rest.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { everything, sampled } from './crash/choice.ts'
import { configuration } from './crash/configuration.ts'
import { mutated } from './crash/mutant.ts'
import { planHere } from './crash/plan-here.ts'
import type { Choice } from './crash/play.ts'
import { type Line, buildHash, progressIn, whatIsLeft } from './crash/progress.ts'
import { apply, storeSets } from './crash/scenes.ts'
import { allSettings, caseOf, settingTitle, settingsOf, titleOf } from './crash/setting.ts'
import { openStage } from './crash/stage.ts'
import { wrongOrders } from './crash/wrong-orders.ts'
import { wrongSteps } from './crash/wrong-steps.ts'

t.test(
  'sees what a killed run leaves in the next plan, as the program does, whatever the stores',
  async t => {
    const stage = await openStage('none', null)
    t.teardown(() => stage.end())
    const toBeginning = await stage.remember()
    for (const stores of storeSets) {
      await toBeginning()
      await stage.place.write(
        'fluxloop-keys.yaml',
        configuration(stage.place.work, stores, {}, stage.adopted),
      )
      t.match(await stage.run(apply, 'after-create:1'), { signal: 'SIGKILL' })
      const { code, stdout } = await planHere(stage)
      t.match({ code, stdout }, { code: 2, stdout: /made by an interrupted run/ }, stores)
      t.match(
        await stage.run(['plan', '--detailed-exitcode']),
        { code },
        `${stores}: the program says the same`,
      )
    }
  },
)

t.test('plays every setting in one shard, be there as many shards as there may', async t => {
  const all = allSettings().map(settingTitle).sort()
  for (const parts of [1, 2, 3, 4, 7, 200]) {
    const shards = Array.from({ length: parts }, (_, index) => settingsOf(`${index + 1}/${parts}`, '0'))
    t.strictSame(shards.flat().map(settingTitle).sort(), all, `${parts} shards`)
  }
})

const { setting } = caseOf('create/both/none')
const unharmed = titleOf(setting, { first: null, second: null })
const points = ['before-create:1', 'after-create:1', 'before-put:1', 'before-put:2']

/** What playing a choice tells, where every run comes by the same points. */
function played(choice: Choice): readonly Line[] {
  const line = (first: string | null, second: string | null = null): Line => {
    return { title: titleOf(setting, { first, second }), faults: [], places: second === null ? points : [] }
  }
  const branches = choice
    .firsts(points)
    .flatMap(first => [line(first), ...choice.seconds(first, points).map(second => line(first, second))])
  return [line(null), ...branches, { title: settingTitle(setting), faults: [], places: [] }]
}

const titles = (lines: Iterable<Line>) => [...lines].map(({ title }) => title).sort()

/** Cuts the last line short, as a kill does. */
function tear(file: string): void {
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.slice(0, -5))
}

t.test('plays what was not played, wherever it was interrupted, and little else', async t => {
  const choices = { everything, sampled: sampled('0', { firsts: 2, seconds: 1 }) }
  for (const [what, choice] of Object.entries(choices)) {
    const all = played(choice)
    for (let done = 0; done <= all.length; done += 1) {
      const folder = t.testdir()
      const progress = progressIn(folder, '1/1', { fresh: true })
      for (const line of all.slice(0, done)) progress.add(line)
      const [file = ''] = readdirSync(folder)
      if (done > 0) tear(join(folder, file))
      const resumed = progressIn(folder, '1/1', { fresh: false })
      const known = titles(resumed.lines().values())
      t.equal(known.length, Math.max(0, done - 1), 'the line that was cut short does not count')
      const left = whatIsLeft(choice, setting, resumed.lines())
      const again = left === null ? [] : played(left)
      for (const line of again) resumed.add(line)
      t.strictSame(titles(resumed.lines().values()), titles(all), `${what}, torn at ${done}`)
      const leads = ({ title }: Line) => again.some(other => other.title.startsWith(`${title}/`))
      const needless = again.filter(line => known.includes(line.title) && !leads(line))
      t.strictSame(titles(needless), known.length > 0 ? [unharmed] : [], 'only what leads there')
    }
    const whole = new Map(all.map(line => [line.title, line]))
    t.equal(whatIsLeft(choice, setting, whole), null, 'nothing is left')
  }
})

t.test('forgets what passed where the program or the harness changed, and nothing else', async t => {
  const root = t.testdir({
    dist: { 'start.cjs': '1', 'start.cjs.map': '1' },
    test: { support: { 'program.ts': '1' }, faults: { crash: { 'judge.ts': '1' }, 'harness.test.ts': '1' } },
  })
  const first = buildHash(root)
  const changes = (file: string): boolean => {
    writeFileSync(join(root, file), '2')
    const is = buildHash(root) !== first
    writeFileSync(join(root, file), '1')
    return is
  }
  for (const file of ['dist/start.cjs', 'test/faults/crash/judge.ts', 'test/support/program.ts'])
    t.ok(changes(file), file)
  for (const file of ['dist/start.cjs.map', 'test/faults/harness.test.ts']) t.notOk(changes(file), file)
  t.equal(buildHash(root), first)
})

t.test('plays again what failed, and reads what other shards played', async t => {
  const folder = t.testdir()
  const one = progressIn(folder, '1/2', { fresh: true })
  for (const line of played(everything)) one.add(line)
  const failed = titleOf(setting, { first: 'after-create:1', second: 'before-put:2' })
  one.add({ title: failed, faults: ['agents.env holds no secret'], places: [] })
  const other = progressIn(folder, '2/2', { fresh: false })
  const left = whatIsLeft(everything, setting, other.lines())
  if (left === null) return t.fail('the failed case is left')
  t.strictSame(left.firsts(points), ['after-create:1'])
  t.strictSame(left.seconds('after-create:1', points), ['before-put:2'])
  other.add({ title: failed, faults: [], places: [] })
  t.equal(whatIsLeft(everything, setting, other.lines()), null)
})

t.test('every deliberately wrong program still fits the code that it is wrong about', async t => {
  for (const [what, { edits }] of Object.entries({ ...wrongOrders, ...wrongSteps })) {
    for (const edit of edits) {
      const source = readFileSync(join('src', edit.file), 'utf8')
      t.doesNotThrow(() => mutated(source, edit), what)
    }
  }
})
