import { readFile } from 'node:fs/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { parse } from 'yaml'
import { openOperations, operations } from '../../src/sandbox/operations.ts'
import { permissionNames } from '../../src/sandbox/permissions.ts'
import { serveForTest } from '../support/sandbox.ts'

interface Document {
  readonly paths: Record<
    string,
    Record<string, { operationId?: string; description?: string; summary?: string }>
  >
  readonly components: { readonly schemas: Record<string, object> }
}

const file = new URL('../../schemas/platform.openapi.yaml', import.meta.url)
const document = parse(await readFile(file, 'utf8')) as Document
const methods = ['get', 'post', 'patch', 'delete']

t.test('the document is valid OpenAPI 3.1', async t => {
  const validator = new Validator()
  const result = await validator.validate(structuredClone(document) as unknown as Record<string, unknown>)
  t.ok(result.valid, JSON.stringify(result))
  t.equal(validator.version, '3.1')
})

t.test('the document and the table of operations name the same routes, under the same ids', async t => {
  const documented = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId ?? ''}`),
  )
  const served = [...operations, ...openOperations].map(({ id, method, path }) => `${method} ${path} ${id}`)
  t.same(documented.sort(), served.sort())
  t.equal(new Set(operations.map(({ name }) => name)).size, operations.length, 'usage can tell them apart')
})

t.test('every operation and every property has a description, or refers to what has one', async t => {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods.filter(method => method in item)) {
      t.ok(item[method]?.description && item[method].summary, `${method} ${path}`)
    }
  }
  const visit = (value: unknown, where: string): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, child] of Object.entries(value)) {
      if (name === 'properties') {
        for (const [property, schema] of Object.entries(child as Record<string, object>)) {
          if (!('description' in schema) && !('$ref' in schema)) t.fail(`${where}.${property}`)
        }
      }
      visit(child, `${where}.${name}`)
    }
  }
  visit(document, 'document')
})

t.test('what the sandbox answers is what the document says', async t => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'doc:api', components: document.components })
  const conforms = (name: string, value: unknown): void => {
    const valid = ajv.validate({ $ref: `doc:api#/components/schemas/${name}` }, value)
    t.ok(valid, `${name} ${ajv.errorsText()}`)
  }
  const served = await serveForTest(t)
  const created = await served.call('POST', '/api/api-keys', {
    body: { name: 'a', permissions: permissionNames },
  })
  const path = `/api/api-keys/${String(created.json.api_key?.['id'])}`
  conforms('Issued', created.json)
  await served.call('POST', '/api/sync/pull', {
    secret: String(created.json['key']),
    body: { project_id: 'sales-assistant' },
  })
  conforms('Key', (await served.call('GET', path)).json)
  conforms('KeyList', (await served.call('GET', '/api/api-keys?limit=1')).json)
  conforms('Usage', (await served.call('GET', `${path}/usage`)).json)
  conforms('Whoami', (await served.call('GET', '/api/auth/whoami')).json)
  conforms('Error', (await served.call('POST', '/api/api-keys', { body: {} })).json)
  conforms('Error', (await served.call('GET', '/api/auth/whoami', { secret: 'x' })).json)
  t.throws(() => {
    if (!ajv.validate({ $ref: 'doc:api#/components/schemas/Key' }, { id: 1 })) throw new Error('invalid')
  }, 'the schema refuses what is not a key')
})
