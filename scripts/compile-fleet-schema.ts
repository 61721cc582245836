// Compiles the schema of the fleet file ahead of time, so that the package needs no compiler of schemas.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { bounded, typesOfValidate, withImports } from './schema-code.ts'

const schemaFile = new URL('../fleet/schemas/fleet.schema.json', import.meta.url)
const folder = new URL('../fleet/src/file/generated/', import.meta.url)

const schema = JSON.parse(await readFile(schemaFile, 'utf8')) as object
const ajv = new Ajv2020({
  strict: true,
  // The alternatives of an object name properties that stand next to them.
  strictRequired: false,
  allErrors: true,
  verbose: true,
  messages: false,
  code: { source: true, esm: true, optimize: 2 },
})
ajv.addSchema(schema, 'fleet')
const code = standalone.default(ajv, { validate: 'fleet' })

await mkdir(folder, { recursive: true })
await writeFile(new URL('validate.js', folder), withImports(bounded(code)))
await writeFile(new URL('validate.d.ts', folder), typesOfValidate)
