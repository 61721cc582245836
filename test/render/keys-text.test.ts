import t from 'tap'
import type { LiveKey } from '../../src/model/live-key.ts'
import { day } from '../../src/model/duration.ts'
import { boxes, secretBox } from '../../src/render/keys/box.ts'
import { renderKeyDetails } from '../../src/render/keys/key-details.ts'
import { keyToJson } from '../../src/render/keys/key-json.ts'
import { renderKeyList } from '../../src/render/keys/key-list.ts'
import { renderManaged } from '../../src/render/keys/managed-keys.ts'
import { hiddenKey, maskedKey } from '../../src/render/keys/masked-key.ts'
import { paletteFor } from '../../src/render/text/palette.ts'
import { displayWidth } from '../../src/render/text/layout.ts'
import { usageLines } from '../../src/render/audit/usage-text.ts'
import { desiredKey, liveKey, managedKey, now, unknownUse } from '../support/build.ts'
import { pageLines } from '../support/page.ts'

const plain = paletteFor(false)
const secret = 'flux_prod_abc123def456ghi789jkl012mno'
const noCount: ReadonlyMap<string, number> = new Map()

const listOf = (keys: readonly LiveKey[], width = 80) =>
  renderKeyList(keys, keys, { palette: plain, width, now, timeZone: 'UTC', showKeys: true })
const detailsOf = (key: LiveKey, width = 80) =>
  renderKeyDetails(
    key,
    { figures: null, days: 30 },
    { palette: plain, width, isTerminal: true, now, timeZone: 'UTC' },
  )

t.test('the box of a secret is the one of the page, side for side', t => {
  const drawn = secretBox(secret, { width: 80, palette: plain }).split('\n')
  t.strictSame(
    drawn.map(line => line.replaceAll(/ +/g, ' ')),
    pageLines('✅ API key created successfully', 'Key details:'),
  )
  t.strictSame(new Set(drawn.map(displayWidth)), new Set([43]), 'every line is as wide as its rules')
  t.end()
})

t.test('a secret stands whole on its line, however narrow the terminal is', t => {
  for (const width of [43, 42, 30, 10]) {
    const drawn = secretBox(secret, { width, palette: plain }).split('\n')
    t.ok(
      drawn.some(line => line.includes(secret)),
      `${width}`,
    )
    const others = drawn.filter(line => !line.includes(secret) && !/[a-z]/.test(line))
    t.ok(
      others.every(line => displayWidth(line) <= width),
      `rules fit ${width}`,
    )
  }
  const narrow = secretBox(secret, { width: 42, palette: plain }).split('\n')
  t.ok(narrow.includes(secret), 'with nothing next to it that would be copied too')
  t.end()
})

const names = [
  '日本語の名前のキー',
  'Déjà vu 🚀🚀 👩‍👩‍👧 🇳🇿',
  'ﾊﾝｶｸ half-width',
  'x'.repeat(300),
  '한국어 '.repeat(30).trim(),
  'e\u0301\u0301 combining',
]

t.test('boxes have one width and keep to the terminal, whatever the names are', t => {
  for (const width of [20, 40, 57, 80, 200]) {
    for (const drawn of [
      boxes(
        names.map(text => [{ text }, { text: 'Permissions: read_scenarios' }]),
        { width, palette: plain },
      ),
      listOf(
        names.map((name, index) => liveKey({ id: `key_${index}`, name })),
        width,
      )
        .split('\n\n')
        .slice(1, -1),
    ]) {
      const widths = new Set(drawn.flatMap(box => box.split('\n').map(displayWidth)))
      t.equal(widths.size, 1, `one width at ${width}`)
      t.ok(Math.max(...widths) <= width, `no wider than ${width}`)
    }
  }
  const [small] = boxes([[{ text: 'A' }]], { width: 80, palette: plain })
  t.equal(small, '┌─────┐\n│  A  │\n└─────┘', 'as wide as its content')
  t.end()
})

t.test('nothing of a long name is left out of its box', t => {
  const [box = ''] = boxes([[{ text: names[3] ?? '' }]], { width: 40, palette: plain })
  t.equal(box.match(/x/g)?.length, 300)
  t.end()
})

t.test('no name acts on a terminal', t => {
  const evil = liveKey({
    name: 'a\u001b[2Jb\u202e',
    description: 'c\nd\u0007',
    scope: ['e\u001b]0;f'],
    permissions: ['g\u009b'],
    lastUse: { known: true, at: now, ip: '\u001bh', location: 'i\r', userAgent: 'j\u0000' },
  })
  const usage = usageLines(
    { total: 1, byOperation: new Map([['k\u001b[1m', 1]]), byProject: new Map([['l\u2028', 1]]) },
    30,
    { palette: plain, width: 80, bars: true },
  )
  for (const screen of [listOf([evil]), detailsOf(evil), usage.join('\n')])
    t.notMatch(screen, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]/)
  t.end()
})

