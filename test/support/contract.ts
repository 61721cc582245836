import { readFile } from 'node:fs/promises'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { parse } from 'yaml'

type Schema = Readonly<Record<string, unknown>>

interface Parameter {
  readonly name: string
  readonly in: 'query' | 'header' | 'path'
  readonly required?: boolean
  readonly schema: Schema
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Content & { readonly required?: boolean }
  readonly responses: Readonly<
    Record<string, Content & { readonly headers?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >
  readonly security?: readonly unknown[]
}

type PathItem = Readonly<Partial<Record<'get' | 'post' | 'patch' | 'delete', Operation>>> & {
  readonly parameters?: readonly Parameter[]
}

interface Description {
  readonly paths: Readonly<Record<string, PathItem>>
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const file = new URL('../../schemas/platform.openapi.yaml', import.meta.url)

/** Follows the references of everything but schemas, which the validator follows by itself. */
function resolved(value: unknown, root: Description): unknown {
  if (Array.isArray(value)) return value.map(each => resolved(each, root))
  if (typeof value !== 'object' || value === null) return value
  const { $ref } = value as { readonly $ref?: unknown }
  if (typeof $ref === 'string') {
    const [, , kind = '', name = ''] = $ref.split('/')
    return kind === 'schemas' ? { $ref: `api:${$ref}` } : resolved(root.components[kind]?.[name], root)
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolved(each, root)]))
}

/** What `schemas/platform.openapi.yaml` says of requests and answers. */
export interface Contract {
  /** What is wrong with a request that a client sends; empty where nothing is. */
  request(request: Request): Promise<readonly string[]>
  /** The same for an answer to it. */
  response(request: Request, response: Response): Promise<readonly string[]>
  /** The `operationId` of a request; null where it is of none. */
  operation(request: Request): string | null
}

export async function openContract(): Promise<Contract> {
  const raw = parse(await readFile(file, 'utf8')) as Description
  const document = {
    ...(resolved({ paths: raw.paths }, raw) as Pick<Description, 'paths'>),
    components: raw.components,
  }
  const ajv = new Ajv2020({
    strict: false,
    formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/ },
  })
  ajv.addSchema({ $id: 'api:', components: resolved({ schemas: raw.components['schemas'] }, raw) })
  const compiled = new Map<Schema, ValidateFunction>()
  const check = (schema: Schema, value: unknown, what: string): readonly string[] => {
    const validate = compiled.get(schema) ?? ajv.compile(schema)
    compiled.set(schema, validate)
    return validate(value) ? [] : [`${what}: ${ajv.errorsText(validate.errors)}`]
  }

  const routes = Object.entries(document.paths).flatMap(([path, item]) =>
    (['get', 'post', 'patch', 'delete'] as const).flatMap(method => {
      const operation = item[method]
      if (operation === undefined) return []
      const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])]
      return [{ method: method.toUpperCase(), pattern, operation, parameters }]
    }),
  )
  const find = (request: Request) =>
    routes.find(
      ({ method, pattern }) => method === request.method && pattern.test(new URL(request.url).pathname),
    ) ?? null

  /** A parameter is text; its schema may want a number. */
  const typed = ({ schema }: Parameter, text: string) =>
    schema['type'] === 'integer' && /^-?\d+$/.test(text) ? Number(text) : text

  return {
    operation: request => find(request)?.operation.operationId ?? null,
    async request(request) {
      const route = find(request)
      const { pathname, searchParams } = new URL(request.url)
      const name = `${request.method} ${pathname}`
      if (route === null) return [`${name}: no such call`]
      const { operation, parameters } = route
      const known = parameters.filter(each => each.in === 'query').map(each => each.name)
      const problems = [...searchParams.keys()]
        .filter(each => !known.includes(each))
        .map(each => `${name}: ${each} is unknown`)
      for (const parameter of parameters) {
        const value =
          parameter.in === 'query'
            ? searchParams.get(parameter.name)
            : parameter.in === 'header'
              ? request.headers.get(parameter.name)
              : null
        if (value !== null)
          problems.push(...check(parameter.schema, typed(parameter, value), `${name}: ${parameter.name}`))
      }
      if (request.headers.has('if-match') && !parameters.some(each => each.name === 'If-Match'))
        problems.push(`${name}: If-Match is unknown`)
      const isOpen = operation.security?.length === 0
      if (isOpen === /^Bearer \S+$/.test(request.headers.get('authorization') ?? ''))
        problems.push(`${name}: ${isOpen ? 'a credential where none is asked for' : 'no credential'}`)
      const text = await request.clone().text()
      const schema = operation.requestBody?.content?.['application/json']?.schema
      if (schema === undefined)
        return text === '' ? problems : [...problems, `${name}: a body that nobody asked for`]
      if (text === '') return [...problems, `${name}: no body`]
      let body: unknown
      try {
        body = JSON.parse(text)
      } catch {
        return [...problems, `${name}: no JSON`]
      }
      return [...problems, ...check(schema, body, name)]
    },
    async response(request, response) {
      const route = find(request)
      const name = `${request.method} ${new URL(request.url).pathname} ${response.status}`
      if (route === null) return []
      const described = route.operation.responses[String(response.status)]
      if (described === undefined) return [`${name}: this status is not described`]
      const problems = response.headers.has('date') ? [] : [`${name}: no Date`]
      for (const [header, { schema }] of Object.entries(described.headers ?? {})) {
        const value = response.headers.get(header)
        if (value !== null)
          problems.push(
            ...check(schema, schema['type'] === 'integer' ? Number(value) : value, `${name}: ${header}`),
          )
      }
      const undescribed = ['etag', 'retry-after', 'allow', 'www-authenticate', 'idempotent-replayed'].filter(
        header =>
          response.headers.has(header) &&
          !Object.keys(described.headers ?? {}).some(each => each.toLowerCase() === header),
      )
      problems.push(...undescribed.map(header => `${name}: ${header} is not described`))
      const text = await response.clone().text()
      const schema = described.content?.['application/json']?.schema
      if (schema === undefined)
        return text === '' ? problems : [...problems, `${name}: a body that is not described`]
      const type = response.headers.get('content-type')
      if (type !== 'application/json') problems.push(`${name}: ${type}`)
      return [...problems, ...check(schema, JSON.parse(text), name)]
    },
  }
}

/** What passed a validating proxy. */
export interface Validated {
  /** Stands between a client and a platform, and changes nothing. */
  readonly fetch: (request: Request) => Promise<Response>
  readonly violations: string[]
  /** The operations that were called. */
  readonly seen: Set<string>
}

export function validating(contract: Contract, platform: (request: Request) => Promise<Response>): Validated {
  const violations: string[] = []
  const seen = new Set<string>()
  return {
    violations,
    seen,
    fetch: async request => {
      const copy = request.clone()
      const problems = await contract.request(copy)
      const response = await platform(request)
      seen.add(`${contract.operation(copy) ?? 'none'} ${response.status}`)
      violations.push(
        ...problems.map(problem => `request: ${problem}`),
        ...(await contract.response(copy, response)).map(problem => `answer: ${problem}`),
      )
      return response
    },
  }
}
