import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { cacheFolder } from '../../../src/files/cache-folder.ts'
import { hour, second } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'
import { requireSecureTls } from '../../../src/platform/tls.ts'
import { noticeChannels } from '../notify/notice-channels.ts'
import type { Connection } from '../database/connect.ts'
import { hashCredential } from '../budget/credential.ts'
import { checkOut } from '../checkout/checkout.ts'
import { sweepCheckouts } from '../checkout/checkout-place.ts'
import { stackDigest } from '../file/fleet-digest.ts'
import type { CredentialReference, Fleet } from '../file/fleet.ts'
import { forgetOld } from '../ledger/retention.ts'
import type { Log } from '../log/replica-log.ts'
import { createNotifier } from '../notify/notifier.ts'
import { forgetTold } from '../notify/told.ts'
import { dueAt } from '../schedule/stack-due.ts'
import { modeNow } from '../schedule/windows.ts'
import { factsOfRun } from './facts-of-run.ts'
import type { ReplicaOptions } from './open-replica.ts'
import { recordRun } from './record-run.ts'
import { sharedBudget } from './shared-budget.ts'
import { stackEnvironment } from '../file/stack-environment.ts'

interface FleetParts {
  readonly connection: Connection
  /** Learns the names of accounts by the hashes of their credentials. */
  readonly accounts: Map<string, string>
  readonly env: NodeJS.ProcessEnv
  readonly version: string
  readonly fleet: () => Fleet
  readonly resolve: (reference: CredentialReference) => Promise<Secret>
  readonly log: Log
  readonly stopping: AbortSignal
}

type FleetWork = Pick<
  ReplicaOptions,
  | 'fleet'
  | 'budgetOf'
  | 'digestOf'
  | 'credentialOf'
  | 'placeOf'
  | 'environmentOf'
  | 'modeNow'
  | 'dueIn'
  | 'ended'
  | 'afterTick'
  | 'changesAtOnce'
  | 'tick'
>

/** The seed of all jitter: every replica has to come to the same moment. */
const seed = 'fleet'

/** What a fleet file says, as a replica works with it. */
export function fleetWork(parts: FleetParts): FleetWork {
  const { connection, accounts, env, version, fleet, resolve, log, stopping } = parts
  const { db } = connection
  const sending = { env, version, now: Date.now, pause: (time: number) => wait(time), stopping }
  const notifier = createNotifier({ db, sending, log })
  const checkouts = join(cacheFolder(env), 'fleet')
  let forgotAt = Number.NEGATIVE_INFINITY
  const placeOf: FleetWork['placeOf'] = async ({ name, source }) => {
    if (source.kind === 'folder') return { folder: source.path, checkout: null }
    const { folder, root } = await checkOut(name, source, { folder: checkouts, env, signal: stopping })
    return { folder, checkout: root }
  }
  const ended: FleetWork['ended'] = async (stack, run, judgement, recorded) => {
    try {
      const changed = await recordRun(stack, run, recorded, db)
      const channels = await noticeChannels(fleet(), resolve, log)
      await notifier.tell(channels, factsOfRun(stack, run, judgement, changed))
    } catch (cause) {
      log.warn('The history lacks a run', { stack: stack.name, err: cause })
    }
  }
  return {
    fleet,
    placeOf,
    ended,
    budgetOf: credential => sharedBudget(db, credential),
    digestOf: stack => stackDigest(fleet(), stack),
    credentialOf: async ({ account }) => {
      requireSecureTls(account.apiUrl, env, false)
      const secret = await resolve(account.credential)
      accounts.set(hashCredential(secret), account.name)
      return secret
    },
    environmentOf: stack => stackEnvironment(env, stack),
    modeNow: stack => modeNow(stack, Date.now()),
    dueIn: (stack, failures) => {
      const now = Date.now()
      return dueAt(stack, now, failures, now, seed) - now
    },
    afterTick: async () => {
      await notifier.retry()
      if (performance.now() < forgotAt + hour) return
      forgotAt = performance.now()
      await forgetOld(db, { keep: fleet().retention })
      await forgetTold(db, fleet().retention)
      await sweepCheckouts(
        checkouts,
        fleet().stacks.map(({ name }) => name),
      )
    },
    changesAtOnce: 10,
    tick: 10 * second,
  }
}
