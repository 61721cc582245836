// What a page is made of, and what its filters let through: all of it without a browser.
import t from 'tap'
import { pageData } from '../../src/commands/report/read-sources.ts'
import { exportFindings, exportKeys } from '../../src/render/page/page-export.ts'
import type { PageData } from '../../src/render/page/page-data.ts'
import { inertJson, pageHtml } from '../../src/render/page/page-html.ts'
import { headlineOf } from '../../src/render/page/headline.ts'
import { type PackedData, packData, unpackData } from '../../src/render/page/packed.ts'
import { pageModel } from '../../src/render/page/page-model.ts'
import type { PageSource } from '../../src/render/page/page-stack.ts'
import { select } from '../../src/render/page/select-rows.ts'
import {
  type ViewState,
  filterNames,
  fromHash,
  initialState,
  onlyWords,
  pagedSections,
  sortKeys,
  toHash,
  withFilters,
  withSort,
} from '../../src/render/page/view-state.ts'
import {
  auditOf,
  driftOf,
  isoAt,
  pageFindingJson,
  pageKeyJson,
  planOf,
  worldOf,
} from '../support/page-world.ts'
import { fc } from '../support/properties.ts'

const modelOf = (source: PageSource, personal = false) =>
  pageModel(pageData([source], { version: '1.2.3', personal }))

const world = modelOf(worldOf(60))

t.test('gives 5,000 keys, with findings on every fifth and 30 days of use, in at most 3 MB', async t => {
  const data = pageData([worldOf(5_000)], { version: '1.2.3', personal: false })
  t.equal(data.stacks[0]?.keys.length, 5_000)
  t.equal(data.stacks[0]?.findings.length, 1_000)
  const page = pageHtml(data, { isLive: false })
  t.ok(Buffer.byteLength(page) <= 3_000_000, `${Buffer.byteLength(page)} bytes`)
  t.equal(
    page.match(/<tr>|<tr /g)?.length,
    5 * 101 + 1 + 42 + 22,
    'a hundred rows a table, however many there are',
  )
})

t.test('says whether anything is wrong, by the worst there is', async t => {
  const of = (source: PageSource) => headlineOf(modelOf(source))
  const audit = auditOf([pageKeyJson(1)], [])
  t.match(of({ audit, plan: planOf(), calendar: null }), {
    level: 'good',
    reasons: ['1 key, no finding, no drift.'],
  })
  const low = auditOf([pageKeyJson(1)], [pageFindingJson(1, { severity: 'low' })])
  t.match(of({ audit: low, plan: planOf(), calendar: null }), {
    level: 'warn',
    reasons: ['1 finding of less weight: 1 low.'],
  })
  const high = auditOf([pageKeyJson(1)], [pageFindingJson(1, { severity: 'critical' })])
  t.match(of({ audit: high, plan: planOf(), calendar: null }), {
    level: 'bad',
    reasons: ['1 urgent finding: 1 critical.'],
  })
  const excepted = {
    rule: 'no-expiry',
    permission: null,
    project: null,
    reason: 'r',
    owner: null,
    until: isoAt(9),
  }
  const answered = auditOf(
    [pageKeyJson(1)],
    [pageFindingJson(1, { severity: 'critical', suppressed_by: excepted })],
  )
  t.match(
    of({ audit: answered, plan: planOf(), calendar: null }),
    { level: 'good' },
    'an exception answers for it',
  )
  t.match(of({ audit, plan: planOf([driftOf(1)]), calendar: null }), {
    level: 'warn',
    reasons: [/^1 key changed on the platform/],
  })
  t.match(of({ audit, plan: { ...planOf(), refused: true }, calendar: null }), { level: 'bad' })
  const [live] = pageKeyJson(1).live
  const over = auditOf(
    [pageKeyJson(1, { live: live === undefined ? [] : [{ ...live, expires_at: isoAt(-1) }] })],
    [],
  )
  t.match(of({ audit: over, plan: planOf(), calendar: null }), {
    level: 'bad',
    reasons: ['1 key ended already.'],
  })
  t.match(of({ audit, plan: null, calendar: null }).reasons.at(-1), /No plan is part of this report/)
})

t.test('keeps what a reader chose in the hash, whatever it is, and understands no other hash', async t => {
  const texts = fc.string({ unit: 'grapheme', maxLength: 12 })
  const states: fc.Arbitrary<ViewState> = fc.record({
    filters: fc.record(Object.fromEntries(filterNames.map(name => [name, texts]))),
    sort: fc.constantFrom(...sortKeys),
    descending: fc.boolean(),
    pages: fc.record(Object.fromEntries(pagedSections.map(name => [name, fc.nat(9)]))),
    open: texts,
  })
  fc.assert(
    fc.property(states, state => {
      t.same(fromHash(`#${toHash(state)}`), state)
    }),
    { numRuns: 100 },
  )
  t.equal(toHash(initialState), '')
  for (const odd of ['', '#', '#q=%E0%A4%A', '#sort=nonsense&page-keys=x', '#__proto__=1&=&&'])
    t.strictSame(fromHash(odd), initialState, odd)
})

