import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import type { Calendar, CalendarEntry } from '../../src/model/calendar.ts'
import type { DeliveryReason, RotationReason } from '../../src/model/change.ts'
import { day, hour } from '../../src/model/duration.ts'
import { calendarToJson, renderCalendar } from '../../src/render/plan/key-calendar.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { displayWidth } from '../../src/render/text/layout.ts'
import { golden } from './golden.ts'
import { fullPlan, now } from './sample-plan.ts'

const one = { keyId: 'ci-pipeline', name: 'CI/CD Pipeline', liveId: 'key_ci', generation: 3 }
const rotation = (days: number, keyId: string): CalendarEntry => ({
  ...one,
  keyId,
  at: now + days * day,
  event: 'rotates',
  strategy: 'overlap',
  reasons: [{ code: 'past-max-age', age: 55 * day, maxAge: 60 * day }],
})
const reasons = fullPlan.changes.flatMap((change): readonly (RotationReason | DeliveryReason)[] =>
  change.kind === 'rotate' || change.kind === 'deliver' ? change.reasons : [],
)
const endings = ['fixed-date', 'external', 'superseded', 'undeclared', 'unmanaged'] as const

const calendar: Calendar = {
  stack: 'acme-agents',
  now,
  until: now + 90 * day,
  entries: [
    { ...one, at: now, event: 'rotates', strategy: 'in-place', reasons },
    ...(
      [
        { code: 'superseded', head: 4, deadline: now + hour },
        { code: 'leaked', head: 4 },
        { code: 'undeclared' },
        { code: 'unmanaged' },
        { code: 'unused', after: 90 * day },
      ] as const
    ).map((reason): CalendarEntry => ({ ...one, at: now + hour, event: 'retires', reason })),
    rotation(3, 'a'),
    rotation(5, 'a'),
    rotation(5, 'b'),
    ...(
      [
        ['permission', 'manage_projects'],
        ['project', 'pilot'],
      ] as const
    ).map(([grant, granted]): CalendarEntry => ({
      ...one,
      at: now + 20 * day,
      event: 'narrows',
      grant,
      granted,
      reason: 'migration',
    })),
    ...endings.map((why): CalendarEntry => ({
      ...one,
      at: now + 40 * day,
      event: 'expires',
      why,
      ...(why === 'unmanaged' ? { keyId: null, generation: null, name: 'My \u001b[31mKey' } : {}),
    })),
  ],
}

t.test('renders one aligned row an event and a summary, as its golden files show', async t => {
  golden(t, 'calendar-80', renderCalendar(calendar, { palette: paletteFor(false), width: 80 }))
  golden(t, 'calendar-40', renderCalendar(calendar, { palette: paletteFor(false), width: 40 }))
  const empty = renderCalendar({ ...calendar, entries: [] }, { palette: paletteFor(false), width: 100 })
  t.equal(empty, 'Nothing rotates, retires or expires from 2026-11-22 to 2027-02-20.')
  for (const line of renderCalendar(calendar, { palette: paletteFor(true), width: 80 }).split('\n')) {
    t.ok(displayWidth(line.replace(/\u001b\[\d+m/g, '')) <= 80, line)
    t.notMatch(line, /\u001b\[31mKey/, 'names cannot colour the terminal')
  }
})

t.test('counts days as a calendar does, whatever the hour is', async t => {
  const late = Date.parse('2026-11-29T21:30:00Z')
  const at = (text: string): CalendarEntry => ({ ...rotation(0, 'bot'), at: Date.parse(text) })
  const entries = [
    at('2026-11-29T23:59:00Z'),
    at('2026-11-30T00:01:00Z'),
    at('2026-12-03T20:00:00Z'),
    at('2026-12-04T02:00:00Z'),
    at('2026-12-05T22:00:00Z'),
    at('2027-02-20T00:00:00Z'),
  ]
  const shown = renderCalendar(
    { ...calendar, now: late, entries },
    { palette: paletteFor(false), width: 100 },
  )
  t.same(
    shown
      .split('\n')
      .flatMap(line => /^(\d{4}-\d\d-\d\d) {2}(.*?) {2,}[+/-]/.exec(line)?.slice(1, 3).join(' ') ?? []),
    [
      '2026-11-29 today',
      '2026-11-30 tomorrow',
      '2026-12-03 in 4 days',
      '2026-12-04 in 5 days',
      '2026-12-05 in 6 days',
      '2027-02-20 in 83 days',
    ],
  )
  const columns = shown
    .split('\n')
    .slice(0, 6)
    .map(line => line.indexOf('+/-'))
  t.equal(new Set(columns).size, 1, 'one aligned row an event')
})

t.test('prints no NUL, in text or JSON', async t => {
  for (const width of [40, 80, Infinity])
    t.notMatch(renderCalendar(calendar, { palette: paletteFor(true), width }), '\0')
  t.notMatch(JSON.stringify(calendarToJson(calendar)), '\\u0000')
})

t.test('gives JSON that its schema describes, with the busiest day', async t => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/calendar.schema.json', import.meta.url), 'utf8'),
  ) as object
  const validate = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, date: /^\d{4}-\d\d-\d\d$/ },
  }).compile(schema)
  for (const each of [calendar, { ...calendar, entries: [] }]) {
    t.ok(validate(calendarToJson(each)), JSON.stringify(validate.errors))
  }
  t.strictSame(calendarToJson(calendar).summary, {
    rotates: 4,
    narrows: 2,
    retires: 5,
    expires: 5,
    busiest_day: { date: '2026-11-27', rotations: 2 },
  })
})
