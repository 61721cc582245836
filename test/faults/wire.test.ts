// A part of the wire's faults, always the same: each call and each fault, and each way to end for each call. `npm run test:campaigns -- --only
// wire` plays all of them. The expected endings: wire-faults.ts and wire-rare-faults.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { playWireCase, tableCases, wireCases } from './support/wire-cases.ts'
import { casesPage } from './support/wire-page.ts'
import { covering } from '../support/covering.ts'

const part = [
  ...covering(
    wireCases.filter(({ kind }) => kind === 'table'),
    ({ call, fault, first, every }) => [call, fault, `${first} ${every}`],
  ),
  ...covering(
    wireCases.filter(({ kind }) => kind === 'retry'),
    ({ call, fault }) => [fault, call.split(/[:,]/)[0] ?? ''],
  ),
]

t.jobs = 3
for (const one of part) {
  t.test(`${one.title}: ends as the table says, and the next apply heals it`, { buffered: true }, async t => {
    t.strictSame(await playWireCase(one), [])
  })
}

const start = '<!-- the tables of test/faults/wire-*faults.ts; UPDATE_GOLDEN=1 writes them -->\n'
const spaced = (text: string) => text.replace(/ *\| */g, '|').replace(/-{3,}/g, '---')

t.test('stands on the page of the documentation, case by case', async t => {
  const file = new URL('../../docs/wire-faults.md', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const before = text.slice(0, text.indexOf(start) + start.length)
  const page = `${before}\n${casesPage(tableCases)}\n`
  if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(file, page)
  t.equal(spaced(readFileSync(file, 'utf8')), spaced(page))
})
