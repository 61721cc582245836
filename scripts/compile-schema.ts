// Compiles the configuration's schema ahead of time: compiling it at run time would cost each start 65 ms. Twice: what only says whether a
// file is as it should be is a third as large as what says what is wrong with it, and that is loaded for those alone that are not.
import { mkdir, readFile, writeFile } from 'node:fs/promises'

import { Ajv2020, type Options } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { bounded, typesOfValidate, withImports } from './schema-code.ts'

const schemaFile = new URL('../schemas/fluxloop-keys.schema.json', import.meta.url)
const folder = new URL('../src/config/generated/', import.meta.url)

const schema = JSON.parse(await readFile(schemaFile, 'utf8')) as object
typeUniqueItems(schema)
const common = { strict: true, allowUnionTypes: true, code: { source: true, esm: true, optimize: 2 } }

function compiled(name: string, source: object, options: Options): string {
  const ajv = new Ajv2020({ ...common, ...options })
  // For editors: what they offer where they complete.
  ajv.addVocabulary(['defaultSnippets'])
  ajv.addSchema(source, 'configuration')
  return standalone.default(ajv, { [name]: 'configuration' })
}

/** The words for people, which decide nothing. */
const annotations = new Set([
  'title',
  'description',
  'examples',
  'default',
  'defaultSnippets',
  'deprecated',
  '$comment',
])

/** `names`: in a map of properties or definitions each name is somebody's own. */
function withoutAnnotations(part: unknown, names = false): unknown {
  if (Array.isArray(part)) return part.map(each => withoutAnnotations(each))
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(
    Object.entries(part)
      .filter(([name]) => names || !annotations.has(name))
      .map(([name, value]) => {
        if (!names && (name === 'enum' || name === 'const')) return [name, value]
        const isMap =
          !names && ['properties', 'patternProperties', '$defs', 'dependentSchemas'].includes(name)
        return [name, withoutAnnotations(value, isMap)]
      }),
  )
}

const accepting = withoutErrors(
  compiled('accepts', withoutAnnotations(schema) as object, { messages: false }),
)
// Errors carry the schema that they broke, whose title, description and examples make the message.
const explaining = bounded(
  withoutSchema(
    withoutUnread(compiled('validate', schema, { allErrors: true, verbose: true, messages: false })),
  ),
)

await mkdir(folder, { recursive: true })
await writeFile(new URL('accepts.js', folder), withImports(accepting))
await writeFile(
  new URL('accepts.d.ts', folder),
  `/** Is it as the schema says? */\nexport declare const accepts: (data: unknown) => boolean\n`,
)
await writeFile(new URL('validate.js', folder), withImports(explaining))
await writeFile(new URL('validate.d.ts', folder), typesOfValidate)

// What `init` writes for a CI is in files that people can read, and in the program as text.
const hosts = { github: 'fluxloop-keys.github.yml', gitlab: 'fluxloop-keys.gitlab-ci.yml' }
const texts = await Promise.all(
  Object.entries(hosts).map(async ([host, name]) => {
    const text = await readFile(new URL(`../templates/${name}`, import.meta.url), 'utf8')
    return [host, text] as const
  }),
)
await writeFile(
  new URL('ci-templates.js', folder),
  `export const ciTemplates = ${JSON.stringify(Object.fromEntries(texts))}\n`,
)
await writeFile(
  new URL('ci-templates.d.ts', folder),
  `export declare const ciTemplates: Readonly<Record<'github' | 'gitlab', string>>\n`,
)

/** Of items whose type it does not see, because a reference says it, ajv compares each with each: 400,000 of them would take an hour. */
function typeUniqueItems(part: unknown): void {
  if (typeof part !== 'object' || part === null) return
  for (const inner of Object.values(part)) typeUniqueItems(inner)
  const list = part as { uniqueItems?: unknown; items?: { $ref?: string; type?: unknown } }
  const { uniqueItems, items } = list
  if (uniqueItems !== true || items === undefined) return
  const type = items.$ref === undefined ? items.type : definition(items.$ref).type
  // Texts and maps in one list: whoever resolves it looks for repeats.
  if (Array.isArray(type)) delete list.uniqueItems
  if (Array.isArray(type) || items.$ref === undefined) return
  if (type !== 'string') throw new Error(`${items.$ref}: unique items have to be texts.`)
  items.type = type
}

function definition(reference: string): { readonly type?: unknown } {
  const [, name = ''] = reference.split('#/$defs/')
  return (schema as { $defs?: Record<string, { type?: unknown }> }).$defs?.[name] ?? {}
}

/** Whoever only asks whether something is as it should be needs none of the objects that say what is wrong. */
function withoutErrors(code: string): string {
  const text = '"(?:[^"\\\\]|\\\\.)*"'
  const inner = `(?:[^{}"]|${text})*`
  const error = new RegExp(`\\{instancePath(?=[,:])(?:[^{}"]|${text}|\\{${inner}\\})*\\}`, 'g')
  if (!error.test(code)) throw new Error('ajv writes its errors in another way than is known here.')
  return `const failed = {};\n${code.replaceAll(error, 'failed')}`
}

/** Nobody reads by which path of the schema an error came, nor the broken part by itself: what holds it is there as well. */
function withoutUnread(code: string): string {
  const paths = /schemaPath:"(?:[^"\\]|\\.)*",/g
  const parts = /schema:[^,{}]+,(?=parentSchema:)/g
  if (!paths.test(code) || !parts.test(code))
    throw new Error('ajv writes its errors in another way than is known here.')
  return code.replaceAll(paths, '').replaceAll(parts, '')
}

/** ajv writes the whole schema, and each of its definitions once more; the program has it already, for help and editors. */
function withoutSchema(code: string): string {
  const { $defs } = schema as { readonly $defs: Readonly<Record<string, object>> }
  const parts = Object.entries($defs).map(([name, part]) => [`configuration.$defs.${name}`, part] as const)
  let short = code
  for (const [place, part] of [['configuration', schema] as const, ...parts])
    short = short.replace(` = ${JSON.stringify(part)};`, () => ` = ${place};`)
  if (!short.includes(' = configuration;') || !short.includes(' = configuration.$defs.'))
    throw new Error('ajv writes schemas in another way than is known here.')
  return `import configuration from '../../../schemas/fluxloop-keys.schema.json' with { type: 'json' };\n${short}`
}
