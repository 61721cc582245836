import { join, resolve } from 'node:path'
import { addBlocks } from '../config/edit-yaml.ts'
import { findFiles } from '../config/find-files.ts'
import { type ImportProposal, proposeImport } from '../config/import-keys.ts'
import { loadConfiguration } from '../config/load.ts'
import { readRaw } from '../config/read-raw.ts'
import { rolesOf } from '../config/roles-of.ts'
import type { ConnectionOptions } from '../runtime/connection.ts'
import type { Context } from '../context.ts'
import type { DesiredState } from '../model/desired.ts'
import { Declined, Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import { isFree } from '../plan/adopt.ts'
import { diagnosticStyle, renderDiagnostics } from '../render/text/diagnostics.ts'
import { renderFileDiff } from '../render/report/file-diff.ts'
import { shellWord } from '../model/shell-word.ts'
import { nameText, plural, quotedName } from '../render/text/values.ts'
import { escapeControls } from '../render/text/escape.ts'
import { unbreakable, wrap } from '../render/text/layout.ts'
import { requireConfiguration } from './configuration.ts'
import { chooseKeys, isNamed } from './import-choice.ts'
import { replaceFile, textOf } from './replace-file.ts'

export interface ImportOptions extends ConnectionOptions {
  readonly config: readonly string[]
  /** Ids, or globs over ids and names. */
  readonly patterns: readonly string[]
  readonly all: boolean
  /** The file to write to; null: the one that the configuration is in. */
  readonly out: string | null
  /** The stack of a configuration that is not there yet. */
  readonly stack: string | null
  readonly write: boolean
  readonly verbose: boolean
}

/** The file to edit, and what the configuration around it says. */
interface Target {
  readonly path: string
  /** Null where it is not there yet. */
  readonly text: string | null
  readonly files: readonly string[]
  readonly existing: DesiredState | null
}

async function findTarget({ config, out }: ImportOptions, context: Context): Promise<Target> {
  const { cwd } = context
  const { files, diagnostics } = await findFiles(config, cwd)
  const none = config.length === 0 && diagnostics.length > 0 && files.length === 0
  const existing = none ? null : await requireConfiguration(config, null, context)
  const [first, ...others] = files
  if (out === null && others.length > 0) {
    throw new Failure(
      'usage',
      `The configuration has ${files.length} files: import needs to know which one to edit`,
      {
        hints: [`Name one of them, or a new one: --out ${shellWord(first ?? '')}`],
      },
    )
  }
  const path = out === null ? (first ?? join(cwd, 'fluxloop-keys.yaml')) : resolve(cwd, out)
  return { path, text: await textOf(path), files, existing }
}

async function stackOf(
  existing: DesiredState | null,
  { stack }: ImportOptions,
  context: Context,
): Promise<string> {
  if (existing !== null) {
    if (stack === null || stack === existing.stack) return existing.stack
    throw new Failure('usage', `The configuration is of the stack ${existing.stack}, not ${stack}`)
  }
  const given =
    stack ?? (context.interactive ? await context.ask('The name of the stack, such as acme-agents: ') : null)
  if (given !== null && /^[a-z0-9][a-z0-9-]{0,39}$/.test(given)) return given
  throw new Failure('usage', 'A new configuration needs the name of its stack', {
    hints: [
      'Give it with --stack NAME: lower-case letters, digits and hyphens, unlike that of any other configuration.',
    ],
  })
}

/** Unmanaged keys that the configuration does not adopt yet, and that still work. */
function candidates(keys: readonly LiveKey[], existing: DesiredState | null): readonly LiveKey[] {
  const adopted = new Set(existing?.keys.map(({ adopt }) => adopt) ?? [])
  return keys.filter(key => isFree(key) && key.status === 'active' && !adopted.has(key.id))
}

const heading = (
  stack: string,
) => `# yaml-language-server: $schema=./node_modules/fluxloop-keys/schemas/fluxloop-keys.schema.json
version: 1
stack: ${stack}
`

function edited(text: string | null, stack: string, { roles, keys }: ImportProposal): string {
  const withRoles = addBlocks(
    text ?? heading(stack),
    'roles',
    [...roles].map(([name, value]) => ({ name, value })),
  )
  return addBlocks(
    withRoles,
    'keys',
    keys.map(({ keyId: name, fields: value, comment }) => ({ name, value, comment })),
  )
}

/** What would be written has to be a configuration that validate accepts. */
async function requireValid(target: Target, text: string, { config }: ImportOptions, context: Context) {
  const { cwd, stderr } = context
  const loaded = await loadConfiguration({
    paths: config,
    cwd,
    now: null,
    instead: new Map([[target.path, text]]),
  })
  if (loaded.ok) return
  stderr.print(renderDiagnostics(loaded.diagnostics, diagnosticStyle(stderr)))
  throw new Failure(
    'configuration',
    'What import would write is not a valid configuration, so nothing was written',
    {
      hints: ['Import fewer keys, or another file with --out, and say what differs by hand.'],
    },
  )
}

async function requireConsent({ write }: ImportOptions, context: Context): Promise<void> {
  if (write) return
  if (!context.interactive) {
    throw new Failure('failed', 'Nothing was written: there is nobody to ask', {
      hints: ['Read the diff, then run it again with --write.'],
    })
  }
  const answer = await context.ask('Write it? Only `yes` is taken as a yes: ')
  if (answer !== 'yes') throw new Declined('Import cancelled: nothing was written')
}

/** The chosen keys without the one that this command calls with, unless it was chosen by its id, its name or in the checklist. */
async function withoutCaller(
  keys: readonly LiveKey[],
  { all, patterns }: ImportOptions,
  askCaller: () => Promise<string | null>,
  { stderr }: Context,
): Promise<readonly LiveKey[]> {
  const isByWildcard = (key: LiveKey) => all || (patterns.length > 0 && !isNamed(key, patterns))
  if (!keys.some(isByWildcard)) return keys
  const callerId = await askCaller()
  const calling = keys.find(key => key.id === callerId && isByWildcard(key))
  if (calling === undefined) return keys
  const name = `${nameText(calling.id)} (${quotedName(calling.name)})`
  const why = `Left out: ${name}, since this command calls with it. To import it too, name it: ${unbreakable(`fluxloop-keys import ${calling.id}`)}`
  stderr.print(wrap(why, stderr.width).join('\n'))
  return keys.filter(key => key !== calling)
}

/** Writes declarations of live keys, so that the first plan only adopts them. It changes nothing on the platform. */
export async function runImport(options: ImportOptions, context: Context): Promise<number> {
  const target = await findTarget(options, context)
  const stack = await stackOf(target.existing, options, context)
  const { client } = await context.connect(options)
  const { keys, now } = await client.list()
  const askCaller = async () => (await client.whoami()).key?.id ?? null
  const asked = await chooseKeys(candidates(keys, target.existing), options, askCaller, context)
  const chosen = await withoutCaller(asked, options, askCaller, context)
  const known = {
    stack,
    keyIds: new Set(target.existing?.keys.map(({ keyId }) => keyId) ?? []),
    roles: rolesOf(await readRaw(target.files)),
  }
  const proposal = proposeImport(chosen, known, now)
  const { stdout, stderr } = context
  for (const { live, why } of proposal.left)
    stderr.print(
      wrap(`Left out: ${nameText(live.id)} (${quotedName(live.name)}), since ${why}.`, stderr.width).join(
        '\n',
      ),
    )
  if (proposal.keys.length === 0) {
    stdout.print('There is nothing to import.')
    return 0
  }
  const text = edited(target.text, stack, proposal)
  await requireValid(target, text, options, context)
  stdout.printPatch(`${renderFileDiff(target.path, target.text, text, stdout)}\n`)
  await requireConsent(options, context)
  await replaceFile(target.path, target.text, text)
  stdout.print(
    `Wrote ${plural(proposal.keys.length, 'key')} and ${plural(proposal.roles.size, 'role')} to ${escapeControls(target.path)}. Look at them, then: fluxloop-keys plan`,
  )
  return 0
}
