// `npm start`: the main job on a sandbox with a past. The past is played through the real code with a clock that moves: people
// who made keys by hand, two applies of this program, and somebody who widened a key in the web page.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { generateIdentity } from 'age-encryption'
import manifest from '../package.json' with { type: 'json' }
import { executePlan } from '../src/apply/execute-plan.ts'
import { gather } from '../src/apply/gather.ts'
import type { Run } from '../src/apply/run.ts'
import { placesHere } from '../src/commands/places.ts'
import { loadConfiguration } from '../src/config/load.ts'
import { hostHash } from '../src/runtime/host.ts'
import type { DesiredState } from '../src/model/desired.ts'
import { type Instant, day, hour } from '../src/model/duration.ts'
import { Failure } from '../src/model/failure.ts'
import type { Secret } from '../src/model/secret.ts'
import { everyKey } from '../src/model/targets.ts'
import { computePlan } from '../src/plan/compute-plan.ts'
import { createClient } from '../src/platform/client.ts'
import { unsigned } from '../src/platform/signature.ts'
import type { PlatformClient } from '../src/platform/types.ts'
import { administratorKey } from '../src/sandbox/administrator.ts'
import { type Sandbox, openSandbox } from '../src/sandbox/sandbox.ts'
import { type Stores, createStores } from '../src/stores/open.ts'
import { overFetch } from '../src/platform/transport.ts'

const folder = '.demo'
const database = `${folder}/sandbox.db`
const configuration = 'examples/fluxloop-keys.yaml'
const program = fileURLToPath(new URL('../dist/start.cjs', import.meta.url))
const keychainHelper = fileURLToPath(new URL('../dist/keychain-helper.js', import.meta.url))
/** Stands once the past is played to its end. */
const ready = `${folder}/ready`
const connection = ['--api-url', `sandbox:${database}`]

const clock = { now: Date.now() }

function openStores(): Stores {
  return createStores({
    env: process.env,
    keychainHelper: { command: process.execPath, args: [keychainHelper] },
  })
}

async function declared(at: Instant): Promise<DesiredState> {
  const loaded = await loadConfiguration({ paths: [configuration], cwd: process.cwd(), now: at })
  if (!loaded.ok)
    throw new Failure('configuration', `${configuration} is not valid: see fluxloop-keys validate`)
  return loaded.desired
}

function clientOf(sandbox: Sandbox, credential: Secret, userAgent: string): PlatformClient {
  return createClient({
    baseUrl: 'http://localhost',
    credential,
    transport: overFetch(request => sandbox.handle(request)),
    userAgent,
    random: Math.random,
    sleep: () => Promise.resolve(),
    now: () => clock.now,
  })
}

/** The three keys of the platform's own page on API keys, made and used by hand. */
async function keysMadeByHand(sandbox: Sandbox, people: PlatformClient, now: Instant): Promise<void> {
  const bots = ['customer-support-bot', 'sales-assistant']
  for (const [name, age, scope, permissions, lastUse] of [
    ['My Development Key', 6 * day, bots, ['read_scenarios', 'upload_results', 'create_scenarios'], 2 * hour],
    ['CI/CD Pipeline', 11 * day, 'all', ['read_scenarios', 'upload_results'], hour / 12],
    ['Backup Key', 32 * day, ['customer-support-bot'], ['read_scenarios'], null],
  ] as const) {
    clock.now = now - age
    const expires =
      lastUse === null ? ({ kind: 'never' } as const) : ({ kind: 'period', length: 90 * day } as const)
    const key = { name, description: '', marker: null, environment: null, scope, permissions, expires }
    const { secret } = await people.create(key, `demo-${name}`)
    if (lastUse === null || secret === null) continue
    clock.now = now - lastUse
    await clientOf(sandbox, secret, 'fluxloop-cli/1.2.3').whoami()
  }
}

