// Creates keys on the platform that the environment names, and tells how long that took without the start. `apply`: by a plan, with stores in
// memory. `alone`: the same requests, and nothing else. Usage: create-keys.ts apply|alone COUNT CONFIGURATION
import pLimit from 'p-limit'
import { gather } from '../src/apply/gather.ts'
import { executePlan } from '../src/apply/execute-plan.ts'
import { loadConfiguration } from '../src/config/load.ts'
import { Secret } from '../src/model/secret.ts'
import { computePlan } from '../src/plan/compute-plan.ts'
import { waveSize } from '../src/plan/requests.ts'
import { createClient } from '../src/platform/client.ts'
import { networkTransport } from '../src/platform/network-transport.ts'
import { nonce } from '../src/runtime/nonce.ts'
import { options } from '../test/support/build.ts'
import { memoryStores } from '../test/support/memory-stores.ts'

const [mode, count = '0', configuration = ''] = process.argv.slice(2)
const { FLUXLOOP_API_URL: url = '', FLUXLOOP_API_KEY: apiKey = '' } = process.env
const parallelism = 10
const network = networkTransport(url)
const { transport } = network

async function byPlan(): Promise<void> {
  const client = createClient({
    baseUrl: url,
    transport,
    credential: new Secret(apiKey),
    userAgent: 'bench',
    now: Date.now,
    random: Math.random,
    sleep: () => Promise.resolve(),
  })
  const loaded = await loadConfiguration({ paths: [configuration], cwd: process.cwd(), now: Date.now() })
  if (!loaded.ok) throw new Error('The configuration is wrong')
  const { desired } = loaded
  const { current, now } = await gather(desired, client)
  const chosen = options({ platform: url })
  const plan = computePlan(desired, current, now, chosen)
  await timed(async () => {
    const { outcomes } = await executePlan(plan, {
      desired,
      options: chosen,
      caller: current.caller,
      known: new Set(current.keys.map(({ id }) => id)),
      platform: client,
      stores: memoryStores(),
      signing: { sign: marker => marker, isSigned: () => true },
      budget: client,
      clock: Date.now,
      nonce,
      parallelism,
      stopping: new AbortController().signal,
      tell: () => undefined,
      pause: () => Promise.resolve(),
    })
    if (outcomes.some(({ status }) => status !== 'done')) throw new Error('Not every key was created')
  })
}

async function send(method: string, path: string, body: object | null, as = apiKey): Promise<never> {
  const answer = await transport({
    method,
    url: url + path,
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
    body: body === null ? null : JSON.stringify(body),
    signal: new AbortController().signal,
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${text}`)
  return JSON.parse(text) as never
}

/** For each key a create, a look with its secret, and an update; for each wave a list. */
async function byRequests(): Promise<void> {
  const limit = pLimit(parallelism)
  const one = async (index: number) => {
    const key = {
      name: `S${index}`,
      description: '',
      scope: '*',
      permissions: ['read_results'],
      expires_in: 7_776_000,
    }
    const { api_key: made, key: secret } = (await send('POST', '/api/api-keys', key)) as {
      api_key: { id: string }
      key: string
    }
    await send('GET', '/api/auth/whoami', null, secret)
    await send('PATCH', `/api/api-keys/${made.id}`, { description: 'x'.repeat(100) })
  }
  await timed(async () => {
    for (let from = 0; from < Number(count); from += waveSize) {
      const wave = Array.from(
        { length: Math.min(waveSize, Number(count) - from) },
        (_, index) => from + index,
      )
      await Promise.all(wave.map(index => limit(() => one(index))))
      await send('GET', '/api/api-keys?limit=1000', null)
    }
  })
}

async function timed(work: () => Promise<void>): Promise<void> {
  const start = process.hrtime.bigint()
  await work()
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6
  Object.assign(globalThis, { ownMilliseconds: milliseconds })
}

await (mode === 'apply' ? byPlan() : byRequests())
network.close()
