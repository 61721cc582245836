// Whatever a fleet file holds, it is read or refused with places in it: nothing is thrown, and nothing of a secret is shown.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { renderDiagnostics } from '../../../src/render/text/diagnostics.ts'
import {
  cases,
  mutatedJson,
  mutatedText,
  requireCleanPrototypes,
  unsafe,
} from '../../../test/support/fuzz.ts'
import { fc } from '../../../test/support/properties.ts'
import { fleetDigest } from '../../src/file/fleet-digest.ts'
import { type FleetReading, readFleet } from '../../src/file/read-fleet.ts'
import { folderWith } from '../support/fleet-folder.ts'

const example = await readFile(new URL('../../../examples/fleet.yaml', import.meta.url), 'utf8')
const parsed: unknown = {
  version: 1,
  accounts: {
    a: { credential: { env: 'KEY' } },
    b: { 'api-url': 'https://api.example.com', credential: { exec: ['get', 'key'] } },
    c: { credential: { keychain: { service: 's', account: 'a' } } },
  },
  defaults: { account: 'a', interval: '1h', jitter: '10%', mode: 'apply', variables: ['A'], owner: 'me' },
  stacks: [
    {
      name: 'one',
      folder: 'one',
      config: ['x.yaml'],
      windows: [{ days: ['mon'], from: '09:00', to: '24:00' }],
    },
    { name: 'two', git: { url: 'https://h/x', revision: 'main', path: 'y' }, priority: 'low' },
  ],
  discover: [{ glob: 'teams/*/k.yaml', account: 'b' }],
  notify: [
    { webhook: { url: 'https://h/x', secret: { file: 's' } }, owners: ['me'] },
    { slack: { url: { env: 'S' } }, events: ['failing'] },
    { exec: ['page'] },
  ],
  retention: '1y',
}

function check(text: string, read: FleetReading): void {
  requireCleanPrototypes()
  if (read.ok) {
    const names = read.fleet.stacks.map(({ name }) => name)
    if (new Set(names).size !== names.length) throw new Error('a name twice')
    for (const { interval, jitter } of read.fleet.stacks) {
      if (!(interval >= 60_000 && jitter >= 0 && jitter <= interval)) throw new Error('a wild schedule')
    }
    fleetDigest(read.fleet)
    return
  }
  if (read.diagnostics.length === 0) throw new Error('refused without a reason')
  const lines = text.split(/\r\n|\r|\n/).length
  for (const { line, column, length } of read.diagnostics) {
    if (line < 1 || line > lines || column < 1 || length < 1)
      throw new Error(`no such place: ${line}:${column}`)
  }
  const shown = renderDiagnostics(read.diagnostics)
  if (unsafe.test(shown)) throw new Error('something that acts on a terminal')
}

t.test('reads or refuses every file that somebody mangled', async t => {
  const cwd = await folderWith(t, { 'teams/one/k.yaml': '', 'teams/search/fluxloop-keys.yaml': '' })
  const texts = fc.oneof(
    mutatedText([example, JSON.stringify(parsed, null, 2)]),
    mutatedJson(parsed)
      .filter(value => value !== undefined)
      .map(value => JSON.stringify(value)),
  )
  await fc.assert(
    fc.asyncProperty(texts, async text => {
      await writeFile(join(cwd, 'fleet.yaml'), text)
      check(text, await readFleet('fleet.yaml', { cwd }))
    }),
    { numRuns: cases(400) },
  )
})

t.test('refuses a file that is larger than any fleet', async t => {
  const cwd = await folderWith(t, { 'fleet.yaml': `a: "${'x'.repeat(17_000_000)}"` })
  t.match(await readFleet('fleet.yaml', { cwd }), {
    ok: false,
    diagnostics: [{ code: 'too-large', hint: /discover/ }],
  })
})
