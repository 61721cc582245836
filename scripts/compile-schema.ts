// Compiles the configuration's schema ahead of time: compiling it at run time would cost each start 65 ms.
import { mkdir, readFile, writeFile } from 'node:fs/promises'

import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'

const schemaFile = new URL('../schemas/fluxloop-keys.schema.json', import.meta.url)
const folder = new URL('../src/config/generated/', import.meta.url)

const schema = JSON.parse(await readFile(schemaFile, 'utf8')) as { $id: string }
typeUniqueItems(schema)
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  // Errors then carry the schema that they broke, whose title, description and examples make the message.
  verbose: true,
  code: { source: true, esm: true, optimize: 2 },
})
ajv.addSchema(schema)
const compiled = bounded(standalone.default(ajv, { validate: schema.$id }))

await mkdir(folder, { recursive: true })
await writeFile(new URL('validate.js', folder), withImports(compiled))
await writeFile(
  new URL('validate.d.ts', folder),
  `import type { ErrorObject } from 'ajv'\n\nexport declare const validate: ((data: unknown) => boolean) & { errors?: (ErrorObject | undefined)[] | null }\n\n/** How many errors were not kept. */\nexport declare const skipped: { count: number }\n`,
)

/** Of items whose type it does not see, because a reference says it, ajv compares each with each: 400,000 of them would take an hour. */
function typeUniqueItems(part: unknown): void {
  if (typeof part !== 'object' || part === null) return
  for (const inner of Object.values(part)) typeUniqueItems(inner)
  const list = part as { uniqueItems?: unknown; items?: { $ref?: string; type?: unknown } }
  const { uniqueItems, items } = list
  // Texts and maps in one list: whoever resolves it looks for repeats.
  if (uniqueItems === true && Array.isArray(items?.type)) delete list.uniqueItems
  if (uniqueItems !== true || items?.$ref === undefined) return
  const { type } = definition(items.$ref)
  if (type !== 'string') throw new Error(`${items.$ref}: unique items have to be texts.`)
  items.type = type
}

function definition(reference: string): { readonly type?: unknown } {
  const [, name = ''] = reference.split('#/$defs/')
  return (schema as { $defs?: Record<string, { type?: unknown }> }).$defs?.[name] ?? {}
}

/**
 * ajv collects every error, and copies them all from part to part: a file of a million wrong properties would take gigabytes. Of those
 * beyond the first few it only counts how many there are.
 */
function bounded(code: string): string {
  const most = 2_000
  const pushes = /vErrors\.push\((err\d+)\)/g
  const joins = /vErrors\.concat\((validate\d+\.errors)\)/g
  if (!pushes.test(code) || !joins.test(code))
    throw new Error('ajv collects its errors in another way than is known here.')
  const body = code
    .replaceAll(
      pushes,
      (_, error: string) => `(vErrors.length < ${most} ? vErrors.push(${error}) : skipped.count++)`,
    )
    .replaceAll(
      joins,
      (_, errors: string) =>
        `(vErrors.length < ${most} ? vErrors.concat(${errors}) : (skipped.count += ${errors}.length, vErrors))`,
    )
  return `${body}\nexport const skipped = { count: 0 };\n`
}

/** ajv writes its helpers as calls of \`require\`, which a module does not have. */
function withImports(code: string): string {
  const imports: string[] = []
  const body = code.replaceAll(/require\("(ajv\/dist\/runtime\/[a-z0-9]+)"\)/g, (_, name: string) => {
    const local = `helper${imports.length}`
    imports.push(`import ${local} from '${name}.js'`)
    return local
  })
  if (body.includes('require(')) throw new Error('The compiled schema needs a helper that is not known here.')
  return `${imports.join('\n')}\n${body}`
}
