import { addBlocks } from './edit-yaml.ts'
import type { Block } from './yaml-block.ts'
import type { ImportProposal } from './import-keys.ts'

/** Names as the schema has them. */
export const stackPattern = /^[a-z0-9][a-z0-9-]{0,39}$/
export const keyIdPattern = /^[a-z0-9][a-z0-9_-]{0,62}$/

/** A name that a stack may have, made from a folder's; `my-team` where nothing of that can be used. */
export function stackNamedAfter(folder: string): string {
  const name = folder
    .toLowerCase()
    .split(/[^a-z0-9]/)
    .filter(part => part !== '')
    .join('-')
    .slice(0, 40)
  return stackPattern.test(name) ? name : 'my-team'
}

const top = (
  stack: string,
) => `# yaml-language-server: $schema=./node_modules/fluxloop-keys/schemas/fluxloop-keys.schema.json
# FluxLoop API keys as code. \`fluxloop-keys help configuration\` shows what may stand here.
version: 1

# The namespace of this file: keys of no other stack are ever touched.
stack: ${stack}

# What holds for every key that does not say otherwise.
defaults:
  expires: 90d # a period such as 36h or 1y, a date, or never
  store: keychain # where a new secret goes
  rotate:
    maxAge: 60d # at this age a successor is made and delivered
    grace: 48h # and its predecessor still works for this long
`

const example = `
# A key, by its key id, which stays for the whole life of the key:
#
# keys:
#   ci-pipeline:
#     name: CI pipeline # what the platform shows
#     environment: ci # dev, stg, prod or ci
#     scope: [customer-support-bot] # or: all
#     permissions: [read_scenarios, upload_results]
keys: {}
`

/** The text of a first configuration, with comments that say what is what. `adopted`: live keys to take over. */
export function newConfiguration(stack: string, first: Block | null, adopted: ImportProposal | null): string {
  const imported =
    adopted?.keys.map(({ keyId: name, fields: value, comment }) => ({ name, value, comment })) ?? []
  const keys: readonly Block[] = [...(first === null ? [] : [first]), ...imported]
  if (keys.length === 0) return top(stack) + example
  const roles = [...(adopted?.roles ?? [])].map(([name, value]) => ({ name, value }))
  return addBlocks(addBlocks(top(stack), 'roles', roles), 'keys', keys)
}

const ignoredTitle = '# fluxloop-keys: files with secrets, and saved plans'
const ignored = ['.env', '.env.*', '!.env.example', '*.env', '*.plan', 'fluxloop-keys.fix.patch']

/** A .gitignore with the files that must not be committed; the same text where it has all of them. */
export function withIgnored(text: string | null): string {
  const lines = new Set((text ?? '').split(/\r?\n/).map(line => line.trim()))
  const missing = ignored.filter(line => !lines.has(line))
  if (missing.length === 0) return text ?? ''
  const before = text === null || text === '' ? '' : `${text.trimEnd()}\n\n`
  return `${before}${ignoredTitle}\n${missing.join('\n')}\n`
}
