import sade from 'sade'
import type { Context } from './context.ts'
import { type Flag, type Flags, readFlags } from './flags.ts'
import { Failure } from './model/failure.ts'
import { closest } from './model/suggest.ts'

interface Command {
  readonly name: string
  readonly text: string
  readonly flags: readonly Flag[]
  readonly examples: readonly string[]
  /** Resolves to the exit code. */
  readonly run: (flags: Flags, context: Context) => Promise<number>
}

const common: readonly Flag[] = [
  { name: 'no-color', text: 'Print without colour' },
  { name: 'verbose', text: 'Tell about every request, on standard error' },
]
const configuration: Flag = {
  name: 'config',
  short: 'c',
  value: '<path>',
  text: 'File, folder or glob of the configuration; may be given several times',
}
const json: Flag = { name: 'json', text: 'Print JSON' }
const connection: readonly Flag[] = [
  { name: 'api-url', value: '<url>', text: 'The platform; sandbox: or sandbox:PATH is one in this process' },
  { name: 'staging', text: 'Use the staging platform' },
]
const planning: readonly Flag[] = [
  { name: 'max-revoke', value: '<n>', text: 'Allow so many revocations in this run' },
  { name: 'max-rotate', value: '<n>', text: 'Allow so many rotations that nobody asked for in this run' },
  {
    name: 'revoke-in-use',
    value: '<key>',
    text: 'Let this key be revoked although it is in use; may be given several times',
  },
  { name: 'take-over', text: 'Heal and rotate keys here whose local stores are on another host' },
]

function reconciling(flags: Flags) {
  return {
    config: flags.list('config'),
    json: flags.on('json'),
    apiUrl: flags.text('api-url'),
    staging: flags.on('staging'),
    verbose: flags.on('verbose'),
    maxRevoke: flags.count('max-revoke'),
    maxRotate: flags.count('max-rotate'),
    revokeInUse: flags.list('revoke-in-use'),
    takeOver: flags.on('take-over'),
  }
}

const commands: readonly Command[] = [
  {
    name: 'validate',
    text: 'Check the configuration; needs no network and no credentials',
    flags: [configuration, json],
    examples: ['validate', 'validate -c keys/ -c "teams/*.yaml"'],
    run: async (flags, context) => {
      const { runValidate } = await import('./commands/validate.ts')
      return await runValidate({ config: flags.list('config'), json: flags.on('json') }, context)
    },
  },
  {
    name: 'plan',
    text: 'Show what would change on the platform, and why',
    flags: [
      configuration,
      json,
      { name: 'detailed-exitcode', text: 'Exit with 2 where changes are pending' },
      ...planning,
      ...connection,
    ],
    examples: ['plan', 'plan --json', 'plan --detailed-exitcode', 'plan --api-url sandbox:demo.db'],
    run: async (flags, context) => {
      const { runPlan } = await import('./commands/plan.ts')
      return await runPlan(
        { ...reconciling(flags), detailedExitcode: flags.on('detailed-exitcode') },
        context,
      )
    },
  },
  {
    name: 'apply',
    text: 'Make it so: create, update, rotate and revoke, and put every new secret into its stores',
    flags: [
      configuration,
      json,
      { name: 'auto-approve', text: 'Do not ask for approval' },
      { name: 'parallelism', value: '<n>', text: 'How many changes to work on at once (10)' },
      ...planning,
      ...connection,
    ],
    examples: ['apply', 'apply --auto-approve', 'apply --max-revoke 12'],
    run: async (flags, context) => {
      const { runApply } = await import('./commands/apply.ts')
      return await runApply(
        {
          ...reconciling(flags),
          autoApprove: flags.on('auto-approve'),
          parallelism: flags.count('parallelism') ?? 10,
        },
        context,
      )
    },
  },
  {
    name: 'sandbox',
    text: 'Serve a complete platform in a box on loopback, for trying out and for tests',
    flags: [
      json,
      { name: 'port', value: '<n>', text: 'The port; 0 picks a free one (8787)' },
      {
        name: 'database',
        value: '<path>',
        text: 'Keep its keys in this file; without it they end with the process',
      },
    ],
    examples: ['sandbox', 'sandbox --port 0 --json', 'sandbox --database sandbox.db'],
    run: async (flags, context) => {
      const { runSandbox } = await import('./commands/sandbox.ts')
      return await runSandbox(
        { json: flags.on('json'), port: flags.count('port') ?? 8787, database: flags.text('database') },
        context,
      )
    },
  },
]

function flagsOf(command: Command): readonly Flag[] {
  return [...command.flags, ...common]
}

function buildTree(version: string): sade.Sade {
  const tree = sade('fluxloop-keys').version(version)
  tree.describe(
    'FluxLoop API keys as code: plan, apply, rotate without outage, and keep every secret in a store.',
  )
  for (const command of commands) {
    tree.command(command.name, command.text)
    for (const { name, short, value, text } of flagsOf(command)) {
      tree.option(
        [short === undefined ? '' : `-${short},`, `--${name}`].join(' ').trim(),
        value === undefined ? text : `${value} ${text}`,
      )
    }
    for (const example of command.examples) tree.example(example)
    tree.action(command.run)
  }
  return tree
}

const helpWords = ['-h', '--help', '-v', '--version']

/** Finds the command of a command line, so that sade, which exits by itself, never has to complain. */
function requireCommand(args: readonly string[]): Command | null {
  const [first] = args
  if (first === undefined || helpWords.includes(first)) return null
  const command = commands.find(({ name }) => name === first)
  if (command !== undefined) return command
  const names = commands.map(({ name }) => name)
  const hints = [`The commands: ${names.join(', ')}`]
  if (first.startsWith('-'))
    throw new Failure('usage', `The command comes first, then its flags: \`${first}\``, { hints })
  const near = closest(first, names)
  throw new Failure('usage', `Unknown command \`${first}\``, {
    hints: near === null ? hints : [`Did you mean ${near}?`, ...hints],
  })
}

export type Invocation =
  /** The help or the version was printed, and there is nothing to do. */
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'command'
      readonly noColor: boolean
      readonly run: (context: Context) => Promise<number>
    }

/** Reads a command line (without node and script). Throws a usage `Failure`. */
export function readCommandLine(args: readonly string[], version: string): Invocation {
  const command = requireCommand(args)
  const asked = command === null && args.length === 0 ? ['--help'] : args
  const flags = command === null ? [] : flagsOf(command)
  const long = new Map(
    flags.flatMap(({ name, short }) => (short === undefined ? [] : [[`-${short}`, `--${name}`]])),
  )
  const spelled = asked.map(arg => long.get(arg) ?? arg)
  const names = (wanted: boolean) =>
    flags.filter(({ value }) => (value !== undefined) === wanted).map(({ name }) => name)
  const parsed = buildTree(version).parse(['', '', ...spelled], {
    lazy: true,
    string: names(true),
    boolean: names(false),
  }) as sade.LazyOutput | undefined
  if (command === null || parsed === undefined) return { kind: 'answered' }
  const raw = parsed.args.at(-1) as unknown as Readonly<Record<string, unknown>>
  const read = readFlags(command.name, flags, raw)
  return {
    kind: 'command',
    noColor: read.refused('color'),
    run: context => command.run(read, context),
  }
}
