import t from 'tap'
import { cases } from '../../../test/support/fuzz.ts'
import { fc } from '../../../test/support/properties.ts'
import { type ChangeWindow, weekdays } from '../../src/file/fleet.ts'
import { isInWindow, modeNow, nextWindow } from '../../src/schedule/windows.ts'
import { clockAt } from '../../src/schedule/zoned-time.ts'

const minute = 60_000
const at = (text: string) => Date.parse(text)
const shown = (time: number) => new Date(time).toISOString().slice(0, 16)

function window(
  from: string,
  to: string,
  timeZone: string,
  days = 'mon tue wed thu fri sat sun',
): ChangeWindow {
  const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
  return {
    days: weekdays.filter(day => days.includes(day)),
    from: minutes(from),
    to: minutes(to),
    timeZone,
  }
}

interface Row {
  readonly title: string
  readonly window: ChangeWindow
  readonly now: string
  readonly open: boolean
  /** When it opens, or opened, and closes. */
  readonly next: readonly [string, string]
}

const berlin = 'Europe/Berlin'
const nights = window('22:00', '05:00', berlin, 'mon tue wed thu')

const rows: readonly Row[] = [
  {
    title: 'is open from its first minute on',
    window: window('09:00', '17:00', 'UTC', 'mon'),
    now: '2026-11-30T09:00:00Z',
    open: true,
    next: ['2026-11-30T09:00', '2026-11-30T17:00'],
  },
  {
    title: 'is closed at its end, and opens a week later',
    window: window('09:00', '17:00', 'UTC', 'mon'),
    now: '2026-11-30T17:00:00Z',
    open: false,
    next: ['2026-12-07T09:00', '2026-12-07T17:00'],
  },
  {
    title: 'counts on the clock of its zone',
    window: window('09:00', '17:00', 'America/New_York', 'mon'),
    now: '2026-11-30T13:59:00Z',
    open: false,
    next: ['2026-11-30T14:00', '2026-11-30T22:00'],
  },
  {
    title: 'counts its days in its zone, where it is Tuesday already',
    window: window('00:00', '24:00', 'Pacific/Auckland', 'tue'),
    now: '2026-11-30T11:00:00Z',
    open: true,
    next: ['2026-11-30T11:00', '2026-12-01T11:00'],
  },
  {
    title: 'goes over midnight into a day that is not among its days',
    window: nights,
    now: '2026-12-04T03:59:00Z',
    open: true,
    next: ['2026-12-03T21:00', '2026-12-04T04:00'],
  },
  {
    title: 'does not open on the evening of a day that is not among its days',
    window: nights,
    now: '2026-12-04T22:00:00Z',
    open: false,
    next: ['2026-12-07T21:00', '2026-12-08T04:00'],
  },
  {
    title: 'is an hour shorter in the night in which the clock goes forward',
    window: window('22:00', '05:00', berlin, 'sat'),
    now: '2026-03-28T22:00:00Z',
    open: true,
    next: ['2026-03-28T21:00', '2026-03-29T03:00'],
  },
  {
    title: 'is an hour longer in the night in which the clock goes back',
    window: window('22:00', '05:00', berlin, 'sat'),
    now: '2026-10-25T03:59:00Z',
    open: true,
    next: ['2026-10-24T20:00', '2026-10-25T04:00'],
  },
  {
    title: 'begins with the change of the clock where that leaves out its beginning',
    window: window('02:30', '06:00', berlin, 'sun'),
    now: '2026-03-29T00:59:00Z',
    open: false,
    next: ['2026-03-29T01:00', '2026-03-29T04:00'],
  },
  {
    title: 'does not open on a day whose clock leaves it out',
    window: window('02:10', '02:50', berlin, 'sun'),
    now: '2026-03-28T12:00:00Z',
    open: false,
    next: ['2026-04-05T00:10', '2026-04-05T00:50'],
  },
  {
    title: 'opens once where the clock shows its time twice',
    window: window('02:10', '02:50', berlin, 'sun'),
    now: '2026-10-25T01:20:00Z',
    open: false,
    next: ['2026-11-01T01:10', '2026-11-01T01:50'],
  },
  {
    title: 'knows a zone that changes its clock by half an hour',
    window: window('01:45', '03:00', 'Australia/Lord_Howe', 'sun'),
    now: '2026-04-04T12:00:00Z',
    open: false,
    next: ['2026-04-04T14:45', '2026-04-04T16:30'],
  },
  {
    title: 'does not open on a date that its zone left out',
    window: window('00:00', '24:00', 'Pacific/Apia', 'fri'),
    now: '2011-12-28T20:00:00Z',
    open: false,
    next: ['2012-01-05T10:00', '2012-01-06T10:00'],
  },
]

