import { openWire } from '../faults/support/wire.ts'

/** What carries out requests: the sandbox, a variant of it, or a variant of that. */
export type Handle = (request: Request) => Promise<Response>

/** One way in which a platform may differ from `schemas/platform.openapi.yaml`: a row of a table of variants. */
export interface Variant {
  /** What tests call it: `whoami`, `detail as an object`. */
  readonly name: string
  /** Answers a request, by passing it on to `platform`, changed or not, and changing the answer; or by itself. */
  readonly answer: (request: Request, platform: Handle) => Promise<Response>
}

/** The platform with all these differences at once; the last one is nearest to the client. */
export function variantPlatform(platform: Handle, variants: readonly Variant[]): Handle {
  return variants.reduce<Handle>(
    (behind, variant) => request => variant.answer(request, behind),
    request => platform(request),
  )
}

/** The same over HTTP, for the built program. */
export async function serveVariants(
  t: { teardown(work: () => Promise<void>): void },
  platform: Handle,
  variants: readonly Variant[],
): Promise<{ readonly url: string; readonly requests: readonly string[] }> {
  const wire = await openWire(variantPlatform(platform, variants))
  t.teardown(() => wire.close())
  return wire
}

export type Json = Readonly<Record<string, unknown>>

export function pathOf({ url }: Request): string {
  return new URL(url).pathname
}

/** Is it this call? `path` takes `:id` for the id of a key. */
export function isCall(request: Request, method: string, path: string): boolean {
  const pattern = new RegExp(`^${path.replace(':id', '[^/]+')}$`)
  return request.method === method && pattern.test(pathOf(request))
}

/** The answer of a framework to a path that it does not know, or to a method that the path does not have. */
export function noSuchCall(status: 404 | 405 = 404): Response {
  return Response.json({ detail: status === 404 ? 'Not Found' : 'Method Not Allowed' }, { status })
}

/** The same request with other headers and another body; `null` leaves a header or a field out. */
export async function changedRequest(
  request: Request,
  changes: {
    readonly headers?: Readonly<Record<string, string | null>>
    readonly body?: (body: Json) => Json
    readonly query?: Readonly<Record<string, string | null>>
  },
): Promise<Request> {
  const url = new URL(request.url)
  for (const [name, value] of Object.entries(changes.query ?? {})) {
    if (value === null) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  const headers = new Headers(request.headers)
  for (const [name, value] of Object.entries(changes.headers ?? {})) {
    if (value === null) headers.delete(name)
    else headers.set(name, value)
  }
  headers.delete('content-length')
  const text = await request.clone().text()
  const changed = text === '' || changes.body === undefined ? text : JSON.stringify(changes.body(parse(text)))
  return new Request(url, { method: request.method, headers, body: changed === '' ? null : changed })
}

function parse(text: string): Json {
  return JSON.parse(text) as Json
}

/** The same answer with another body, where it is JSON and no error. */
export async function changedAnswer(answer: Response, change: (body: Json) => unknown): Promise<Response> {
  const text = await answer.clone().text()
  if (!answer.ok || text === '') return answer
  const headers = new Headers(answer.headers)
  headers.delete('content-length')
  return new Response(JSON.stringify(change(parse(text))), { status: answer.status, headers })
}

/** The same answer with every key in it changed, wherever it stands. */
export async function changedKeys(answer: Response, change: (key: Json) => Json): Promise<Response> {
  const changeAny = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(changeAny)
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value).map(([name, each]) => [name, changeAny(each)] as const)
    const record: Json = Object.fromEntries(entries)
    return 'masked_key' in record ? change(record) : record
  }
  return await changedAnswer(answer, changeAny)
}

/** A record without some of its fields. */
export function without(record: Json, ...names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)))
}