t.test('lets through what fits every filter, and nothing else', async t => {
  const count = (filters: Partial<ViewState['filters']>) =>
    select(world, withFilters(initialState, filters)).rows.length
  t.equal(count({}), 60)
  t.equal(count({ q: 'SERVICE-0000 team-3' }), 1, 'every word, in whatever case, in any field')
  t.equal(count({ owner: '(none)' }), 9)
  t.equal(count({ owner: 'team-3' }), 2)
  t.equal(count({ project: 'project-3' }), 3)
  t.equal(count({ environment: 'prod' }), 15)
  t.equal(count({ rule: 'missing-owner' }), 4)
  t.equal(count({ severity: 'info' }), 12)
  t.equal(count({ stack: 'other' }), 0)
  t.equal(count({ only: 'drift' }), 2)
  t.equal(count({ only: 'nonsense' }), 60)
  t.equal(count({ state: 'delivered', environment: 'ci', only: 'ownerless' }), 3)
  const { findings, changes } = select(world, withFilters(initialState, { only: 'drift' }))
  t.ok(findings.length === 0 && changes.length === 2, 'findings and changes are those of the keys')
  for (const only of Object.keys(onlyWords)) t.type(count({ only }), 'number', only)
})

t.test('sorts by every column in both directions, what has no value last', async t => {
  for (const sort of sortKeys) {
    const up = { ...initialState, sort, descending: false }
    const keys = (state: ViewState) => select(world, state).rows.map(({ name }) => name)
    t.strictSame([...keys(up)].sort(), [...keys(initialState)].sort(), sort)
    t.strictSame(keys(withSort(up, sort)), keys({ ...up, descending: true }), `${sort} turns round`)
  }
  const owners = select(world, withSort(initialState, 'owner')).rows.map(({ key }) => key.owner)
  t.strictSame(
    owners.slice(-9),
    Array.from({ length: 9 }, () => undefined),
  )
  t.equal(select(world, initialState).rows[0]?.worst, 4, 'the worst first, at the start')
})

t.test('exports exactly what fits the filter, and no spreadsheet runs it', async t => {
  const hostile = ['=1+1', '+1', '-1', '@a', '\t=1', '"quoted", and; more', '＝1'].map((name, index) =>
    pageKeyJson(index, { name, owner: name, description: '', key: name }),
  )
  const model = modelOf({
    audit: auditOf(hostile, [pageFindingJson(0, { key: '=1+1', message: '=cmd|x' })]),
    plan: null,
    calendar: null,
  })
  const { rows, findings } = select(model, initialState)
  const csv = exportKeys(rows, 'csv')
  const lines = csv.trimEnd().split('\r\n')
  t.equal(lines.length, 1 + hostile.length)
  t.notMatch(csv, /(^|,|")\s*[=+@＝]/m)
  t.match(csv, /'=1\+1/)
  t.match(exportFindings(findings, 'csv'), /'=cmd/)
  const records = JSON.parse(exportKeys(rows, 'json')) as { key: string }[]
  t.strictSame(
    records.map(({ key }) => key),
    rows.map(({ key }) => key.key),
  )
  const narrow = select(world, withFilters(initialState, { environment: 'prod' }))
  t.equal(
    exportKeys(narrow.rows, 'csv').trimEnd().split('\r\n').length,
    1 + 15,
    'all rows of the filter, not of the page',
  )
})

t.test('shows addresses and persons only where somebody asks for them', async t => {
  const source = {
    audit: auditOf(
      [
        pageKeyJson(1, {
          owner: 'alice@acme.example',
          description: 'Ask bob@acme.example, 203.0.113.7 or 2001:db8::1',
        }),
        pageKeyJson(2, { owner: 'alice@acme.example' }),
      ],
      [pageFindingJson(1, { message: 'Used from 203.0.113.7' })],
    ),
    plan: null,
    calendar: null,
  }
  const [{ keys, findings }] = pageData([source], { version: '1', personal: false }).stacks as [
    PageData['stacks'][number],
  ]
  t.equal(keys[0]?.owner, 'person 2')
  t.equal(keys[1]?.owner, 'person 2', 'one person, one number')
  t.equal(keys[0]?.description, 'Ask person 1, (address) or (address)')
  t.equal(findings[0]?.message, 'Used from (address)')
  const page = pageHtml(pageData([source], { version: '1', personal: false }), { isLive: false })
  t.notMatch(page, /alice@|bob@|203\.0\.113|2001:db8/)
  const personal = pageHtml(pageData([source], { version: '1', personal: true }), { isLive: false })
  t.match(personal, /alice@acme\.example/)
  t.match(personal, /203\.0\.113\.7/)
  t.match(
    pageData([source], { version: '1', personal: false }).stacks[0]?.at,
    Math.floor(Date.parse(isoAt(0)) / 1000),
    'a time is not an address',
  )
})

t.test('holds its data so that no parser of HTML finds an end in it', async t => {
  const text = '</script><!--<script>&\u2028'
  t.notMatch(inertJson({ text }), /[<>&\u2028]/)
  t.strictSame(JSON.parse(inertJson({ text })), { text })
})

t.test('packs its data without loss', async t => {
  for (const source of [worldOf(0), worldOf(1), worldOf(60)]) {
    const data = pageData([source], { version: '1', personal: false })
    t.strictSame(unpackData(JSON.parse(JSON.stringify(packData(data))) as PackedData), data)
  }
})

t.test('refuses files that are not what the commands print', async t => {
  t.throws(
    () => modelOf({ audit: { ...auditOf([], []), inventory: [{}] } as never, plan: null, calendar: null }),
    {
      code: 'usage',
    },
  )
})
