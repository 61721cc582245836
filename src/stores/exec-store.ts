import { Failure } from '../model/failure.ts'
import { Secret } from '../model/secret.ts'
import { type ProgramLine, type StoreSpec, storeLabel } from '../model/store.ts'
import { findProgram } from './find-program.ts'
import { programFailure } from './program-failure.ts'
import { runProgram } from './run-program.ts'
import type { Fence, SecretStore } from './secret-store.ts'

type ExecSpec = Extract<StoreSpec, { kind: 'exec' }>

/** The secret that a program printed: without the line break at its end; null where it printed nothing. */
export function printedSecret(stdout: string): Secret | null {
  const text = stdout.replace(/\r?\n$/, '')
  return text === '' ? null : new Secret(text)
}

/**
 * Any program as a store. The secret goes to the standard input of `put` and comes from the standard output of `get`, and
 * nowhere else: not into arguments, not into the environment. Exit code 0 is success; `get` that prints nothing has none.
 */
export function execStore(spec: ExecSpec, env: NodeJS.ProcessEnv): SecretStore {
  const [program = ''] = spec.put
  const install = `Install ${program}, or name it with its path in the store's \`put\`.`
  const run = (
    line: ProgramLine,
    { input, fence }: { readonly input?: string; readonly fence?: Fence | undefined } = {},
  ) =>
    runProgram({
      line,
      env,
      timeout: spec.timeout,
      install,
      fence,
      ...(input === undefined ? {} : { input }),
    })

  const programs = [spec.put, spec.get, spec.remove].flatMap(line => line?.[0] ?? [])

  return {
    backend: `exec ${JSON.stringify(programs)}`,
    readable: spec.get !== null,
    async probe() {
      for (const name of programs) {
        if ((await findProgram(name, env)) !== null) continue
        throw new Failure('not-found', `The program ${name} is not installed here`, {
          hints: [`Install ${name}, or name it with its path in the store's command.`],
        })
      }
    },
    async put(secret, fence) {
      const end = await run(spec.put, { input: secret.reveal(), fence })
      if (end.code !== 0) throw programFailure(program, 'take the secret', end)
      return storeLabel(spec)
    },
    async get() {
      if (spec.get === null) throw new TypeError('a store without `get` is not readable')
      const end = await run(spec.get)
      if (end.code !== 0) throw programFailure(spec.get[0] ?? '', 'give the secret', end, 'secret')
      return printedSecret(end.stdout)
    },
    async remove(fence) {
      if (spec.remove === null) {
        throw new Failure('configuration', `${storeLabel(spec)} has no \`remove\` command`, {
          hints: ['Take the secret out by hand, or give the store one.'],
        })
      }
      const end = await run(spec.remove, { fence })
      if (end.code !== 0) throw programFailure(spec.remove[0] ?? '', 'remove the secret', end)
    },
  }
}
