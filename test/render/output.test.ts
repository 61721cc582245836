import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { $ } from 'kleur/colors'
import t from 'tap'
import { day, hour, minute, second } from '../../src/model/duration.ts'
import { Declined, Failure } from '../../src/model/failure.ts'
import type { Outcome, Report } from '../../src/model/outcome.ts'
import { Secret } from '../../src/model/secret.ts'
import { renderFailure, renderUnexpected } from '../../src/render/text/failure-text.ts'
import { jsonText } from '../../src/render/text/json.ts'
import { paletteFor, wantsColour } from '../../src/render/text/palette.ts'
import { advanceProgress, beginProgress, progressLine } from '../../src/render/report/progress-text.ts'
import { reportToJson } from '../../src/render/report/report-json.ts'
import { renderOutcome, renderProgress, renderReport } from '../../src/render/report/report-text.ts'
import { escapeControls, redactSecrets } from '../../src/render/text/escape.ts'
import { cut, displayWidth, linesFor, pad, unbreakable, wrap } from '../../src/render/text/layout.ts'
import {
  dateTime,
  durationInWords,
  exactDurationInWords,
  isoTime,
  relativeTime,
} from '../../src/render/text/time.ts'
import { golden } from './golden.ts'
import { fullPlan, liveKey, now } from './sample-plan.ts'

const plain = { palette: paletteFor(false), width: 80 }
const sentinel = 'flux_ci_sentinel5ecret0000'

t.test('decides on colour by --no-color, NO_COLOR, FORCE_COLOR, TERM and the terminal, in this order', t => {
  const rules: readonly (readonly [boolean, boolean, boolean, Record<string, string>])[] = [
    // colour, terminal, --no-color, environment
    [true, true, false, {}],
    [false, false, false, {}],
    [false, true, true, { FORCE_COLOR: '1' }],
    [false, true, false, { NO_COLOR: '1' }],
    [false, true, false, { NO_COLOR: '0', FORCE_COLOR: '1' }],
    [true, true, false, { NO_COLOR: '' }],
    [true, false, false, { FORCE_COLOR: '1' }],
    [true, false, false, { FORCE_COLOR: '3', TERM: 'dumb' }],
    [false, true, false, { FORCE_COLOR: '0' }],
    [false, true, false, { FORCE_COLOR: 'false' }],
    [false, true, false, { TERM: 'dumb' }],
    [true, true, false, { TERM: 'xterm-256color', FORCE_COLOR: '' }],
  ]
  for (const [colour, isTTY, noColor, env] of rules) {
    t.equal(wantsColour({ isTTY, env, noColor }), colour, JSON.stringify({ isTTY, noColor, env }))
  }
  t.end()
})

t.test("colours or not as asked, whatever kleur thinks of the process' own streams", t => {
  for (const enabled of [true, false]) {
    $.enabled = enabled
    t.equal(paletteFor(true).red('x'), '\u001b[31mx\u001b[39m')
    t.equal(paletteFor(false).red('x'), 'x')
    t.equal($.enabled, enabled, 'the switch is left as it was')
  }
  t.end()
})

t.test('measures columns, not characters', t => {
  const widths: Readonly<Record<string, number>> = {
    '': 0,
    key_abc: 7,
    é: 1,
    'e\u0301': 1,
    日本語: 6,
    ﾊﾝｶｸ: 4,
    Ａ: 2,
    한국어: 6,
    '🔑': 2,
    '👩‍💻': 2,
    '🇩🇪': 2,
    '⚠️': 2,
    '⚠': 1,
    '❌': 2,
    '→': 1,
    '…': 1,
    क्षि: 1,
    '\u001b[31mred\u001b[39m': 3,
  }
  for (const [text, width] of Object.entries(widths)) t.equal(displayWidth(text), width, JSON.stringify(text))
  t.equal(pad('日本', 6), '日本  ')
  t.equal(cut('日本語キー', 6), '日本…', 'no half of a wide character')
  t.equal(cut('abcdef', 6), 'abcdef')
  t.equal(cut('abcdefg', 6), 'abcde…')
  t.equal(cut('👩‍💻👩‍💻👩‍💻', 5), '👩‍💻👩‍💻…')
  t.end()
})

t.test('makes controls, invisible and reordering characters visible, and leaves other text alone', t => {
  t.equal(
    escapeControls('\u001b]0;x\u0007\u009b\r\n\t\u202e\u2066\ud800\ufeff\u200b\0'),
    '\\u001b]0;x\\u0007\\u009b\\r\\n\\t\\u202e\\u2066\\ud800\\ufeff\\u200b\\u0000',
  )
  t.equal(escapeControls('Schlüssel 日本語 👩‍💻 🔑 "x" \\n'), 'Schlüssel 日本語 👩‍💻 🔑 "x" \\n')
  t.equal(jsonText({ a: '\u009b\u202e\ud800' }), '{\n  "a": "\\u009b\\u202e\\ud800"\n}')
  t.end()
})

