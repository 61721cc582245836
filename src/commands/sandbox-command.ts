import { isAbsolute, join } from 'node:path'
import type { Context } from '../context.ts'
import { openKeptSandbox } from '../runtime/kept-sandbox.ts'
import { Failure } from '../model/failure.ts'
import type { Secret } from '../model/secret.ts'
import { type RateLimit, parseRateLimit } from '../sandbox/rate-limiter.ts'
import { type Sandbox, openSandbox } from '../sandbox/sandbox.ts'
import { serveSandbox } from '../sandbox/serve.ts'

export interface SandboxCommandOptions {
  readonly json: boolean
  readonly port: number
  readonly database: string | null
  /** `reference`, or null. */
  readonly seed: string | null
  /** `1000/h`; null: none. */
  readonly rateLimit: string | null
}

function rateLimitOf({ rateLimit }: SandboxCommandOptions): { readonly rateLimit?: RateLimit } {
  if (rateLimit === null) return {}
  const limit = parseRateLimit(rateLimit)
  if (limit !== null) return { rateLimit: limit }
  throw new Failure(
    'usage',
    `--rate-limit takes requests in a period, such as 1000/h or 20/2s, not \`${rateLimit}\``,
  )
}

async function open(
  options: SandboxCommandOptions,
  { cwd }: Context,
): Promise<{ readonly sandbox: Sandbox; readonly administrator: Secret }> {
  const { database, seed } = options
  const limit = rateLimitOf(options)
  if (seed !== null) return openSeeded(seed, database, limit)
  if (database === null) {
    const sandbox = openSandbox({ database: ':memory:', ...limit })
    return { sandbox, administrator: sandbox.issueAdministrator() }
  }
  return await openKeptSandbox(isAbsolute(database) ? database : join(cwd, database), limit)
}

/** Its caller is a person, so that its keys are those of the seed and no others. */
function openSeeded(seed: string, database: string | null, limit: { readonly rateLimit?: RateLimit }) {
  if (seed !== 'reference') throw new Failure('usage', `--seed takes reference, not \`${seed}\``)
  if (database !== null) {
    throw new Failure('usage', '--seed begins anew, so it does not go with --database')
  }
  const sandbox = openSandbox({ database: ':memory:', ...limit })
  sandbox.seedReference()
  return { sandbox, administrator: sandbox.issueUserToken('sandbox') }
}

async function serve(sandbox: Sandbox, port: number) {
  try {
    return await serveSandbox(sandbox, { port })
  } catch (cause) {
    throw new Failure('failed', `Cannot listen on port ${port} of 127.0.0.1`, {
      hints: ['Another program may use it. `--port 0` picks a free one.'],
      cause,
    })
  }
}

/** Serves until Ctrl-C. The administrator's key, or the person's token, is printed to a terminal and with --json; it works nowhere else. */
export async function runSandbox(options: SandboxCommandOptions, context: Context): Promise<number> {
  const { sandbox, administrator } = await open(options, context)
  const server = await serve(sandbox, options.port)
  const { stdout } = context
  if (options.json) {
    stdout.print(JSON.stringify({ url: server.url, api_key: administrator.reveal() }))
  } else {
    stdout.print(`A sandbox of the platform is listening on ${server.url}. In another terminal:\n`)
    stdout.print(`  export FLUXLOOP_API_URL=${server.url}`)
    if (stdout.isTerminal) stdout.print(`  export FLUXLOOP_API_KEY=${administrator.reveal()}\n`)
    else stdout.print('\nIts key is printed to a terminal, or with --json.')
    stdout.print('Ctrl-C ends it.')
  }
  await context.untilStopped()
  await server.close()
  sandbox.close()
  return 0
}
