import schema from '../../schemas/fluxloop-keys.schema.json' with { type: 'json' }
import type { HelpPage, HelpRow } from '../render/text/help-text.ts'

interface Property {
  readonly description?: string
  readonly $ref?: string
}

/** The first sentence says what a property is; the rest is in the schema. */
function firstSentence(text: string): string {
  return /^.*?[.](?=\s|$)/s.exec(text)?.[0] ?? text
}

function rows(properties: Readonly<Record<string, Property>>): readonly HelpRow[] {
  const definitions = schema.$defs as Readonly<Record<string, Property>>
  return Object.entries(properties).map(([term, { description, $ref = '' }]) => ({
    term,
    text: firstSentence(description ?? definitions[$ref.replace('#/$defs/', '')]?.description ?? ''),
  }))
}

const example = `version: 1
stack: acme-agents

defaults:
  expires: 90d
  rotate: { maxAge: 60d, grace: 48h }

keys:
  ci-pipeline:
    name: CI/CD Pipeline
    owner: platform-team
    environment: ci
    scope: [customer-support-bot]
    permissions: [read_scenarios, upload_results]
    store: keychain`

/** Made from the schema, so that it says what `validate` checks. */
export const configurationPage: HelpPage = {
  title: 'configuration',
  summary:
    'What a configuration may say. fluxloop-keys schema prints all of it as a JSON Schema, for editors.',
  about: [
    'Without -c it is fluxloop-keys.yaml, fluxloop-keys.yml or the folder fluxloop-keys/. Several files, folders and globs merge.',
  ],
  usage: [],
  sections: [
    { title: 'Example', lines: example.split('\n') },
    { title: 'At the top', rows: rows(schema.properties) },
    { title: 'In a key', rows: rows(schema.$defs.key.properties) },
  ],
}
