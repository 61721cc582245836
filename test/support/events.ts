import { readFile, readdir } from 'node:fs/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'

const folder = new URL('../../schemas/', import.meta.url)
const ajv = new Ajv2020({ strict: false, validateFormats: false })
for (const name of (await readdir(folder)).filter(name => name.endsWith('.schema.json'))) {
  ajv.addSchema(JSON.parse(await readFile(new URL(name, folder), 'utf8')) as object, name)
}

/** What is wrong with a document; null where nothing is. */
export function problemOf(schema: string, value: unknown): string | null {
  return ajv.validate(`${schema}.schema.json`, value) ? null : ajv.errorsText()
}

export interface Event {
  readonly event: string
  readonly [property: string]: unknown
}

/** The events that `--json-lines` printed. Throws where something is not a whole line, or not as its schema says. */
export function eventsOf(output: string): readonly Event[] {
  if (!output.endsWith('\n')) throw new Error(`the last line is torn: ${output.slice(-200)}`)
  return output
    .slice(0, -1)
    .split('\n')
    .map(line => {
      const event = JSON.parse(line) as Event
      const problem = problemOf('events', event)
      if (problem !== null) throw new Error(`${problem}: ${line}`)
      return event
    })
}

/** Every property of a value by its path, those of all items of a list together: `plan.changes[].key`. */
export function pathsOf(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(item => pathsOf(item, `${path}[]`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = path === '' ? name : `${path}.${name}`
    return [here, ...pathsOf(inner, here)]
  })
}
