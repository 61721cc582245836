import { fc } from '../support/properties.ts'
import t from 'tap'
import { hashId } from '../../src/lifecycle/binding.ts'
import { shownEnvironment } from '../../src/model/live-key.ts'
import { plainText } from '../../src/platform/plain-text.ts'
import { toLiveKey } from '../../src/platform/to-model.ts'
import { parseLatest, parseTime } from '../../src/platform/wire-time.ts'
import { wireKey } from '../support/scripted-platform.ts'

const call = 'GET /api/api-keys'

function without(...fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(wireKey()).filter(([field]) => !fields.includes(field)))
}

t.test('reads a key with all its fields, and ignores those it does not know', async t => {
  t.same(toLiveKey({ ...wireKey(), key: 'flux_ci_secret', colour: 'red' }, call), {
    id: 'key_abc123',
    name: 'CI/CD Pipeline',
    description: 'Nightly simulations',
    ownership: { kind: 'unmanaged' },
    maskedKey: 'flux_ci_****...mno34',
    environment: 'ci',
    scope: ['customer-support-bot', 'sales-assistant'],
    permissions: ['read_scenarios', 'upload_results'],
    createdAt: Date.UTC(2026, 0, 15, 10),
    regeneratedAt: null,
    expiresAt: Date.UTC(2026, 3, 15, 10),
    lastUse: {
      known: true,
      at: Date.UTC(2026, 1, 28, 9, 30, 0, 123),
      ip: '192.0.2.7',
      location: null,
      userAgent: 'fluxloop-cli/1.2.3',
    },
    status: 'active',
    version: '3',
  })
})

t.test('tells no data from no use', async t => {
  t.same(toLiveKey(without('last_used_at'), call).lastUse, { known: false })
  t.match(toLiveKey(wireKey({ last_used_at: null, last_used: null }), call).lastUse, {
    known: true,
    at: null,
  })
})

t.test('reads a key whose optional fields are absent', async t => {
  const rest = without('description', 'environment', 'regenerated_at', 'last_used_at', 'last_used', 'version')
  const key = toLiveKey({ ...rest, scope: '*', expires_at: null }, call)
  t.equal(key.regeneratedAt, undefined, 'unlike null, which says that it never was')
  t.match(key, {
    description: '',
    version: null,
    scope: 'all',
    expiresAt: null,
  })
  t.equal(key.environment, undefined, 'unlike null, which is one that we do not know')
  t.equal(shownEnvironment(key), 'ci', 'as its secret begins')
  t.equal(shownEnvironment({ ...key, maskedKey: '****...mno34' }), null)
})

t.test('names the field that is missing or ill-typed, the key, and the call', async t => {
  const required = ['name', 'masked_key', 'scope', 'permissions', 'created_at', 'expires_at', 'status']
  for (const field of required) {
    t.throws(() => toLiveKey(without(field), call), {
      code: 'failed',
      message: `the answer to GET /api/api-keys lacks \`${field}\` on key_abc123`,
    })
  }
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    id: [7, '', '..', 'a/b', null],
    name: [7, null, []],
    description: [7, {}],
    masked_key: [7, null],
    environment: [7],
    scope: ['all', 7, null, [7], [''], {}],
    permissions: ['*', null, [null], ['x'.repeat(301)]],
    created_at: [7, null, 'yesterday', '2026-13-01T00:00:00Z'],
    regenerated_at: [7, 'x'],
    expires_at: [7, 'never', ''],
    last_used_at: [7, 'x'],
    status: ['gone', 7, null],
    version: [{}, '', 'a b', 'é', true],
  }
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      t.throws(
        () => toLiveKey({ ...wireKey(), [field]: value }, call),
        { code: 'failed', message: new RegExp(`^the answer to GET /api/api-keys has .*\`${field}\``) },
        `${field}: ${JSON.stringify(value)}`,
      )
    }
  }
})

t.test('takes no field from the prototype of an answer', async t => {
  const json = JSON.stringify(wireKey()).replace('"name":', '"__proto__":{"name":"planted"},"title":')
  t.throws(() => toLiveKey(JSON.parse(json), call), { message: /lacks `name`/ })
  t.throws(() => toLiveKey(Object.create(wireKey()), call), { message: /lacks `id`/ })
})

