import type { Context } from '../context.ts'
import type { Flag, Flags } from './flags.ts'

/** One command of the tree: what it is called, what it takes, and how it begins. */
export interface Command {
  /** One word or two: `plan`, `apikeys list`. */
  readonly name: string
  readonly text: string
  /** What stands after its name, as the help shows it: `<key-id>` is required, `[plan]` is not, `<key...>` may repeat. */
  readonly takes?: string
  /** What stands after `--`, which is required then and reaches the command as it is: `<command...>`. */
  readonly passes?: string
  /** Other words for its last word. */
  readonly aliases?: readonly string[]
  readonly flags: readonly Flag[]
  readonly examples: readonly string[]
  /** Resolves to the exit code. */
  readonly run: (flags: Flags, context: Context) => Promise<number>
}

/** Every command has these. */
export const commonFlags: readonly Flag[] = [
  { name: 'no-color', text: 'Print without colour' },
  { name: 'verbose', text: 'Tell about every request, on standard error' },
]

export const configurationFlag: Flag = {
  name: 'config',
  short: 'c',
  value: '<path>',
  text: 'File, folder or glob of the configuration; may be given several times',
}

export const jsonFlag: Flag = { name: 'json', text: 'Print JSON' }

export const allowPathFlag: Flag = {
  name: 'allow-path',
  value: '<path>',
  text: 'Let a store write to this very file, whatever its name is and wherever a link leads; may be given several times',
}

export const connectionFlags: readonly Flag[] = [
  { name: 'api-url', value: '<url>', text: 'The platform; sandbox: or sandbox:PATH is one in this process' },
  { name: 'staging', text: 'Use the staging platform' },
  { name: 'profile', value: '<name>', text: 'The login to use, as `auth login --profile` kept it' },
  {
    name: 'insecure-tls',
    text: 'Go on where the environment makes TLS insecure (NODE_TLS_REJECT_UNAUTHORIZED=0)',
  },
]

/** The flags of `connectionFlags` and `--verbose`, as what they mean. */
export function connecting(flags: Flags) {
  return {
    apiUrl: flags.text('api-url'),
    staging: flags.on('staging'),
    profile: flags.text('profile'),
    insecureTls: flags.on('insecure-tls'),
    verbose: flags.on('verbose'),
  }
}

export const logFlag: Flag = {
  name: 'log',
  value: '<file>',
  text: 'Append to this file, a line of JSON for each change, what was done, why and by whom (FLUXLOOP_KEYS_LOG)',
}

export const allowUnmaskedFlag: Flag = {
  name: 'allow-unmasked',
  text: 'Make secrets in a CI job whose runner cannot be told to mask them',
}
