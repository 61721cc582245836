import type { Secret } from '../../src/model/secret.ts'
import { type Sandbox, openSandbox } from '../../src/sandbox/sandbox.ts'
import { serveSandbox } from '../../src/sandbox/serve.ts'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The JSON of the body; fields that a test names wrongly are undefined. */
  readonly json: Json
}
export interface Json {
  readonly [name: string]: unknown
  readonly api_key?: Json
  readonly api_keys?: readonly Json[]
}

export interface Asked {
  readonly secret?: string
  /** JSON, or a text to send as it is. */
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** A sandbox behind real HTTP, with a clock that tests move, and its administrator as the caller. */
export interface Served {
  readonly sandbox: Sandbox
  readonly url: string
  readonly administrator: Secret
  /** Every secret that came out of it. */
  readonly issued: string[]
  now: number
  call(method: string, path: string, asked?: Asked): Promise<Reply>
  /** Creates a key; fails the test where it cannot. */
  key(
    fields: Record<string, unknown>,
  ): Promise<{ readonly id: string; readonly secret: string; readonly key: Json }>
}

export async function serveForTest(
  t: { teardown(work: () => Promise<void>): void },
  database = ':memory:',
): Promise<Served> {
  const served = { now: Date.parse('2026-03-01T12:00:00Z') }
  const sandbox = openSandbox({ database, now: () => served.now })
  const server = await serveSandbox(sandbox, { port: 0 })
  const administrator = sandbox.issueAdministrator()
  const issued = [administrator.reveal()]
  t.teardown(async () => {
    await server.close()
    sandbox.close()
  })

  async function call(method: string, path: string, asked: Asked = {}): Promise<Reply> {
    const { body } = asked
    const response = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${asked.secret ?? administrator.reveal()}`, ...asked.headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const json = (text === '' ? {} : JSON.parse(text)) as Json
    if (typeof json['key'] === 'string') issued.push(json['key'])
    return { status: response.status, headers: response.headers, text, json }
  }

  async function key(
    fields: Record<string, unknown>,
  ): Promise<{ readonly id: string; readonly secret: string; readonly key: Json }> {
    const { status, json, text } = await call('POST', '/api/api-keys', { body: fields })
    if (status !== 201) throw new Error(`no key: ${status} ${text}`)
    return { id: String(json.api_key?.['id']), secret: String(json['key']), key: json.api_key ?? {} }
  }

  return Object.assign(served, { sandbox, url: server.url, administrator, issued, call, key })
}