t.test('breaks a message at spaces on a terminal, and leaves it one line in a pipe', t => {
  t.equal(linesFor('one two three', { isTerminal: true, width: 7 }), 'one two\nthree')
  t.equal(linesFor('one two three', { isTerminal: false, width: 7 }), 'one two three')
  t.end()
})

t.test('wraps at spaces, keeps fixed spaces and long words, and carries colours over', t => {
  t.same(wrap('one two three', 7), ['one two', 'three'])
  t.same(wrap('one two three', 9, '- ', '  '), ['- one two', '  three'])
  t.same(wrap(`a ${unbreakable('one two three')} b`, 7), ['a', 'one two three', 'b'])
  t.same(wrap('a /a/very/long/path b', 8), ['a', '/a/very/long/path', 'b'])
  t.same(wrap('日本 日本', 8), ['日本', '日本'])
  t.same(wrap('\u001b[31mone two\u001b[39m x', 4), [
    '\u001b[31mone\u001b[39m',
    '\u001b[31mtwo\u001b[39m',
    'x',
  ])
  t.same(wrap('', 40, '  '), [''])
  const red = '\u001b[31mone two\u001b[39m  x '
  for (const [text, columns] of [
    ['one two', 7],
    [' one  two', 9],
    [red, 11],
    [unbreakable('one two'), 7],
  ] as const) {
    const whole = `• ${text.replaceAll('\0', ' ')}`.trimEnd()
    t.same(wrap(text, columns + 2, '• '), [whole], 'what fits stays as it is')
    if (text.includes(' '))
      t.not(wrap(text.trimEnd(), columns, '• ').length, 1, 'and what does not is broken')
  }
  t.end()
})

t.test('says times in words and in UTC', t => {
  t.equal(dateTime(now), '2026-11-22 14:05 UTC')
  t.equal(isoTime(now), '2026-11-22T14:05:00Z')
  t.equal(
    isoTime(Number.MAX_SAFE_INTEGER),
    '+275760-09-13T00:00:00Z',
    'a time beyond the calendar does not throw',
  )
  const relative: Readonly<Record<string, number>> = {
    'just now': 59 * second,
    '5 minutes ago': 5 * minute + 59 * second,
    '1 hour ago': hour,
    '47 hours ago': 2 * day - 1,
    '2 days ago': 2 * day,
    '84 days ago': 84 * day,
    '6 months ago': 180 * day,
    '2 years ago': 800 * day,
    'in 3 days': -3 * day,
    'in 1 minute': -minute,
  }
  for (const [words, age] of Object.entries(relative)) t.equal(relativeTime(now - age, now), words)
  const durations: Readonly<Record<string, number>> = {
    '0 seconds': 0,
    '30 seconds': 30 * second,
    '1 hour': hour,
    '90 minutes': 90 * minute,
    '36 hours': 36 * hour,
    '1 day': day,
    '75 days': 75 * day + 5 * hour,
    '365 days': 365 * day,
  }
  for (const [words, duration] of Object.entries(durations)) t.equal(durationInWords(duration), words)
  t.equal(exactDurationInWords(60 * day + 2 * hour), '60 days and 2 hours')
  t.equal(exactDurationInWords(60 * day + minute), '60 days and 1 minute')
  t.equal(exactDurationInWords(60 * day), '60 days')
  t.end()
})

const change = (kind: string, index = 0) => {
  const found = fullPlan.changes.filter(each => each.kind === kind)[index]
  if (found === undefined) throw new Error(`the sample has no ${kind}`)
  return found
}

