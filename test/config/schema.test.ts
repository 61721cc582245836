import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'

import { environments } from '../../src/model/environment.ts'
import { builtInRules } from '../../src/model/audit-rule.ts'
import { allPermissions, permissionDescriptions } from '../../src/model/permission.ts'
import { load } from './support.ts'
import { whole } from '../support/whole.ts'

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly then?: Schema
  readonly else?: Schema
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly examples?: readonly unknown[]
  readonly defaultSnippets?: readonly { readonly body: unknown; readonly description: string }[]
  readonly $defs?: Readonly<Record<string, Schema>>
}

const file = new URL('../../schemas/fluxloop-keys.schema.json', import.meta.url)
const schema = JSON.parse(await readFile(file, 'utf8')) as Schema

function resolveRef(one: Schema): Schema {
  const name = one.$ref?.replace('#/$defs/', '')
  return name === undefined ? one : (schema.$defs?.[name] ?? {})
}

/** Every schema in the file with its way there. */
function* walk(one: Schema, way: string): Generator<readonly [string, Schema]> {
  yield [way, one]
  for (const [name, child] of Object.entries(one.properties ?? {})) yield* walk(child, `${way}.${name}`)
  for (const [name, child] of Object.entries(one.$defs ?? {})) yield* walk(child, `${way}#${name}`)
  for (const child of [one.additionalProperties, one.items, one.then, one.else]) {
    if (typeof child === 'object') yield* walk(child, way)
  }
}

/** Every property that a file can have, as a path with examples of names for maps, and its schema. */
function* places(
  one: Schema,
  path: readonly (string | number)[],
): Generator<readonly [readonly (string | number)[], Schema]> {
  const own = resolveRef(one)
  if (path.length > 0) yield [path, own]
  for (const branch of [own, own.then, own.else].flatMap(branch =>
    branch === undefined ? [] : [resolveRef(branch)],
  )) {
    for (const [name, child] of Object.entries(branch.properties ?? {})) yield* places(child, [...path, name])
    if (typeof branch.additionalProperties === 'object')
      yield* places(branch.additionalProperties, [...path, 'ci'])
    if (branch.items !== undefined) yield* places(branch.items, [...path, 0])
    if (branch === own) continue
    const inner = branch.else === undefined ? undefined : resolveRef(branch.else)
    for (const [name, child] of Object.entries(inner?.properties ?? {})) yield* places(child, [...path, name])
  }
}

t.test('describes every property', t => {
  for (const [way, one] of walk(schema, '')) {
    for (const [name, property] of Object.entries(one.properties ?? {})) {
      t.ok((property.description ?? '').length > 10, `${way}.${name}`)
    }
  }
  t.end()
})

t.test('is closed everywhere: no map takes names that it does not know', t => {
  for (const [way, one] of walk(schema, '')) {
    if (one.properties !== undefined) t.equal(one.additionalProperties, false, way)
  }
  t.end()
})

t.test('knows the platform’s permissions and environments, no more and no less', t => {
  t.same(schema.$defs?.['permission']?.enum, [...allPermissions, '*'])
  t.same(schema.$defs?.['builtInRule']?.enum, builtInRules)
  // What editors put in is YAML.
  const offered = schema.$defs?.['grantedPermission']?.defaultSnippets?.map(({ body, description }) => [
    body,
    description,
  ])
  t.same(offered, [
    ...Object.entries(permissionDescriptions).map(([name, words]) => [name, `${words}.`]),
    ['"*"', 'All permissions.'],
    ['role:${1:NAME}', 'A role of this configuration.'],
  ])
  t.same(schema.$defs?.['environment']?.enum, environments)
  t.end()
})

t.test('has no address: none is ours', async t => {
  for (const name of readdirSync(new URL('.', file))) {
    if (!name.endsWith('.schema.json')) continue
    t.notOk('$id' in (JSON.parse(await readFile(new URL(name, file), 'utf8')) as object), name)
  }
})

t.test('gives examples that it accepts itself', t => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, keywords: ['defaultSnippets'] })
  ajv.addSchema(schema, 'configuration')
  for (const [name, one] of Object.entries(schema.$defs ?? {})) {
    for (const example of one.examples ?? []) {
      t.ok(ajv.validate(`configuration#/$defs/${name}`, example), `${name}: ${JSON.stringify(example)}`)
    }
  }
  t.end()
})

/** Puts `value` at `path` of an otherwise plausible file; siblings that a map requires do not matter here. */
function fileWith(path: readonly (string | number)[], value: unknown): string {
  const built = path.reduceRight<unknown>((inner, step) => (step === 0 ? [inner] : { [step]: inner }), value)
  return JSON.stringify(built, null, 1)
}

const samples: readonly (readonly [string, unknown])[] = [
  ['string', '\u0007'],
  ['number', 1.5],
  ['boolean', true],
  ['array', [[]]],
  ['object', { zzz: 1 }],
  ['null', null],
]

t.test('refuses every wrong type at every property, and says where', async t => {
  const seen = new Set<string>()
  let tried = 0
  const unnoticed: string[] = []
  for (const [path, own] of places(schema, [])) {
    if (seen.has(path.join('.'))) continue
    seen.add(path.join('.'))
    const types = [own.type].flat()
    const wrong = samples.filter(([type]) => !types.includes(type))
    // One of them at each property, another one at the next.
    for (const [type, value] of whole ? wrong : wrong.slice(seen.size % wrong.length).slice(0, 1)) {
      const loaded = await load({ 'a.yaml': fileWith(path, value) })
      const wanted = path
        .map(step => (step === 0 ? '[0]' : `.${step}`))
        .join('')
        .slice(1)
      const found = loaded.ok ? [] : loaded.diagnostics.filter(one => one.code === 'wrong-type')
      const lines = fileWith(path, value).split('\n').length
      tried += 1
      const isSaid = found.some(
        one => one.message.startsWith(`\`${wanted}\` is `) && one.line > 1 && one.line <= lines,
      )
      if (!isSaid) unnoticed.push(`${type} at ${wanted}: ${JSON.stringify(loaded)}`)
    }
  }
  t.strictSame(unnoticed, [], `all of ${tried}`)
  t.ok(seen.size > 60, `${seen.size} properties`)
})