t.test('reads the marker at the end of a description of any length, and cuts the rest', async t => {
  const { id } = wireKey() as { readonly id: string }
  const marker = `[fk1 acme/ci-pipeline g1 k3x9v0q2ma b${hashId(id)} pending f001122334455]`
  const key = toLiveKey(wireKey({ description: `${'x'.repeat(50_000)} ${marker}` }), call)
  t.match(key.ownership, { kind: 'managed', marker: { keyId: 'ci-pipeline' } })
  t.equal(key.description.length, 2_000)
  const cut = toLiveKey(wireKey({ description: 'a [fk1 acme/ci-\u001b[2Jpipe' }), call)
  t.same(cut.ownership, { kind: 'unreadable', text: 'a [fk1 acme/ci-pipe' })
})

t.test('takes escapes and what reorders or hides text out of all text', async t => {
  for (const [text, plain] of [
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007x', 'x'],
    ['\u001b]8;;https://evil.test\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['a\u001bPq#0\u001b\\b', 'ab'],
    ['\u009b2Jx\u009d0;t\u009cy', 'xy'],
    ['a\u001bcb', 'ab'],
    ['one\r\ntwo\tthree\u2028four', 'one two three four'],
    ['a\u0000b\u0008c\u007fd', 'abcd'],
    ['user\u202egnp.exe\u2066x\u2069', 'usergnp.exex'],
    ['in\u200bvis\ufeffible\u2060', 'invisible'],
    ['\ud800half', 'half'],
    ['família 日本語 👩‍💻 नमस्ते', 'família 日本語 👩‍💻 नमस्ते'],
    ['abcdefgh', 'abcdefgh'],
  ] as const) {
    t.equal(plainText(text, 100), plain)
  }
  t.equal(plainText('👍👍👍👍', 3), '👍👍…')
})

t.test('leaves nothing that a terminal would obey, and nothing longer than allowed, of any text', async t => {
  const unit = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\u001b',
      '\u001b[',
      '\u001b]',
      '\u009b',
      '\u0007',
      '\u001b\\',
      '8;;',
      'm',
      '\u202e',
      '\ud83d',
      '\n',
    ),
  )
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 40 }), parts => {
      const plain = plainText(parts.join(''), 50)
      return !/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(plain) && Array.from(plain).length <= 50
    }),
  )
  t.equal(
    plainText(`${'\u001b]'.repeat(200_000)}x`, 100_000),
    '',
    'in a time that does not grow with its square',
  )
})

t.test('takes a use for as late as the time of it may mean', async t => {
  const end = Date.UTC(2026, 0, 31, 23, 59, 59, 999)
  for (const [text, at] of [
    ['2026-01-31', end],
    ['2026-01-31T23:59', end],
    ['2026-01-31T23:59:59.999Z', end],
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['yesterday', null],
  ] as const) {
    t.equal(parseLatest(text), at, text)
  }
  const { lastUse } = toLiveKey(wireKey({ last_used_at: '2026-01-31' }), call)
  t.match(lastUse, { known: true, at: end }, 'a key that was used in the evening is in use the next morning')
})

t.test('reads the ways to write a moment in ISO 8601, in UTC where it says nothing else', async t => {
  const noon = Date.UTC(2026, 0, 31, 12)
  for (const [text, at] of [
    ['2026-01-31T12:00:00Z', noon],
    ['2026-01-31T12:00:00', noon],
    ['2026-01-31 12:00:00', noon],
    ['2026-01-31T12:00Z', noon],
    ['2026-01-31T12:00:00.5Z', noon + 500],
    ['2026-01-31T12:00:00.123456+00:00', noon + 123],
    ['2026-01-31T13:30:00+0130', noon],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
  ] as const) {
    t.equal(parseTime(text), at, text)
  }
  for (const text of [
    '',
    'now',
    '2026',
    '2026-1-31',
    '20260131',
    '2026-01-31T25:00:00Z',
    ' 2026-01-31',
    '1769860800',
  ]) {
    t.equal(parseTime(text), null, text)
  }
})