const done: readonly Outcome[] = [
  {
    change: change('create'),
    status: 'done',
    action: 'created',
    liveId: 'key_abc',
    places: ['keychain fluxloop/acme/backup-service', 'env-file .env (BACKUP_KEY)'],
    removed: [],
  },
  {
    change: change('update'),
    status: 'done',
    action: 'updated',
    liveId: 'key_sales',
    places: [],
    removed: [],
  },
  {
    change: change('rotate'),
    status: 'done',
    action: 'rotated',
    liveId: 'key_new',
    places: ['keychain a/b'],
    removed: [],
  },
  {
    change: change('heal'),
    status: 'done',
    action: 'healed',
    liveId: 'key_half2',
    places: ['keychain a/b'],
    removed: [],
  },
  {
    change: change('deliver'),
    status: 'done',
    action: 'delivered',
    liveId: 'key_st',
    places: ['keychain a/b'],
    removed: [],
  },
  { change: change('revoke'), status: 'done', action: 'revoked', liveId: 'key_old', places: [], removed: [] },
]
const undone: readonly Outcome[] = [
  {
    change: change('rotate', 1),
    status: 'failed',
    code: 'network',
    message: `No answer from \u001b[31mapi.fluxloop.ai within 30 s (sent ${sentinel})`,
    hints: ['Check the connection, then run apply again: it goes on where this run stopped.'],
  },
  { change: change('revoke', 1), status: 'held', lastUse: liveKey('key_x').lastUse },
  { change: change('revoke', 2), status: 'held', lastUse: { known: false } },
  { change: change('update', 1), status: 'skipped', why: 'interrupted' },
  { change: change('deliver', 1), status: 'skipped', why: 'stopped' },
  { change: change('revoke', 3), status: 'skipped', why: 'earlier-failure' },
]
const mixed: Report = { outcomes: [...done, ...undone], interrupted: false }
const subject = { platform: 'https://api.fluxloop.ai', account: 'acme', stack: 'acme-agents' }
const lastLine = (report: Report) =>
  renderReport(report, subject, { ...plain, width: Infinity })
    .split('\n')
    .at(-1)

t.test('renders outcomes and reports as the golden files show', t => {
  const wide = { ...plain, width: 1_000 }
  golden(t, 'outcomes', mixed.outcomes.map(outcome => renderOutcome(outcome, wide)).join('\n'))
  t.ok(
    mixed.outcomes.every(outcome =>
      renderOutcome(outcome, plain)
        .split('\n')
        .every(line => line.length <= 80),
    ),
  )
  golden(t, 'report-80', renderReport(mixed, subject, plain))
  golden(t, 'report-terminal', renderReport(mixed, subject, { palette: paletteFor(true), width: 60 }))
  t.end()
})

t.test('sums a run up as complete only where nothing failed and nothing was left', t => {
  const some = done.filter(({ change }) => change.kind !== 'heal' && change.kind !== 'deliver')
  t.equal(
    lastLine({ outcomes: some, interrupted: false }),
    'Apply complete! 1 created, 1 updated, 1 rotated, 1 revoked.',
  )
  t.equal(
    lastLine({ outcomes: done, interrupted: true }),
    'Apply complete! 1 created, 1 updated, 1 rotated, 1 healed, 1 delivered, 1 revoked.',
  )
  t.equal(
    lastLine({ outcomes: undone.filter(({ status }) => status === 'held'), interrupted: false }),
    'Apply complete! 0 created, 0 updated, 0 rotated, 0 revoked, 2 held.',
  )
  t.equal(
    lastLine({ outcomes: [...some, ...undone.filter(({ status }) => status !== 'held')], interrupted: true }),
    'Apply incomplete (interrupted): 1 created, 1 updated, 1 rotated, 1 revoked. 4 done, 1 failed, 3 not started.',
  )
  t.end()
})

t.test('says why a change failed once, in the report, and sums up what was not started', t => {
  const wide = { ...plain, width: Infinity }
  const lines = mixed.outcomes.map(outcome => renderProgress(outcome, wide))
  t.match(lines.join('\n'), /^weekly-report: failed to rotate$/m)
  t.notMatch(lines.join('\n'), /No answer|came into use|interrupted/)
  const skipped = Array.from({ length: 280 }, (_, index): Outcome => ({
    change: { ...change('create'), keyId: `bot-${index}` },
    status: 'skipped',
    why: 'interrupted',
  }))
  const report = renderReport({ outcomes: [...mixed.outcomes, ...skipped], interrupted: true }, subject, wide)
  t.equal(report.match(/No answer/g)?.length, 1)
  t.match(
    report,
    /Not started:\n {2}the run was interrupted: 1 to update \(sales-bot\), 280 to create \(bot-0, .* and 270 more\)\n/,
  )
  t.ok(report.split('\n').length < 20)
  t.end()
})

t.test('reads a no to a question as a sentence, not as an error', t => {
  const coloured = { palette: paletteFor(true), width: 80 }
  t.equal(
    renderFailure(new Declined('Apply cancelled: nothing was changed'), coloured),
    'Apply cancelled: nothing was changed.',
  )
  t.equal(new Declined('x').exitCode, 1)
  t.equal(new Declined('x', 'interrupted').exitCode, 130)
  t.end()
})

