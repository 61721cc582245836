import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findLostStores } from '../../src/config/former-stores.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { storeLabel } from '../../src/model/store.ts'

const age = (recipients: string) =>
  `{ age-file: { path: 'secrets/{key}.age', recipients: [${recipients}], identity: me.txt } }`
const recipients = ['age1' + 'q'.repeat(58), 'age1' + 'p'.repeat(58)] as const

function text(stores: Readonly<Record<string, string>>, defaults = 'keychain'): string {
  const keys = Object.entries(stores).map(
    ([key, store]) =>
      `  ${key}: { name: ${key}, scope: all, permissions: [read_results], store: ${store} }\n`,
  )
  return `version: 1\nstack: acme\ndefaults: { expires: 90d, store: ${defaults} }\nkeys:\n${keys.join('')}`
}

/** Loads texts one after the other, as commits do; answers with what the last one and the ones before say of a key's lost stores. */
async function search(t: Test, key: string, ...texts: readonly string[]) {
  const folder = t.testdir({})
  const file = join(folder, 'fluxloop-keys.yaml')
  const states = []
  for (const one of texts) {
    const loaded = await loadConfiguration({
      paths: [file],
      cwd: folder,
      now: null,
      instead: new Map([[file, one]]),
    })
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics))
    states.push(loaded.desired)
  }
  const now = states.at(-1)
  if (now === undefined) throw new Error('a test needs a text')
  const hashesOf = (state: typeof now) =>
    state.keys.filter(({ keyId }) => keyId === key).flatMap(({ stores }) => stores.map(({ hash }) => hash))
  const declared = hashesOf(now)
  const lost = states.flatMap(hashesOf).filter(hash => !declared.includes(hash))
  const present = texts.at(-1) ?? ''
  const found = (earlier: readonly string[]) =>
    (
      findLostStores(now, new Map([[key, [...new Set(lost)]]]), [
        { file, text: present, present: true },
        ...earlier.map(one => ({ file, text: one, present: false })),
      ]).get(key) ?? []
    ).map(({ spec, free, now: successor }) => ({
      was: storeLabel(spec).replace(folder, '.'),
      free: free === null ? null : storeLabel(free).replace(folder, '.'),
      changed: successor !== null,
    }))
  return { alone: found([]), withHistory: found(texts.slice(0, -1)) }
}

const env = (path: string) => `{ env-file: { path: ${path}, name: KEY } }`

t.test('finds the default keychain entry without any history', async t => {
  const { alone } = await search(
    t,
    'bot',
    text({ bot: 'keychain' }),
    text({ bot: env('a.env') }, env('b.env')),
  )
  t.strictSame(alone, [
    { was: 'keychain fluxloop/acme/bot', free: 'keychain fluxloop/acme/bot', changed: false },
  ])
})

t.test('finds what the present configuration declares, filled in for this key', async t => {
  const shared = `{ env-file: { path: '{key}.env', name: KEY } }`
  const { alone } = await search(
    t,
    'bot',
    text({ bot: shared, cat: shared }),
    text({ bot: env('a.env'), cat: shared }),
  )
  t.strictSame(alone, [{ was: 'env-file ./bot.env (KEY)', free: 'env-file ./bot.env (KEY)', changed: false }])
})

t.test('finds in earlier texts what they declared for this key, and nothing of other keys', async t => {
  const { alone, withHistory } = await search(
    t,
    'bot',
    text({ bot: env('a.env') }),
    text({ bot: env('b.env') }),
    text({ bot: 'keychain' }),
  )
  t.strictSame(alone, [])
  t.strictSame(
    withHistory.map(({ was }) => was),
    ['env-file ./a.env (KEY)', 'env-file ./b.env (KEY)'],
  )
  const swapped = await search(
    t,
    'bot',
    text({ bot: env('a.env') }).replace('bot:', 'cat:'),
    text({ bot: 'keychain' }),
  )
  t.strictSame(swapped.withHistory, [])
})

t.test('leaves a place alone that another key, or the same one, uses by now', async t => {
  const taken = await search(
    t,
    'bot',
    text({ bot: `[keychain, ${env('a.env')}]`, cat: 'keychain' }),
    text({ bot: 'keychain', cat: env('a.env') }),
  )
  t.strictSame(taken.withHistory, [{ was: 'env-file ./a.env (KEY)', free: null, changed: false }])

  const changed = await search(
    t,
    'bot',
    text({ bot: age(recipients[0]) }),
    text({ bot: age(recipients.join(', ')) }),
  )
  t.strictSame(changed.withHistory, [{ was: 'age-file ./secrets/bot.age', free: null, changed: true }])

  const whole = await search(
    t,
    'bot',
    text({ bot: age(recipients[0]), cat: 'keychain' }),
    text({ bot: 'keychain', cat: env('secrets/bot.age') }),
  )
  t.strictSame(whole.withHistory[0]?.free, null, 'a file that is another kind of store by now is not deleted')
})

t.test('empties of a keychain with a fallback what is free of it', async t => {
  const fallback = (place: string) => `{ keychain: { fallback: ${place} } }`
  const both = await search(t, 'bot', text({ bot: fallback(env('a.env')) }), text({ bot: env('b.env') }))
  t.match(both.withHistory, [{ free: 'keychain fluxloop/acme/bot', changed: false }])
  const own = await search(t, 'bot', text({ bot: fallback(env('a.env')) }), text({ bot: 'keychain' }))
  t.strictSame(own.withHistory, [
    { was: 'keychain fluxloop/acme/bot', free: 'env-file ./a.env (KEY)', changed: true },
  ])
  const other = await search(t, 'bot', text({ bot: fallback(env('a.env')) }), text({ bot: env('a.env') }))
  t.match(other.withHistory, [{ free: 'keychain fluxloop/acme/bot' }])
})

t.test('reads over texts that are no sound configuration', async t => {
  const { withHistory } = await search(t, 'bot', text({ bot: env('a.env') }), text({ bot: 'keychain' }))
  t.equal(withHistory.length, 1)
  const folder = t.testdir({})
  const file = join(folder, 'fluxloop-keys.yaml')
  const state = await loadConfiguration({
    paths: [file],
    cwd: folder,
    now: null,
    instead: new Map([[file, text({ bot: 'keychain' })]]),
  })
  if (!state.ok) throw new Error('it is sound')
  const broken = ['keys: [', 'keys: 7\n', 'just words', 'keys: { bot: { store: { nonsense: 1 } } }\n']
  const found = findLostStores(
    state.desired,
    new Map([['bot', ['0000']]]),
    broken.map(one => ({ file, text: one, present: false })),
  )
  t.strictSame([...found], [['bot', []]])
})
