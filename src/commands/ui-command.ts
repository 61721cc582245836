import type { Context } from '../context.ts'
import { Failure } from '../model/failure.ts'
import type { FleetStatus } from '../model/fleet-status.ts'
import { lockTarget } from './lock-stack.ts'
import { contentPolicy, pageHtml } from '../render/page/page-html.ts'
import { packData } from '../render/page/packed.ts'
import type { PageSource } from '../render/page/page-stack.ts'
import type { Connection, ConnectionOptions } from '../runtime/connection.ts'
import type { StackLock } from '../runtime/open-stack-lock.ts'
import { maximumRequestsOf, windowOf } from './audit/options.ts'
import { requireConfiguration } from './configuration.ts'
import { loadFleetPackage } from './fleet/load-fleet.ts'
import { type PagePlatform, collect } from './report/collect.ts'
import { pageData } from './report/read-sources.ts'
import { readFleet } from './ui/read-fleet-status.ts'
import { type Shown, servePage } from './ui/page-server.ts'
import { type Refreshed, cannotListen, keepFresh } from './ui/refresh.ts'
import { watchRuns } from './ui/watch-runs.ts'

export interface UiOptions extends ConnectionOptions {
  readonly config: readonly string[]
  /** Configurations of other stacks; with none of `config`, they are all that is shown. */
  readonly stack: readonly string[]
  readonly window: string | null
  readonly port: number
  readonly showPersonal: boolean
  readonly maxRequests: number | null
  readonly parallelism: number
  readonly verbose: boolean
}

/** The configuration of each stack, as paths. */
function stacksOf({ config, stack }: UiOptions): readonly (readonly string[])[] {
  const others = stack.map(path => [path])
  return config.length === 0 && others.length > 0 ? others : [config, ...others]
}

/** Of all stacks of an account, one listing in one refresh. */
function askedOnce({ client }: Connection): PagePlatform & { readonly usages: () => number } {
  let usages = 0
  const known = new Map<string, Promise<unknown>>()
  const once = <Answer>(name: string, ask: () => Promise<Answer>): Promise<Answer> => {
    const asked = (known.get(name) as Promise<Answer> | undefined) ?? ask()
    known.set(name, asked)
    return asked
  }
  return {
    list: () => once('list', () => client.list()),
    whoami: () => once('whoami', () => client.whoami()),
    projects: () => once('projects', () => client.projects()),
    usage: async (id, days) => {
      usages += 1
      return await client.usage(id, days)
    },
    usages: () => usages,
    requests: () => client.requests(),
  }
}

interface Stacks {
  readonly paths: readonly (readonly string[])[]
  readonly sources: Map<number, PageSource>
  readonly troubles: string[]
  /** Null: there is no fleet, or it could not be asked yet. */
  fleet: FleetStatus | null
}

/** Brings each stack up to date. What fails keeps what it had, with the reason; at first it ends the command. */
async function refreshAll(
  stacks: Stacks,
  {
    connection,
    windowDays,
    parallelism,
  }: { readonly connection: Connection; readonly windowDays: number; readonly parallelism: number },
  maximumRequests: number,
  context: Context,
): Promise<Refreshed> {
  const { paths, sources, troubles } = stacks
  const { client: own, url } = connection
  const before = own.requests()
  const client = askedOnce(connection)
  const isFirst = sources.size === 0
  troubles.length = 0
  for (const [index, config] of paths.entries())
    try {
      const desired = await requireConfiguration(config, null, context)
      const left = Math.max(0, maximumRequests - client.usages())
      sources.set(
        index,
        await collect(
          desired,
          { config, windowDays, maximumRequests: left, parallelism },
          { client, url },
          context,
        ),
      )
    } catch (cause) {
      if (isFirst || !(cause instanceof Failure)) throw cause
      troubles.push(`${sources.get(index)?.audit.stack ?? 'A stack'} is not up to date: ${cause.message}.`)
    }
  const { status, trouble } = await readFleet(context.env, loadFleetPackage)
  stacks.fleet = status ?? stacks.fleet
  if (trouble !== null) troubles.push(trouble)
  return { requests: own.requests() - before, usage: client.usages() }
}

async function locksOf({ sources }: Stacks, url: string, context: Context): Promise<readonly StackLock[]> {
  const targets = [...sources.values()].map(({ audit }) => lockTarget(url, audit.stack, context.cwd))
  return await Promise.all(targets.filter(target => target !== null).map(target => context.stackLock(target)))
}

/** Serves the page of `report`, kept up to date, until Ctrl-C. Writes nothing and runs no program. */
export async function runUi(options: UiOptions, context: Context): Promise<number> {
  const { port, showPersonal: personal, parallelism } = options
  const windowDays = windowOf(options.window)
  const maximumRequests = maximumRequestsOf(options.maxRequests)
  if (parallelism < 1) throw new Failure('usage', '--parallelism takes 1 or more')
  if (port > 65_535) throw new Failure('usage', '--port takes 0 to 65535')
  const connection = await context.connect(options)
  const asked = { connection, windowDays, parallelism }
  const stacks: Stacks = { paths: stacksOf(options), sources: new Map(), troubles: [], fleet: null }
  const shown = (): Shown => {
    const { version } = context
    const { sources, troubles, fleet } = stacks
    const inOrder = [...sources].sort(([a], [b]) => a - b).map(([, source]) => source)
    const data = pageData(inOrder, { version, personal, troubles, fleet })
    return { html: pageHtml(data, { isLive: true }), data: JSON.stringify(packData(data)) }
  }
  const first = await refreshAll(stacks, asked, maximumRequests, context)
  let now = shown()
  const server = await servePage(() => now, contentPolicy(true), port).catch((cause: unknown) => {
    throw cannotListen(port, cause)
  })
  const { stdout, stderr } = context
  stdout.print(`Open this address, which works once, in a browser:\n\n  ${server.url}\n\nCtrl-C ends it.`)
  // What is wrong with a configuration stands on the page; said each minute, it would bury everything else here.
  const quiet: Context = { ...context, stderr: { ...stderr, print: () => undefined } }
  const refresh = async (left: number) => {
    const made = await refreshAll(stacks, asked, Math.min(left, maximumRequests), quiet)
    now = shown()
    return made
  }
  const runs = watchRuns(await locksOf(stacks, connection.url, context))
  try {
    await Promise.race([context.untilStopped(), keepFresh(refresh, runs, first, quiet)])
  } finally {
    runs.close()
    await server.close()
  }
  return 0
}
