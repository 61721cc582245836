import { join } from 'node:path'
import t, { type Test } from 'tap'
import { findLostStores } from '../../src/config/former-stores.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { storeLabel } from '../../src/model/store.ts'

const age = (recipients: string) =>
  `{ age-file: { path: 'secrets/{key}.age', recipients: [${recipients}], identity: me.txt } }`
const recipients = [
  'age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq',
  'age1qgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpquuzgag',
] as const

function text(stores: Readonly<Record<string, string>>, defaults = 'keychain'): string {
  const keys = Object.entries(stores).map(
    ([key, store]) =>
      `  ${key}: { name: ${key}, scope: all, permissions: [read_results], store: ${store} }\n`,
  )
  return `version: 1\nstack: acme\ndefaults: { expires: 90d, store: ${defaults} }\nkeys:\n${keys.join('')}`
}

/** Loads texts one after the other, as commits do; answers with what the last one says of a key's lost stores. */
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
  const found = await findLostStores(now, new Map([[key, [...new Set(lost)]]]), [
    { file, text: texts.at(-1) ?? '' },
  ])
  return (found.get(key) ?? []).map(({ spec, free }) => ({
    was: storeLabel(spec).replace(folder, '.'),
    free: free === null ? null : storeLabel(free).replace(folder, '.'),
  }))
}

const env = (path: string) => `{ env-file: { path: ${path}, name: KEY } }`

t.test('finds the default keychain entry', async t => {
  t.strictSame(await search(t, 'bot', text({ bot: 'keychain' }), text({ bot: env('a.env') }, env('b.env'))), [
    { was: 'keychain fluxloop/acme/bot', free: 'keychain fluxloop/acme/bot' },
  ])
})

t.test('finds what the present configuration declares, filled in for this key', async t => {
  const shared = `{ env-file: { path: '{key}.env', name: KEY } }`
  const before = text({ bot: shared, cat: shared })
  t.strictSame(await search(t, 'bot', before, text({ bot: env('a.env'), cat: shared })), [
    { was: 'env-file ./bot.env (KEY)', free: 'env-file ./bot.env (KEY)' },
  ])
})

t.test('finds nothing that only earlier texts declared', async t => {
  t.strictSame(
    await search(
      t,
      'bot',
      text({ bot: env('a.env') }),
      text({ bot: env('b.env') }),
      text({ bot: 'keychain' }),
    ),
    [],
  )
})

t.test('finds no program where `get` or `remove` differ', async t => {
  const program = (remove: string) =>
    `{ exec: { put: [keep, '{key}'], get: [show, '{key}'], remove: [${remove}, '{key}'] } }`
  const before = text({ bot: program('drop'), cat: 'keychain' })
  const now = (remove: string) => text({ bot: 'keychain', cat: program(remove) })
  t.match(await search(t, 'bot', before, now('drop')), [{ was: 'exec keep bot' }])
  t.strictSame(await search(t, 'bot', before, now('payload')), [])
})

t.test('leaves a place alone that another key, or the same one, uses by now', async t => {
  const both = text({ bot: `[keychain, ${env('a.env')}]`, cat: 'keychain' })
  t.strictSame(await search(t, 'bot', both, text({ bot: 'keychain', cat: env('a.env') })), [
    { was: 'env-file ./a.env (KEY)', free: null },
  ])

  const keyed = age(recipients[0])
  const other = text({ bot: keyed, cat: keyed })
  const now = text({ bot: `{ env-file: { path: secrets/bot.age, name: KEY } }`, cat: keyed })
  t.strictSame(
    await search(t, 'bot', other, now),
    [{ was: 'age-file ./secrets/bot.age', free: null }],
    'a file that is another kind of store by now is not deleted',
  )
})

t.test('empties of a keychain with a fallback what is free of it', async t => {
  const fallback = `{ keychain: { fallback: ${env("'{key}.env'")} } }`
  const before = text({ bot: fallback, cat: fallback })
  const free = async (bot: string) => (await search(t, 'bot', before, text({ bot, cat: fallback })))[0]?.free
  t.equal(await free(env('b.env')), 'keychain fluxloop/acme/bot')
  t.equal(await free('keychain'), 'env-file ./bot.env (KEY)')
  t.equal(await free(env('bot.env')), 'keychain fluxloop/acme/bot')
})

t.test('reads over texts that are not a valid configuration', async t => {
  const folder = t.testdir({})
  const file = join(folder, 'fluxloop-keys.yaml')
  const state = await loadConfiguration({
    paths: [file],
    cwd: folder,
    now: null,
    instead: new Map([[file, text({ bot: 'keychain' })]]),
  })
  if (!state.ok) throw new Error('it is valid')
  const broken = ['keys: [', 'keys: 7\n', 'just words', 'keys: { bot: { store: { nonsense: 1 } } }\n']
  const found = await findLostStores(
    state.desired,
    new Map([['bot', ['000000']]]),
    broken.map(one => ({ file, text: one })),
  )
  t.strictSame([...found], [['bot', []]])
})