/** One apply of the past, of one key of the configuration. */
async function applyAt(at: Instant, keyId: string, client: PlatformClient, stores: Stores): Promise<void> {
  clock.now = at
  const all = await declared(at)
  const desired = { ...all, keys: all.keys.filter(key => key.keyId === keyId) }
  const gathered = await gather(desired, client)
  const options = {
    platform: 'sandbox:',
    host: hostHash(),
    places: await placesHere(desired.keys, new Map(), new Map(), hostHash()),
    held: new Map(),
    heldHere: new Map(),
    signed: new Set<string>(),
    signedNow: new Set<string>(),
    sign: false,
    localKeys: new Set([keyId]),
    formerStores: new Map(),
    keychain: null,
    locked: true,
    takeOver: false,
    maxRevoke: null,
    maxRotate: null,
    rotate: new Map(),
    revokeInUse: [],
    breakGlass: null,
    targets: everyKey,
    widening: 'as-declared',
  } as const
  const plan = computePlan(desired, gathered.current, gathered.now, options)
  const created = plan.changes.filter(({ kind }) => kind === 'create')
  const run: Run = {
    desired,
    options,
    caller: gathered.current.caller,
    known: new Set(gathered.current.keys.map(({ id }) => id)),
    platform: client,
    stores,
    signing: { sign: unsigned, isSigned: () => false },
    budget: client,
    clock: () => clock.now,
    nonce: () => Array.from({ length: 10 }, () => Math.floor(Math.random() * 36).toString(36)).join(''),
    parallelism: 1,
    stopping: new AbortController().signal,
    tell: () => undefined,
    pause: () => Promise.resolve(),
  }
  const { outcomes } = await executePlan({ ...plan, changes: created }, run)
  for (const outcome of outcomes) {
    if (outcome.status === 'failed')
      throw new Failure(outcome.code, outcome.message, { hints: outcome.hints })
  }
}

async function playHistory(): Promise<void> {
  const now = Date.now()
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(`${folder}/identity.txt`, `${await generateIdentity()}\n`, { mode: 0o600 })
  clock.now = now - 80 * day
  const sandbox = openSandbox({ database, now: () => clock.now })
  const stores = openStores()
  try {
    const administrator = await administratorKey(sandbox, `${database}.administrator`)
    const people = clientOf(sandbox, administrator, 'Mozilla/5.0 (web platform)')
    const program = clientOf(sandbox, administrator, `fluxloop-keys/${manifest.version}`)
    await applyAt(now - 75 * day, 'release-gate', program, stores)
    await keysMadeByHand(sandbox, people, now)
    await applyAt(now - 20 * day, 'analytics-export', program, stores)
    clock.now = now - 3 * day
    const drifting = (await people.list()).keys.find(
      ({ ownership }) => ownership.kind === 'managed' && ownership.marker.keyId === 'analytics-export',
    )
    if (drifting === undefined) throw new Failure('failed', 'The demo has no key to widen')
    const permissions = [...drifting.permissions, 'delete_scenarios', 'manage_projects']
    await people.update(drifting.id, { permissions }, { ifMatch: drifting.version })
    await writeFile(ready, '')
  } finally {
    await stores.close()
    sandbox.close()
  }
}

function run(...args: readonly string[]): void {
  console.log(`\n$ fluxloop-keys ${args.join(' ')}\n`)
  const { status, signal } = spawnSync(process.execPath, [program, ...args], { stdio: 'inherit' })
  if (status !== 0) process.exit(signal === null ? (status ?? 1) : 1)
}

async function remove(): Promise<void> {
  const stores = openStores()
  try {
    for (const { stores: declarations } of (await declared(Date.now())).keys) {
      for (const { spec } of declarations) await stores.open(spec).remove()
    }
  } finally {
    await stores.close()
  }
  await rm(folder, { recursive: true, force: true })
  console.log(`Removed the demo: its secrets, and ${folder}/ with its sandbox and its identity.`)
}

async function show(): Promise<void> {
  if (existsSync(ready)) {
    console.log(`The demo goes on from where it was: its sandbox is ${database}.`)
  } else {
    console.log(
      `A sandbox with a past is being made in ${folder}/: three keys made by hand, one that drifted, one past its max age.`,
    )
    await playHistory()
  }
  run('apply', '-c', configuration, ...connection, '--auto-approve')
  run('plan', '-c', configuration, ...connection)
  console.log(`
The secrets are in the stores named above; the sandbox and the identity of its encrypted fallback are in ${folder}/, which git ignores.

Try next:
  edit ${configuration}, then npm start again
  npx fluxloop-keys plan -c ${configuration} ${connection.join(' ')} --json
  npx fluxloop-keys validate -c ${configuration}
Remove the demo and its secrets:
  npm run demo:remove`)
}

try {
  await (process.argv.includes('--remove') ? remove() : show())
} catch (error) {
  console.error(error instanceof Failure ? [error.message, ...error.hints].join('\n') : error)
  process.exitCode = 1
}
