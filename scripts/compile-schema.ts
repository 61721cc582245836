// Compiles the configuration's schema ahead of time: compiling it at run time would cost each start 65 ms.
import { mkdir, readFile, writeFile } from 'node:fs/promises'

import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'

const schemaFile = new URL('../schemas/fluxloop-keys.schema.json', import.meta.url)
const folder = new URL('../src/config/generated/', import.meta.url)

const schema = JSON.parse(await readFile(schemaFile, 'utf8')) as { $id: string }
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  // Errors then carry the schema that they broke, whose title, description and examples make the message.
  verbose: true,
  code: { source: true, esm: true, optimize: 2 },
})
ajv.addSchema(schema)
const compiled = standalone.default(ajv, { validate: schema.$id })

await mkdir(folder, { recursive: true })
await writeFile(new URL('validate.js', folder), withImports(compiled))
await writeFile(
  new URL('validate.d.ts', folder),
  `import type { ErrorObject } from 'ajv'\n\nexport declare const validate: ((data: unknown) => boolean) & { errors?: ErrorObject[] | null }\n`,
)

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