t.test('a managed key says which stack owns it and in what state it is', t => {
  const key = managedKey(desiredKey({ protect: true }), { generation: 3 })
  const words = 'Managed by: acme-agents/ci-pipeline (generation 3, delivered, protected)'
  t.match(listOf([key]), words)
  t.match(detailsOf(key), words)
  t.strictSame(keyToJson(key, now).managed, {
    readable: true,
    stack: 'acme-agents',
    key: 'ci-pipeline',
    generation: 3,
    state: 'delivered',
    protected: true,
  })
  t.notMatch(listOf([liveKey()]), 'Managed')
  t.end()
})

t.test('a mask shows at most five characters of the end', t => {
  for (const [sent, masked, hidden] of [
    ['flux_dev_****...mno34', 'flux_dev_****...mno34', 'flux_dev_****'],
    ['flux_ci_****...jkl', 'flux_ci_****...jkl', 'flux_ci_****'],
    ['flux_ci_****jkl012', 'flux_ci_****...kl012', 'flux_ci_****'],
    ['sk-abcdef123456', '****...23456', '****'],
  ] as const) {
    t.equal(maskedKey({ maskedKey: sent }), masked)
    t.equal(hiddenKey({ maskedKey: sent }), hidden)
  }
  t.end()
})

t.test('what a platform leaves out is unknown, and new permissions are shown by their names', t => {
  const key = liveKey({ lastUse: unknownUse, permissions: ['fly_to_moon', 'read_scenarios'], scope: [] })
  t.match(listOf([key]), /Last used: Unknown/)
  t.match(listOf([key]), /Permissions: read_scenarios, fly_to_moon/)
  t.match(listOf([key]), /Scope: None/)
  t.match(detailsOf(key), /✅ fly_to_moon/)
  t.notMatch(detailsOf(key), /IP:/)
  t.equal(detailsOf(liveKey({ permissions: ['*'] })).match(/✅/g)?.length, 9)
  t.match(detailsOf(liveKey({ regeneratedAt: now - day })), /Regenerated: Nov 21, 2026/)
  t.end()
})

t.test('usage is shown as shares of all requests, with the many small ones in one row', t => {
  const style = { palette: plain, width: 80, bars: true }
  const many = new Map(Array.from({ length: 20 }, (_, index) => [`project-${index}`, 100 - index]))
  const lines = usageLines({ total: 1810, byOperation: noCount, byProject: many }, 30, style)
  t.match(lines.at(-1), /^ {2}• 6 more: 501 \(28%\) +█+$/)
  t.match(lines[4], /^ {2}By project:$/)
  t.match(lines[5], /• project-0: 100 \(6%\)/, 'most requests first')
  const tiny = usageLines({ total: 1000, byOperation: new Map([['Rare', 1]]), byProject: noCount }, 30, style)
  t.match(tiny.at(-1), /• Rare: 1 \(0%\) +█$/, 'something is never drawn as nothing')
  const average = (total: number) =>
    usageLines({ total, byOperation: noCount, byProject: noCount }, 30, style)[2]?.trim()
  t.strictSame(
    [0, 1, 2, 100, 300, 45_000].map(average),
    ['0', 'less than 0.1', '0.1', '3.3', '10', '1,500'].map(text => `Avg per day: ${text}`),
  )
  t.end()
})

t.test('no line of the table of managed keys ends in spaces, in colour neither', t => {
  const about = { platform: 'sandbox:', account: 'acme', stack: 'acme', now, keychain: null }
  const row = {
    ...{ keyId: 'ci-pipeline', name: 'CI', liveId: 'key_abc123def456', generation: 1, state: 'delivered' },
    ...{ age: day, maxAge: 60 * day, next: { event: 'rotates' as const, at: now + 59 * day } },
    ...{ stores: [], use: liveKey() },
  }
  for (const colour of [true, false]) {
    const text = renderManaged([row], about, { palette: paletteFor(colour), width: 80 })
    const lines = text.replaceAll(/\u001b\[\d+m/g, '').split('\n')
    t.strictSame(
      lines.filter(line => line.endsWith(' ') || displayWidth(line) > 80),
      [],
    )
    t.equal(text.includes('\u001b['), colour)
  }
  t.end()
})
