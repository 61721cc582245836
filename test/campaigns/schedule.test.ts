// How campaigns divide their time and where they stop.
import { existsSync } from 'node:fs'
import t from 'tap'
import { type Campaign, type Played, ofNumbers, ofTitles } from './campaign.ts'
import { fuzzed, long } from './files.ts'
import { openSchedule } from './schedule.ts'

const titles = Array.from({ length: 40 }, (_, index) => `case ${index}`)

const campaign = (over: Partial<Campaign> = {}): Campaign => ({
  about: '',
  seconds: 1,
  weight: 1,
  next: ofTitles(
    () => titles,
    all => all,
  ),
  play: async () => undefined,
  ...over,
})

const passed = (title: string): Played => ({ title, faults: [] })
const noneSettled = () => new Map<string, Played>()

t.test('begins nothing that does not fit, by what its cases took so far', async t => {
  const schedule = openSchedule({ slow: campaign() }, '1', noneSettled)
  t.equal(schedule.next(1), null, 'with a margin')
  const first = schedule.next(2)
  t.match(first, { campaign: 'slow', name: 'case 0' })
  if (first === null) return
  schedule.played(first, passed('case 0'))
  schedule.ended(first, 1, 10)
  t.equal(schedule.next(12), null)
  t.match(schedule.next(13), { name: 'case 1' })
})

t.test('plays no case twice, nor what is at work, nor what passed before, nor what failed', async t => {
  const schedule = openSchedule({ one: campaign() }, '1', () => new Map([['case 1', passed('case 1')]]))
  const first = schedule.next(100)
  const second = schedule.next(100)
  t.match([first, second], [{ name: 'case 0' }, { name: 'case 2' }])
  if (first === null) return
  schedule.played(first, { title: 'case 0', faults: ['wrong'] })
  schedule.ended(first, 1, 1)
  t.match(schedule.next(100), { name: 'case 3' })
  const rest = Array.from({ length: 36 }, () => schedule.next(100)?.name)
  t.equal(new Set(rest).size, 36)
  t.equal(schedule.next(100), null, 'all that is left is at work')
})

t.test('gives every campaign its share of the time', async t => {
  const endless = (weight: number, seconds: number) =>
    campaign({ weight, seconds, next: ofNumbers(number => String(number)) })
  const schedule = openSchedule({ large: endless(3, 1), small: endless(1, 5) }, '1', noneSettled)
  const given: Record<string, number> = {}
  for (let times = 0; times < 400; times += 1) {
    const choice = schedule.next(1000)
    if (choice === null) return t.fail('there is no end to them')
    const seconds = choice.campaign === 'large' ? 1 : 5
    schedule.played(choice, passed(choice.name))
    schedule.ended(choice, 1, seconds)
    given[choice.campaign] = (given[choice.campaign] ?? 0) + seconds
  }
  const { large = 0, small = 0 } = given
  t.ok(Math.abs(large / small - 3) < 0.2, `${large} to ${small} seconds`)
})

t.test('plays other numbers with another seed, and the same with the same', async t => {
  const numbers = (seed: string) => {
    const schedule = openSchedule({ one: campaign({ next: ofNumbers(String) }) }, seed, noneSettled)
    return [schedule.next(9)?.name, schedule.next(9)?.name]
  }
  t.strictSame(numbers('1'), numbers('1'))
  t.notSame(numbers('1'), numbers('2'))
})

t.test('plays only files that there are, each by a name of its own', async t => {
  const missing = [...long, ...fuzzed].filter(
    file => !existsSync(new URL(`../${file}.test.ts`, import.meta.url)),
  )
  t.strictSame(missing, [])
  t.equal(new Set(fuzzed.map(file => file.slice(file.lastIndexOf('/')))).size, fuzzed.length)
})