for (const { title, window, now, open, next } of rows) {
  t.test(`a window ${title}`, t => {
    t.equal(isInWindow([window], at(now)), open)
    const found = nextWindow([window], at(now))
    t.strictSame(found === null ? null : [shown(found.opens), shown(found.closes)], next)
    t.end()
  })
}

t.test('windows that touch are one time', t => {
  const windows = [
    window('09:00', '12:00', 'UTC', 'mon'),
    window('12:00', '15:00', 'UTC', 'mon'),
    window('14:00', '16:00', berlin, 'mon'),
  ]
  const found = nextWindow(windows, at('2026-11-30T10:00:00Z'))
  t.strictSame(
    [shown(found?.opens ?? 0), shown(found?.closes ?? 0)],
    ['2026-11-30T09:00', '2026-11-30T15:00'],
  )
  t.end()
})

t.test('no windows are always open, and an apply stack only plans outside of its own', t => {
  const now = at('2026-12-04T22:00:00Z')
  t.ok(isInWindow([], now))
  t.equal(nextWindow([], now), null)
  t.equal(modeNow({ mode: 'apply', windows: [] }, now), 'apply')
  t.equal(modeNow({ mode: 'apply', windows: [nights] }, now), 'plan')
  t.equal(modeNow({ mode: 'apply', windows: [nights] }, at('2026-12-03T22:00:00Z')), 'apply')
  t.equal(modeNow({ mode: 'plan', windows: [nights] }, at('2026-12-03T22:00:00Z')), 'plan')
  t.end()
})

const zones = ['UTC', berlin, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia']

const anyWindow = fc
  .record({
    days: fc.subarray([...weekdays], { minLength: 1 }),
    from: fc.nat(1439),
    length: fc.integer({ min: 1, max: 1440 }),
    timeZone: fc.constantFrom(...zones),
  })
  .map(({ days, from, length, timeZone }): ChangeWindow => {
    const end = from + length
    return { days, from, to: end > 1440 ? end - 1440 : end, timeZone }
  })

/** Around the changes of the clock in 2026, and at any other time. */
const anyInstant = fc
  .oneof(
    fc.integer({ min: at('2026-01-01T00:00:00Z') / minute, max: at('2027-01-01T00:00:00Z') / minute }),
    fc
      .tuple(
        fc.constantFrom(
          '2026-03-29T01:00:00Z',
          '2026-10-25T01:00:00Z',
          '2026-03-08T07:00:00Z',
          '2026-11-01T06:00:00Z',
          '2026-04-04T15:00:00Z',
        ),
        fc.integer({ min: -300, max: 300 }),
      )
      .map(([change, minutes]) => at(change) / minute + minutes),
  )
  .map(minutes => minutes * minute)

t.test('a window is open at all times, and only those, that a clock of its zone shows within it', t => {
  fc.assert(
    fc.property(anyWindow, anyInstant, (window, now) => {
      const { days, from, to, timeZone } = window
      const clock = new Date(clockAt(timeZone, now))
      const minutes = clock.getUTCHours() * 60 + clock.getUTCMinutes()
      const today = weekdays[(clock.getUTCDay() + 6) % 7] ?? 'mon'
      const yesterday = weekdays[(clock.getUTCDay() + 5) % 7] ?? 'mon'
      const shows =
        to > from
          ? days.includes(today) && minutes >= from && minutes < to
          : (days.includes(today) && minutes >= from) || (days.includes(yesterday) && minutes < to)
      // While the clock is about to be put back, or has been, a time is shown twice, and a window opens once.
      const clocks = [-3, -2, -1, 1, 2, 3].map(
        hours => clockAt(timeZone, now + hours * 3_600_000) - hours * 3_600_000,
      )
      fc.pre(clocks.every(other => other === clock.getTime()))
      return isInWindow([window], now) === shows
    }),
    { numRuns: cases(1_500) },
  )
  t.end()
})

t.test('the next window is the one that is open, else the first to open', t => {
  fc.assert(
    fc.property(fc.array(anyWindow, { minLength: 1, maxLength: 3 }), anyInstant, (windows, now) => {
      const next = nextWindow(windows, now)
      if (next === null || !(next.opens < next.closes && now < next.closes)) return false
      // Windows may be open all week.
      fc.pre(next.closes - next.opens < 7 * 24 * 60 * minute)
      if (isInWindow(windows, now) !== next.opens <= now) return false
      if (!isInWindow(windows, next.opens) || !isInWindow(windows, next.closes - 1)) return false
      if (isInWindow(windows, next.opens - 1) || isInWindow(windows, next.closes)) return false
      // Nothing opens before it.
      const step = Math.max(minute, (next.opens - now) / 20)
      for (let time = now; time < next.opens; time += step) if (isInWindow(windows, time)) return false
      return true
    }),
    { numRuns: cases(150) },
  )
  t.end()
})
