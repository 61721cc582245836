import t from 'tap'
import {
  day,
  formatDate,
  formatDuration,
  hour,
  minute,
  parseDate,
  parseDuration,
  year,
} from '../../src/model/duration.ts'
import { isEnvironment } from '../../src/model/environment.ts'
import { Failure, exitCodes } from '../../src/model/failure.ts'
import { longHash, shortHash } from '../../src/model/hash.ts'
import { endOfLife, endTolerance, formatLifetime, parseLifetime } from '../../src/model/lifetime.ts'
import { endsAgree, visibleEnd } from '../../src/model/live-key.ts'
import {
  allPermissions,
  commonPermissions,
  permissionSet,
  permissionsBeyond,
  samePermissions,
} from '../../src/model/permission.ts'
import { commonScope, reachesBeyond, sameScope, scopeBeyond, scopeOf } from '../../src/model/scope.ts'
import { closest } from '../../src/model/suggest.ts'

t.test('reads durations and writes them back in the shortest exact way', async t => {
  for (const [text, milliseconds, written] of [
    ['30m', 30 * minute, '30m'],
    ['36h', 36 * hour, '36h'],
    ['48h', 2 * day, '2d'],
    ['90d', 90 * day, '90d'],
    ['2w', 14 * day, '14d'],
    ['1y', year, '1y'],
    ['365d', year, '1y'],
  ] as const) {
    t.equal(parseDuration(text), milliseconds, text)
    t.equal(formatDuration(milliseconds), written, text)
  }
  t.equal(formatDuration(90_000), '90s')
  for (const text of ['', '0d', '-1d', '01d', '1.5d', '1', 'd', '1 d', '1D', '1d ', '1234567d', 'never']) {
    t.equal(parseDuration(text), null, text)
  }
})

t.test('reads only days that exist', async t => {
  t.equal(parseDate('2027-01-31'), Date.UTC(2027, 0, 31))
  t.equal(parseDate('2028-02-29'), Date.UTC(2028, 1, 29))
  t.equal(formatDate(Date.UTC(2027, 0, 31, 23, 59)), '2027-01-31')
  for (const text of [
    '2027-02-29',
    '2027-13-01',
    '2027-00-10',
    '2027-1-31',
    '27-01-31',
    '2027-01-31T00:00Z',
  ]) {
    t.equal(parseDate(text), null, text)
  }
})

t.test('reads lifetimes, and knows their ends and tolerances', async t => {
  const from = Date.UTC(2026, 0, 1)
  for (const [text, end, tolerance] of [
    ['never', null, day],
    ['90d', from + 90 * day, day],
    ['36h', from + 36 * hour, 1.8 * hour],
    ['2027-01-31', Date.UTC(2027, 0, 31), day],
  ] as const) {
    const lifetime = parseLifetime(text)
    if (lifetime === null) throw new Error(text)
    t.equal(endOfLife(lifetime, from), end, text)
    t.equal(endTolerance(lifetime), tolerance, text)
    t.equal(formatLifetime(lifetime), text)
  }
  t.equal(parseLifetime('soon'), null)
})

t.test('compares permissions as sets, with a star for all of them', async t => {
  t.strictSame(permissionSet(['b', 'a', 'b']), ['a', 'b'])
  t.strictSame(permissionSet(['a', '*']), ['*'])
  t.notOk(samePermissions(['*'], allPermissions), 'all of them are more than the nine')
  t.notOk(samePermissions(allPermissions, ['*']))
  t.ok(samePermissions(['*'], ['*']))
  t.strictSame(permissionsBeyond(['read_results', 'made_tomorrow'], ['*']), [])
  t.strictSame(permissionsBeyond(['*'], allPermissions), ['*'])
  t.strictSame(permissionsBeyond(['*'], ['*']), [])
  t.strictSame(commonPermissions(['*'], ['upload_results', 'read_results']), [
    'read_results',
    'upload_results',
  ])
  t.strictSame(commonPermissions(['read_results'], ['upload_results']), [])
})