t.test('gives a report as JSON that its schema describes', t => {
  const schema = JSON.parse(
    readFileSync(new URL('../../schemas/report.schema.json', import.meta.url), 'utf8'),
  ) as object
  const formats = { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ }
  const validate = new Ajv2020({ strict: true, formats }).compile(schema)
  const json = reportToJson(mixed, subject)
  t.ok(validate(json), JSON.stringify(validate.errors))
  t.match(json, {
    complete: false,
    summary: { created: 1, revoked: 1, done: 6, failed: 1, not_started: 3, held: 2 },
  })
  t.match(json.outcomes[6], { action: 'rotate', status: 'failed', code: 'network' })
  t.match(reportToJson({ outcomes: done, interrupted: false }, subject), { complete: true })
  t.end()
})

t.test('shows no secret that a message of a failure carries', t => {
  const failure = new Failure('failed', `The server said ${sentinel}`, {
    hints: [`Try ${sentinel}`, 'age: AGE-SECRET-KEY-1QQQQSENTINEL'],
    cause: new Secret(sentinel),
  })
  const outputs = [
    renderFailure(failure, plain),
    renderUnexpected(new TypeError(`bad ${sentinel}`, { cause: new Secret(sentinel) }), plain),
    renderUnexpected(new Secret(sentinel), plain),
    renderReport(mixed, subject, plain),
    ...mixed.outcomes.map(outcome => renderOutcome(outcome, plain)),
    jsonText(reportToJson(mixed, subject)),
  ]
  for (const output of outputs) t.notMatch(output, /sentinel/i)
  t.equal(
    redactSecrets('flux_ci_****...mno34 is key_abc'),
    'flux_ci_****...mno34 is key_abc',
    'a masked key stays',
  )
  t.end()
})

t.test("renders failures in the form of the platform's own page", t => {
  const invalid = new Failure(
    'authentication',
    'Invalid API key\nThe API key is invalid or has been revoked.',
    {
      hints: [
        'Possible causes:',
        'Key was deleted',
        'Key was regenerated',
        'Key has expired',
        'Typo in key value',
        'Solution:',
        'Check key in web platform',
        'Regenerate if needed',
        'Create new key if deleted',
      ],
    },
  )
  golden(t, 'failure', renderFailure(invalid, plain))
  const long = new Failure(
    'network',
    'https://api.fluxloop.ai cannot be reached: the connection was refused by the host',
    {
      hints: ['Check that the address is right, and that no firewall or proxy is in between.'],
    },
  )
  golden(t, 'failure-40', renderFailure(long, { palette: paletteFor(true), width: 40 }))
  t.equal(renderFailure(new Failure('failed', 'It broke'), plain), '❌ Error: It broke', 'no hint, no list')
  t.end()
})

t.test('shows the message of an unexpected error and never its stack', t => {
  const output = renderUnexpected(new TypeError('x is not a\u001b[2J function'), plain)
  t.match(output, 'TypeError: x is not a\\u001b[2J function')
  t.match(output, 'report it')
  t.notMatch(output, / at |output\.test/)
  t.match(renderUnexpected(undefined, plain), '❌ Error:')
  t.end()
})

t.test('tells how far a run is in one line that no terminal wraps', t => {
  const [create, rotate] = [change('create'), change('rotate')]
  let state = beginProgress(10)
  t.equal(progressLine(state, 80), 'Applying 0/10')
  state = advanceProgress(state, { event: 'started', change: create, step: 'creating' })
  state = advanceProgress(state, { event: 'started', change: rotate, step: 'creating' })
  state = advanceProgress(state, { event: 'started', change: rotate, step: 'storing' })
  t.equal(progressLine(state, 80), 'Applying 0/10  rotating nightly-simulations: storing (and 1 more)')
  state = advanceProgress(state, {
    event: 'finished',
    outcome: { change: rotate, status: 'skipped', why: 'stopped' },
  })
  t.equal(progressLine(state, 80), 'Applying 1/10  creating backup-service: creating')
  const outcome: Outcome = { change: create, status: 'failed', code: 'network', message: 'x', hints: [] }
  state = advanceProgress(state, { event: 'finished', outcome })
  t.equal(progressLine(state, 80), 'Applying 2/10, 1 failed')
  const wide = advanceProgress(beginProgress(1), {
    event: 'started',
    change: { ...create, keyId: '日本語\u001b[2J' },
    step: 'storing',
  })
  for (const width of [10, 20, 30, 40]) t.ok(displayWidth(progressLine(wide, width)) < width)
  t.notMatch(progressLine(wide, 80), '\u001b')
  t.end()
})
