import { basename, join } from 'node:path'
import type { CiHost } from '../config/ci-file.ts'
import type { Block } from '../config/yaml-block.ts'
import { findFiles, shownPath } from '../config/find-files.ts'
import { proposeImport } from '../config/import-keys.ts'
import { loadConfiguration } from '../config/load.ts'
import { newConfiguration, stackNamedAfter, withIgnored } from '../config/new-configuration.ts'
import type { ConnectionOptions } from '../runtime/connection.ts'
import type { Context } from '../context.ts'
import { Failure } from '../model/failure.ts'
import type { LiveKey } from '../model/live-key.ts'
import { isFree } from '../plan/adopt.ts'
import { diagnosticStyle, renderDiagnostics } from '../render/text/diagnostics.ts'
import { escapeControls } from '../render/text/escape.ts'
import { wrap } from '../render/text/layout.ts'
import { enumerate, nameText, quotedName } from '../render/text/values.ts'
import { type CiAsked, askCi, ciSteps, planCiFiles, requireCiFlags, writeCiFiles } from './init/ci.ts'
import { type Offered, askAdopted, askFirstKey, askStack, stackProblem } from './init/questions.ts'
import { replaceFile, textOf } from './replace-file.ts'

export interface InitOptions extends ConnectionOptions, CiAsked {
  /** Null: somebody is asked. */
  readonly stack: string | null
  readonly verbose: boolean
}

interface Answers {
  readonly stack: string
  readonly first: Block | null
  readonly adopted: readonly LiveKey[]
  readonly offered: Offered | null
  readonly host: CiHost | null
}

async function requireNone({ cwd }: Context): Promise<void> {
  const { files, diagnostics } = await findFiles([], cwd)
  const isNew = files.length === 0 && diagnostics.every(({ code }) => code === 'no-files')
  if (isNew && diagnostics.length > 0 && diagnostics.every(({ file }) => file === '.')) return
  const [file = join(cwd, 'fluxloop-keys')] = files
  throw new Failure('usage', `There is a configuration already: ${shownPath(file, cwd)}`, {
    hints: ['fluxloop-keys import adds live keys to it.', 'fluxloop-keys validate checks it.'],
  })
}

/** Three requests; the calling key itself is not offered. Null where nobody is logged in, or the platform is out of reach: that is not a reason to stop. */
async function offeredBy(options: InitOptions, context: Context): Promise<Offered | null> {
  try {
    const { client } = await context.connect(options)
    const [{ keys, now }, projects, caller] = await Promise.all([
      client.list(),
      client.projects(),
      client.whoami(),
    ])
    const free = keys.filter(key => isFree(key) && key.status === 'active' && key.id !== caller.key?.id)
    return { projects: projects.map(({ name }) => name), keys: free, now }
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code === 'usage') throw cause
    const [why = ''] = cause.message.split('\n')
    context.stderr.print(
      wrap(`Your projects and keys cannot be offered: ${escapeControls(why)}`, context.stderr.width).join(
        '\n',
      ),
    )
    return null
  }
}

async function answersOf(options: InitOptions, context: Context): Promise<Answers> {
  const { stack } = options
  const problem = stack === null ? null : stackProblem(stack)
  if (problem !== null)
    throw new Failure('usage', `Invalid name of a stack: \`${stack ?? ''}\``, { hints: [`${problem}.`] })
  if (!context.interactive) {
    if (stack === null) {
      throw new Failure('usage', 'init needs --stack NAME where it cannot ask: not a terminal', {
        hints: ['As in: fluxloop-keys init --stack acme-agents'],
      })
    }
    const host = options.ci === 'none' ? null : options.ci
    return { stack, first: null, adopted: [], offered: null, host }
  }
  const offered = await offeredBy(options, context)
  const prompts = await context.prompts('Cancelled: nothing was written')
  prompts.title('New configuration')
  const name = stack ?? (await askStack(prompts, stackNamedAfter(basename(context.cwd))))
  const adopted = await askAdopted(prompts, offered)
  const first = adopted.length > 0 ? null : await askFirstKey(prompts, offered)
  const host = await askCi(options, prompts, context)
  context.stderr.print('')
  return { stack: name, first, adopted, offered, host }
}

/** What is written has to be a configuration that validate accepts. */
async function requireValid(path: string, text: string, { cwd, stderr }: Context): Promise<void> {
  const loaded = await loadConfiguration({ paths: [path], cwd, now: null, instead: new Map([[path, text]]) })
  if (loaded.ok) return
  stderr.print(renderDiagnostics(loaded.diagnostics, diagnosticStyle(stderr)))
  throw new Failure(
    'configuration',
    'What init would write is not a valid configuration, so nothing was written',
    { hints: ['Run it again, and answer otherwise what is named above.'] },
  )
}

function nextSteps({ offered }: Answers, ofCi: readonly string[], { width }: Context['stdout']): string {
  const login =
    offered === null
      ? [
          'Log in with fluxloop-keys auth login, or set FLUXLOOP_API_KEY. To try it without an account, add --api-url sandbox:demo.db to plan and apply.',
        ]
      : []
  return [
    ...[...login, ...ofCi].flatMap(text => [...wrap(text, width), '']),
    'Next:',
    '  fluxloop-keys validate',
    '  fluxloop-keys plan',
    '  fluxloop-keys apply',
  ].join('\n')
}

/** Writes a first configuration, a .gitignore and a CI file, from answers where there is somebody to ask. Changes nothing on the platform. */
export async function runInit(options: InitOptions, context: Context): Promise<number> {
  requireCiFlags(options)
  await requireNone(context)
  const answers = await answersOf(options, context)
  const { stack, first, adopted, offered } = answers
  const { stdout, stderr, cwd } = context
  const known = { stack, keyIds: new Set<string>(), roles: new Map<never, never>() }
  const proposal = offered === null ? null : proposeImport(adopted, known, offered.now)
  for (const { live, why } of proposal?.left ?? [])
    stderr.print(`Left out: ${nameText(live.id)} (${quotedName(live.name)}), since ${why}.`)
  const path = join(cwd, 'fluxloop-keys.yaml')
  const text = newConfiguration(stack, first, proposal)
  await requireValid(path, text, context)
  const ci = answers.host === null ? null : await planCiFiles(answers.host, options, context)
  await replaceFile(path, null, text)
  const ignore = join(cwd, '.gitignore')
  const before = await textOf(ignore)
  const after = withIgnored(before)
  if (after !== before) await replaceFile(ignore, before, after)
  if (ci !== null) await writeCiFiles(ci)
  const written = [
    'fluxloop-keys.yaml',
    ...(after === before ? [] : ['.gitignore']),
    ...(ci?.files ?? []).filter(({ isNew }) => isNew).map(file => file.path),
  ]
  const steps = nextSteps(answers, ci === null ? [] : ciSteps(ci, options), stdout)
  stdout.print(`Wrote ${enumerate(written)}.\n\n${steps}`)
  return 0
}
