import { writeFile } from 'node:fs/promises'
import { loadConfiguration } from '../src/config/load.ts'
import { hostHash } from '../src/runtime/host.ts'
import type { DesiredKey } from '../src/model/desired.ts'
import { day } from '../src/model/duration.ts'
import { endOfLife } from '../src/model/lifetime.ts'
import type { Marker } from '../src/model/marker.ts'
import { fieldHashes } from '../src/lifecycle/field-hashes.ts'
import { writeDescription } from '../src/platform/marker-text.ts'
import { openDatabase } from '../src/sandbox/database.ts'
import { insertKey } from '../src/sandbox/key-table.ts'
import { prefixes } from '../src/sandbox/make-secret.ts'

const stack = 'bench'

const head = `version: 1
stack: ${stack}

roles:
  test-runner: [read_scenarios, upload_results]
  reader: [read_scenarios, read_results]

defaults:
  expires: 90d
  rotate: { maxAge: 60d, grace: 48h, quiet: 24h }
  store: keychain

keys:
`

/** A block as a team writes it; every third has a store and a lifetime of its own, every second no owner, which audit finds. */
function block(index: number): string {
  const number = String(index).padStart(5, '0')
  const own = `    expires: 1y
    store:
      - keychain
      - env-file: { path: 'secrets/{key}.env', name: FLUXLOOP_API_KEY }
`
  return `  service-${number}:
    name: Service ${number}
    description: Uploads the results of service ${number} every night
${index % 2 === 0 ? `    owner: team-${index % 40}\n` : ''}    environment: ${['ci', 'dev', 'stg', 'prod'][index % 4] ?? 'ci'}
    scope: [customer-support-bot, sales-assistant]
    permissions: [role:test-runner, read_results]
${index % 3 === 0 ? own : ''}`
}

/** What a key needs at least: a configuration may have 100,000 of them. */
function smallBlock(index: number): string {
  return `  s${index}:\n    name: S${index}\n    scope: all\n    permissions: [read_results]\n`
}

/** More keys than these are of the small kind. */
const mostWhole = 10_000

/** Writes a configuration of `count` keys with six findings each. */
export async function writeFindings(count: number, configuration: string): Promise<void> {
  const blocks = Array.from(
    { length: count },
    (_, index) =>
      `  k${index}:\n    name: K${index}\n    expires: never\n    scope: all\n    permissions: ['*']\n`,
  )
  await writeFile(configuration, head + blocks.join(''))
}

/** Writes a configuration of `count` keys, each with an env file of its own. */
export async function writeEnvFiles(count: number, configuration: string): Promise<void> {
  const blocks = Array.from({ length: count }, (_, index) => smallBlock(index))
  const store = "store: { env-file: { path: 'secrets/{key}.env', name: KEY } }"
  await writeFile(configuration, head.replace('store: keychain', store) + blocks.join(''))
}

/** Writes a configuration of `count` keys of which the first ones never end, which `audit --fix` mends. */
export async function writeUnending(count: number, unending: number, configuration: string): Promise<void> {
  const blocks = Array.from({ length: count }, (_, index) =>
    index < unending
      ? block(index).replace('    expires: 1y\n', '').concat('    expires: never\n')
      : block(index),
  )
  await writeFile(configuration, head + blocks.join(''))
}

/** What `apply` would have left on the platform a day ago. */
function deliveredMarker(key: DesiredKey, secret: string, at: number): Marker {
  return {
    stack,
    keyId: key.keyId,
    generation: 1,
    nonce: secret.slice(-10),
    binding: { kind: 'moment', at },
    grant: null,
    signature: null,
    state: { kind: 'delivered', visibleEnd: secret.slice(-5), at },
    host: hostHash(),
    fields: fieldHashes(key),
    stores: key.stores.map(({ hash }) => hash),
    formerStores: [],
    protected: key.protect,
  }
}

/** Writes a configuration of `count` keys, and a sandbox's database in which all of them are applied. */
export async function makeWorld(count: number, files: { configuration: string; database: string }) {
  const blocks = Array.from({ length: count }, (_, index) =>
    count > mostWhole ? smallBlock(index) : block(index),
  )
  await writeFile(files.configuration, head + blocks.join(''))
  const now = Date.now()
  const loaded = await loadConfiguration({ paths: [files.configuration], cwd: process.cwd(), now })
  if (!loaded.ok)
    throw new Error(`The generated configuration is wrong: ${JSON.stringify(loaded.diagnostics[0])}`)
  const createdAt = now - day
  const database = openDatabase(files.database, now)
  database.transaction(() => {
    for (const [index, key] of loaded.desired.keys.entries()) {
      const environment = key.environment ?? 'dev'
      const secret = prefixes[environment] + index.toString(36).padStart(32, '0')
      insertKey(database, {
        id: `key_${index.toString(36).padStart(12, '0')}`,
        name: key.name,
        description: writeDescription(key.description, deliveredMarker(key, secret, createdAt)),
        environment,
        secret,
        scope: key.scope === 'all' ? '*' : key.scope,
        permissions: key.permissions,
        createdAt,
        expiresAt: endOfLife(key.expires, createdAt),
      })
    }
  })
  // Half of them are in use, which is more for every list answer to carry.
  const address = '203.0.113.7'
  database.run(
    `update api_keys set last_used_at = ?, last_ip = ?, last_user_agent = ? where rowid % 2 = 0`,
    now,
    address,
    'fluxloop-cli/1.2.3',
  )
  database.close()
}