t.test('compares scopes as sets, with all projects above every list', async t => {
  t.strictSame(scopeOf(['b', 'a', 'b']), ['a', 'b'])
  t.equal(scopeBeyond('all', ['a']), 'all')
  t.strictSame(scopeBeyond(['a', 'b'], ['b']), ['a'])
  t.strictSame(scopeBeyond('all', 'all'), [])
  t.ok(reachesBeyond('all', ['a']))
  t.notOk(reachesBeyond(['a'], 'all'))
  t.ok(sameScope(['a', 'b'], ['b', 'a']))
  t.notOk(sameScope('all', ['a']))
  t.strictSame(commonScope('all', ['a']), ['a'])
  t.strictSame(commonScope(['a', 'b'], 'all'), ['a', 'b'])
  t.strictSame(commonScope(['a', 'b'], ['b', 'c']), ['b'])
})

t.test('takes two views of an end for the same only where they share three characters', async t => {
  t.equal(visibleEnd('flux_dev_****...mno34'), 'mno34')
  t.equal(visibleEnd('flux_dev_****'), '')
  for (const [a, b, agree] of [
    ['mno34', 'mno34', true],
    ['mno34', 'o34', true],
    ['o34', 'mno34', true],
    ['34', 'mno34', false],
    ['34', '34', false],
    ['', '', false],
    ['mno34', 'mno35', false],
    ['mno', 'mno34', false],
  ] as const) {
    t.equal(endsAgree(a, b), agree, `${a} ${b}`)
  }
})

t.test('keeps its short hashes for ever, since live markers hold them', async t => {
  t.equal(shortHash('', 8), 'ab3e7c0b')
  t.equal(shortHash('CI/CD Pipeline', 8), 'fb635d43')
  t.equal(shortHash('CI/CD Pipeline', 2), 'fb635d43'.slice(0, 2))
  const seen = new Set(Array.from({ length: 5000 }, (_, index) => shortHash(`key-${index}`, 2)))
  t.equal(seen.size, 256, 'every pair of digits is in use')
  for (const text of ['', 'CI/CD Pipeline', 'Prüfung €', '\u{1f511}'])
    t.equal(longHash(text), shortHash(text, 8) + shortHash(`${text}\n`, 8), text)
})

t.test('suggests what is near, and nothing else', async t => {
  t.equal(closest('read_scenario', allPermissions), 'read_scenarios')
  t.equal(closest('Descripton', ['name', 'description']), 'description')
  t.equal(closest('xyz', ['name', 'description']), null)
  t.equal(closest('jsno', ['plan', 'json']), 'json', 'swapped letters')
  t.equal(closest('x', ['c', 'json']), null)
  t.equal(closest('a', []), null)
})

t.test('maps every expected failure to an exit code, and keeps its hints', async t => {
  const failure = new Failure('conflict', 'The plan is stale.', { hints: ['Plan again.'], cause: 'moved' })
  t.strictSame([failure.exitCode, failure.hints, failure.cause], [12, ['Plan again.'], 'moved'])
  t.notOk('cause' in new Failure('failed', 'No cause.'))
  t.ok(Object.values(exitCodes).every(code => code > 0))
  t.ok(isEnvironment('prod'))
  t.notOk(isEnvironment('production'))
})

t.test(
  'gives one list for the same names, and another for names that only look like them once they are joined',
  async t => {
    t.equal(scopeOf(['b', 'a']), scopeOf(['a', 'b', 'a']), 'in any order')
    t.equal(permissionSet(['b', 'a']), permissionSet(['a', 'b']))
    t.strictSame(scopeOf(['a\0b', 'c']), ['a\0b', 'c'])
    t.strictSame(scopeOf(['a', 'b\0c']), ['a', 'b\0c'])
    const given = ['x', 'y']
    const made = scopeOf(given)
    given[0] = 'z'
    t.strictSame(
      [made, scopeOf(['x', 'y'])],
      [
        ['x', 'y'],
        ['x', 'y'],
      ],
      'whatever becomes of the list that was given',
    )
  },
)
