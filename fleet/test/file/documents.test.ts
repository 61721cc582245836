// What people copy from the guide, and what editors complete, is what is read.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { blocksOf } from '../../../test/support/documents.ts'
import { notifiedEvents, weekdays } from '../../src/file/fleet.ts'
import { fleetOf } from '../support/fleet-folder.ts'

const guide = 'docs/guides/fleet-file.md'

for (const { line, text } of blocksOf(guide).filter(({ language }) => language === 'yaml')) {
  t.test(`the file at ${guide}:${line} is valid`, async t => {
    const teams = { 'teams/payments/fluxloop-keys.yaml': '', 'teams/search/fluxloop-keys.yaml': '' }
    const { stacks } = await fleetOf(t, text, teams)
    t.ok(stacks.length > 0)
  })
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly description?: string
  readonly additionalProperties?: unknown
  readonly items?: { readonly enum?: readonly string[] }
}

const file = new URL('../../schemas/fleet.schema.json', import.meta.url)
const schema = JSON.parse(readFileSync(file, 'utf8')) as Schema
const parts = [schema, ...Object.values(schema.$defs ?? {}), schema.properties?.['defaults'] ?? {}]

t.test('the schema describes every property, and knows no others', t => {
  for (const { properties = {}, additionalProperties } of parts) {
    if (Object.keys(properties).length > 0) t.equal(additionalProperties, false)
    for (const [name, property] of Object.entries(properties))
      t.ok((property.description ?? '').length > 10, name)
  }
  t.end()
})

t.test('the schema has the weekdays and the events of the types', t => {
  const valuesOf = (part: string, name: string) => schema.$defs?.[part]?.properties?.[name]?.items?.enum
  t.strictSame(valuesOf('window', 'days'), weekdays)
  t.strictSame(valuesOf('notifier', 'events'), notifiedEvents)
  t.end()
})
