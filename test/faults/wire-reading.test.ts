// Each fault of the wire at each call that reads, over real sockets, and one recovery. The expected endings: wire-faults.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { casesPage } from './support/wire-page.ts'
import { playCases } from './support/wire-test.ts'
import { readingCalls, readingCases, writingCases } from './wire-faults.ts'
import { rareReadingCases, rareWritingCases } from './wire-rare-faults.ts'

for (const call of readingCalls) {
  t.test(`${call}: ends as the table says, and the next apply heals it, whatever the wire does`, t =>
    playCases(
      t,
      readingCases.filter(each => each.call === call),
    ),
  )
}

const start = '<!-- the tables of test/faults/wire-*faults.ts; UPDATE_GOLDEN=1 writes them -->\n'
const spaced = (text: string) => text.replace(/ *\| */g, '|').replace(/-{3,}/g, '---')

t.test('stands on the page of the documentation, case by case', async t => {
  const file = new URL('../../docs/wire-faults.md', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const before = text.slice(0, text.indexOf(start) + start.length)
  const cases = [...readingCases, ...writingCases, ...rareReadingCases, ...rareWritingCases]
  const page = `${before}\n${casesPage(cases)}\n`
  if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(file, page)
  t.equal(spaced(readFileSync(file, 'utf8')), spaced(page))
})
