import type { Test } from 'tap'
import { Secret } from '../../src/model/secret.ts'
import { createClient } from '../../src/platform/client.ts'
import type { ClientOptions, PlatformClient } from '../../src/platform/types.ts'
import type { WireKey } from '../../src/platform/wire.ts'
import { overFetch } from '../../src/platform/transport.ts'

/** What a scripted platform answers to one request, in order; an error is what fetch rejects with. */
export type Step =
  | Error
  | {
      readonly status?: number
      readonly json?: unknown
      readonly text?: string
      readonly headers?: Readonly<Record<string, string>>
    }

export interface Seen {
  /** `POST /api/api-keys?limit=1000` */
  readonly call: string
  readonly headers: Headers
  readonly body: string
}

export interface Scripted {
  readonly client: PlatformClient
  readonly seen: readonly Seen[]
  /** What the client slept, in milliseconds. */
  readonly waits: readonly number[]
}

/** The credential of every scripted client: it may appear in an Authorization header and nowhere else. */
export const sentinel = 'flux_ci_SENTINELsentinel0123456789xyzzy'

/** The clock of every scripted client: 2026-03-01 12:00 UTC. */
export const clock = Date.UTC(2026, 2, 1, 12)

function respond(step: Exclude<Step, Error>): Response {
  const { status = 200, json, text, headers = {} } = step
  const isJson = text === undefined
  const body = status === 204 ? null : isJson ? JSON.stringify(json) : text
  return new Response(body, {
    status,
    headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
  })
}

/** A client whose platform answers by script. An answer nobody asked for, or a request nobody expected, fails the test. */
export function scriptedPlatform(
  t: Test,
  steps: readonly Step[],
  options: Partial<ClientOptions> = {},
): Scripted {
  const seen: Seen[] = []
  const waits: number[] = []
  const fetch = async (request: Request) => {
    const url = new URL(request.url)
    const call = `${request.method} ${url.pathname}${url.search}`
    const step = steps[seen.length]
    seen.push({ call, headers: request.headers, body: await request.text() })
    if (step === undefined) {
      t.fail(`no answer is scripted for ${call}`)
      return new Response(null, { status: 400 })
    }
    if (step instanceof Error) throw step
    return respond(step)
  }
  const client = createClient({
    baseUrl: 'https://api.example.test',
    credential: new Secret(sentinel),
    userAgent: 'fluxloop-keys/test',
    transport: overFetch(fetch),
    random: () => 0.5,
    sleep: async milliseconds => {
      waits.push(milliseconds)
    },
    now: () => clock,
    ...options,
  })
  t.teardown(() => {
    if (seen.length < steps.length)
      t.fail(`${steps.length - seen.length} scripted answers were not asked for`)
  })
  return { client, seen, waits }
}

/** A key as the platform sends it, complete. */
export function wireKey(changes: Partial<WireKey> = {}): WireKey {
  return {
    id: 'key_abc123',
    name: 'CI/CD Pipeline',
    description: 'Nightly simulations',
    masked_key: 'flux_ci_****...mno34',
    environment: 'ci',
    scope: ['sales-assistant', 'customer-support-bot'],
    permissions: ['upload_results', 'read_scenarios'],
    created_at: '2026-01-15T10:00:00Z',
    regenerated_at: null,
    expires_at: '2026-04-15T10:00:00Z',
    last_used_at: '2026-02-28T09:30:00.123456Z',
    last_used: { ip: '192.0.2.7', location: null, user_agent: 'fluxloop-cli/1.2.3' },
    status: 'active',
    version: 3,
    ...changes,
  }
}
