// The figures that `audit` keeps: whatever has become of them, they are right, or there are none.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc } from '../support/properties.ts'
import t from 'tap'
import { usageFromLooks } from '../../src/audit/merge-usage.ts'
import { type Cache, openCache } from '../../src/runtime/cache.ts'
import { type Looks, readLooks, writeLooks } from '../../src/commands/audit/usage-cache.ts'
import { day } from '../../src/model/duration.ts'
import { observed } from '../support/audit.ts'
import { now } from '../support/build.ts'
import { cases, mutatedJson, mutatedText, requireCleanPrototypes } from '../support/fuzz.ts'

const of = { origin: 'https://api.example.com', account: 'acme' }

/** A cache of one file, which takes no more than `largest` characters. */
function memory(text: string | null = null, largest = Infinity) {
  const cache: Cache & { text: string | null } = {
    text,
    read: async () => cache.text,
    async write(_name, next) {
      if (next.length > largest) return false
      cache.text = next
      return true
    },
  }
  return cache
}

const used = observed({
  'Pull scenarios': { bot: 3, ['__proto__']: 1 },
  'Upload results': { constructor: 2 },
})
const earlier = {
  ...used,
  from: now - 58 * day,
  to: now - 29 * day,
  byOperationAndProject: null,
  addresses: null,
}
const looks: Looks = new Map([
  ['key_a', [earlier, used]],
  ['__proto__', [{ ...used, byDay: new Map([['2026-11-20', 6]]) }]],
])

async function written(given: Looks, cache = memory()): Promise<string> {
  await writeLooks(cache, of, given, now)
  return cache.text ?? ''
}

async function readSafely(text: string): Promise<Looks> {
  const read = await readLooks(memory(text), of)
  requireCleanPrototypes()
  for (const each of read.values()) for (const days of [1, 30, 90, 400]) usageFromLooks(each, now, days)
  return read
}

t.test('figures that were damaged are none, or they are the very ones that were written', async t => {
  const text = await written(looks)
  t.strictSame(await readSafely(text), looks)
  const property = fc.asyncProperty(mutatedText([text]), async damaged => {
    const read = await readSafely(damaged)
    if (read.size > 0) assert.deepEqual(read, looks)
  })
  await fc.assert(property, { numRuns: cases(600) })
})

const sealed = (keys: unknown, more: object = {}) => {
  const body = JSON.stringify(keys)
  const digest = createHash('sha256').update(body).digest('hex')
  return JSON.stringify({ version: 2, ...of, digest, ...more, keys })
}

t.test('figures that somebody forged are read without harm', async t => {
  const { keys } = JSON.parse(await written(looks)) as { keys: Record<string, unknown[]> }
  t.strictSame(await readSafely(sealed(keys)), looks)
  const [look] = keys['key_a'] ?? []
  const times = fc.array(fc.tuple(fc.maxSafeNat(), fc.integer({ min: now - 90 * day, max: now })))
  const wellFormed = times.map(all => ({
    key_a: all.map(([a, b]) => ({ ...(look as object), from: Math.min(a, b), to: Math.max(a, b) })),
  }))
  let read = 0
  const property = fc.asyncProperty(fc.oneof(mutatedJson(keys), wellFormed), async forged => {
    if (typeof forged !== 'object' || forged === null) return
    const found = await readSafely(sealed(forged))
    read += found.size > 0 ? 1 : 0
    for (const { from, to } of [...found.values()].flat()) assert.ok(from <= to && from >= 0)
  })
  await fc.assert(property, { numRuns: cases(600) })
  t.ok(read > 50, `${read} had the right form`)

  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  for (const [title, text] of [
    ['more looks than there are days', sealed({ key_a: Array(300_000).fill(look) })],
    ['a nest of lists', `{"version":2,"keys":${nested(50_000)}}`],
    ['a former version', sealed(keys, { version: 1 })],
    ['another platform', sealed(keys, { origin: 'https://api.example.org' })],
    ['another account', sealed(keys, { account: 'other' })],
    ['one property more', sealed(keys, { more: 1 })],
    ['a look that ends before it begins', sealed({ key_a: [{ ...(look as object), from: now, to: 0 }] })],
    ['a time that is none', sealed({ key_a: [{ ...(look as object), to: 1e300 }] })],
  ] as const)
    t.strictSame(await readSafely(text), new Map(), title)
})

t.test('of more than fits, the older looks are forgotten', async t => {
  const many = Array.from({ length: 12 }, (_, index) => {
    const to = now - (11 - index) * 29 * day
    return { ...used, from: to - 29 * day, to }
  })
  const all = new Map([['key_a', many]])
  const whole = await written(all)
  t.equal((await readSafely(whole)).get('key_a')?.length, 12)
  const half = await readSafely(await written(all, memory(null, whole.length / 2)))
  t.strictSame(half.get('key_a'), many.slice(-4))
  const one = await readSafely(await written(all, memory(null, whole.length / 6)))
  t.strictSame(one.get('key_a'), many.slice(-1))
  t.equal(await written(all, memory(null, 10)), '', 'where nothing fits, nothing is written')
})

t.test('what lies in the place of a cache is not waited for, nor read without end', async t => {
  const root = await mkdtemp(join(tmpdir(), 'fluxloop-cache-'))
  t.teardown(() => rm(root, { recursive: true, force: true }))
  const folder = join(root, 'fluxloop-keys')
  await mkdir(folder, { recursive: true })
  const cache = openCache({ XDG_CACHE_HOME: root })
  t.equal(await cache.write('a', 'text'), true)
  t.equal(await cache.read('a'), 'text')
  t.equal(await cache.read('nothing'), null)
  if (process.platform === 'win32') return

  execFileSync('mkfifo', [join(folder, 'pipe')])
  await symlink('/dev/zero', join(folder, 'endless'))
  await mkdir(join(folder, 'folder'))
  await writeFile(join(folder, 'huge'), 'x')
  await truncate(join(folder, 'huge'), 200 * 1024 * 1024)
  for (const name of ['pipe', 'endless', 'folder', 'huge']) t.equal(await cache.read(name), null, name)
  t.equal(await cache.write('huge', 'x'.repeat(129 * 1024 * 1024)), false)
  for (const name of ['pipe', 'endless', 'huge']) {
    t.equal(await cache.write(name, 'text'), true)
    t.equal(await cache.read(name), 'text', `${name} is replaced`)
  }
  await chmod(join(folder, 'a'), 0o666)
  t.equal(await cache.read('a'), null, 'anybody may have written it')
})
