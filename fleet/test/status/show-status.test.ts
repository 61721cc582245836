import t from 'tap'
import { minute } from '../../../src/model/duration.ts'
import { paletteFor } from '../../../src/render/text/palette.ts'
import { displayWidth } from '../../../src/render/text/layout.ts'
import { renderStatus } from '../../src/status/status-text.ts'
import { sampleNow, sampleStack, sampleStatus, statusOf } from '../../../test/support/fleet-status.ts'

const plain = paletteFor(false)
const at = (width: number) => renderStatus(sampleStatus, { palette: plain, width })

t.test('shows a row for each stack, and what is wrong below it', async t => {
  t.strictSame(at(80).split('\n'), [
    '4 stacks: 1 failing, 1 drifted, 1 new, 1 in sync.',
    '',
    'STACK                  STATE    LAST RUN        NEXT RUN      NEXT EVENT',
    'acme/billing           failing  12 minutes ago  due now       rotation in 9 days',
    '  failing since 2026-11-20 12:30 UTC, 3 runs in a row failed: Cannot reach',
    '    https://api.fluxloop.ai: the name of its host was not found',
    'acme/a-rather-long-na  drifted  12 minutes ago  in 3 minutes  rotation in 9 days',
    'me-of-a-stack-that-so',
    'mebody-chose',
    '  drifted since 2026-11-20 12:30 UTC: 2 keys to update',
    'fresh                  new      -               in 3 minutes  -',
    'web                    in sync  12 minutes ago  runs now      rotation in 9 days',
    '  written by apply on build-3 for 2 minutes',
    '',
    'Account acme: 512 of 1000 requests left. Used in the last hour: heal 2,',
    '    rotate 14, plan 40.',
    '',
    'As of 2026-11-22 12:30 UTC.',
  ])
})

t.test('shows lines for each stack on a narrow terminal', async t => {
  t.strictSame(at(50).split('\n'), [
    '4 stacks: 1 failing, 1 drifted, 1 new, 1 in sync.',
    '',
    'acme/billing: failing',
    '  last run 12 minutes ago, due now, next event:',
    '    rotation in 9 days',
    '  failing since 2026-11-20 12:30 UTC, 3 runs in a',
    '    row failed: Cannot reach',
    '    https://api.fluxloop.ai: the name of its host',
    '    was not found',
    '',
    'acme/a-rather-long-name-of-a-stack-that-somebody-c',
    'hose: drifted',
    '  last run 12 minutes ago, next run in 3 minutes,',
    '    next event: rotation in 9 days',
    '  drifted since 2026-11-20 12:30 UTC: 2 keys to',
    '    update',
    '',
    'fresh: new',
    '  last run never, next run in 3 minutes',
    '',
    'web: in sync',
    '  last run 12 minutes ago, runs now, next event:',
    '    rotation in 9 days',
    '  written by apply on build-3 for 2 minutes',
    '',
    'Account acme: 512 of 1000 requests left. Used in',
    '    the last hour: heal 2, rotate 14, plan 40.',
    '',
    'As of 2026-11-22 12:30 UTC.',
  ])
})

t.test('is as wide as the terminal at most, whatever stands in it', async t => {
  const odd = statusOf(
    sampleStack(`名前 ${'長'.repeat(60)}`, 'failing', { problem: 'x'.repeat(300), failures: 20 }),
    sampleStack('a b '.repeat(30), 'in-sync', { nextEvent: { event: 'y'.repeat(90), at: 0 } }),
    sampleStack('n', 'drifted', {
      holder: { command: 'apply', host: `${'host.'.repeat(40)}example`, since: 0 },
    }),
  )
  for (const status of [sampleStatus, odd])
    for (let width = 40; width <= 130; width += 3)
      for (const line of renderStatus(status, { palette: plain, width }).split('\n'))
        if (displayWidth(line) > width) t.fail(`${width}: ${line}`)
  t.pass('each line fits')
})

t.test('has colour where it is asked for, and the same text without', async t => {
  const coloured = renderStatus(sampleStatus, { palette: paletteFor(true), width: 80 })
  t.match(coloured, '\u001b[31mfailing')
  t.equal(coloured.replace(/\u001b\[\d+m/g, ''), at(80))
  t.notMatch(at(80), '\u001b')
  const narrow = renderStatus(sampleStatus, { palette: paletteFor(true), width: 50 })
  t.equal(narrow.replace(/\u001b\[\d+m/g, ''), at(50))
})

t.test('lets nothing through that acts on a terminal or a CI runner, and no secret', async t => {
  const hostile = '\u001b[2J\r\n##[error]x ::error::y \u202eflux_ci_SENTINEL0123456789'
  const status = statusOf(
    sampleStack(hostile, 'failing', {
      problem: hostile,
      nextEvent: { event: hostile, at: 0 },
      holder: { command: hostile, host: hostile, since: 0 },
    }),
  )
  for (const width of [50, 100]) {
    const text = renderStatus(status, { palette: plain, width })
    t.notMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Bidi_Control}]|##\[|SENTINEL/u)
  }
})

t.test('says where there is nothing to show', async t => {
  t.strictSame(renderStatus({ ...statusOf(), credentials: [] }, { palette: plain, width: 80 }).split('\n'), [
    'The fleet has no stacks yet: no replica has read a fleet file.',
    '',
    'As of 2026-11-22 12:30 UTC.',
  ])
})

t.test('says of what comes within a minute that it comes, and not that it came just now', async t => {
  const soon = sampleNow + minute - 1
  const status = statusOf(
    sampleStack('a', 'in-sync', { nextRun: soon, nextEvent: { event: 'rotation', at: soon } }),
  )
  t.match(
    renderStatus(status, { palette: plain, width: 80 }),
    /within a minute {2}rotation within a minute\n/,
  )
  const narrow = renderStatus(status, { palette: plain, width: 50 }).replace(/\n +/g, ' ')
  t.match(narrow, 'next run within a minute, next event: rotation within a minute')
})
