import { constants } from 'node:os'
import type { ProgramEnd } from '../runtime/child-program.ts'
import type { Context } from '../context.ts'
import { Failure } from '../model/failure.ts'
import { renderFailure } from '../render/text/failure-text.ts'
import { withoutCallersKey } from '../stores/child-environment.ts'
import { warnOfOverrides } from './secret/env-file-overrides.ts'
import { readSecrets } from './secret/read.ts'
import { variablesOf } from './secret/variables.ts'

export interface ExecOptions {
  readonly config: readonly string[]
  /** `KEY` and `NAME=KEY`. */
  readonly keys: readonly string[]
  /** The names for the key without one. */
  readonly env: readonly string[]
  /** The program and its arguments, at least the first. */
  readonly command: readonly string[]
}

/** What shells and `env` exit with. */
const notFound = 127
const notExecutable = 126

function describeStart(
  command: string,
  code: string,
): { readonly failure: Failure; readonly exitCode: number } {
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const failure = new Failure('not-found', `There is no program ${command}`, {
      hints: [
        command.includes('/')
          ? 'Look at its path, and, if it is a script, at the program that its first line names.'
          : 'No folder of PATH has it. What a shell knows by itself, an alias or a line with | or &&, needs one: -- sh -c "..."',
      ],
    })
    return { failure, exitCode: notFound }
  }
  const failure = new Failure('failed', `${command} cannot be run (${code})`, {
    hints:
      code === 'EACCES'
        ? ['It is not a program, or you may not run it: chmod +x makes one of a script.']
        : [],
  })
  return { failure, exitCode: notExecutable }
}

function exitCodeOf(end: ProgramEnd, command: string, { stderr }: Context): number {
  switch (end.kind) {
    case 'exited':
      return end.code
    case 'killed':
      return 128 + constants.signals[end.signal]
    case 'not-started': {
      const { failure, exitCode } = describeStart(command, end.code)
      stderr.print(renderFailure(failure, stderr))
      return exitCode
    }
  }
}

/** Only Linux says which descriptors a shell opened for the program, as for `<(...)`, so that they can be passed on. */
export function refuseSubstitutions(
  command: readonly string[],
  platform: NodeJS.Platform = process.platform,
): void {
  const [lost] =
    platform === 'linux'
      ? []
      : command.flatMap(word => /\/dev\/fd\/(?:[3-9]|[1-9]\d+)\b/.exec(word)?.[0] ?? [])
  if (lost === undefined) return
  throw new Failure(
    'usage',
    `${lost} does not reach the program: exec passes on only the three streams here`,
    {
      hints: [
        'Give it a file, or its input by a pipe.',
        'Or set the variables in the shell, and run the program from there: eval "$(fluxloop-keys env KEY)"',
      ],
    },
  )
}

/**
 * Runs a program whose environment has the delivered secrets of keys. Resolves to its exit code, or to 128 and the number of the
 * signal that ended it. Makes no request.
 */
export async function runExec(options: ExecOptions, context: Context): Promise<number> {
  refuseSubstitutions(options.command)
  const variables = variablesOf(options.keys, options.env)
  const secrets = await readSecrets(
    variables.map(({ keyId }) => keyId),
    options.config,
    context,
  )
  const env = withoutCallersKey(context.env)
  for (const { name, keyId } of variables) env[name] = secrets.get(keyId)?.reveal()
  await warnOfOverrides(env, context)
  // The keychain's process would live as long as the program does.
  await (await context.stores()).close()
  const [command = '', ...args] = options.command
  return exitCodeOf(await context.runProgram({ command, args, env }), command, context)
}
