import type { Instant } from '../../../src/model/duration.ts'
import type { Secret } from '../../../src/model/secret.ts'
import type { FleetDatabase } from '../../../src/runtime/fleet-database.ts'
import type { Stores } from '../../../src/stores/open.ts'
import type { Lane } from '../budget/lanes.ts'
import type { FleetStack } from '../file/fleet.ts'
import { type LastLease, readLastLease } from '../lease/lease-rows.ts'
import { span } from '../log/span.ts'
import type { BudgetedRequests } from './budgeted.ts'
import { guardedStores } from './guarded-stores.ts'
import { AnswerRecorder, type SharedAnswers } from './shared-answers.ts'
import { type StackContext, type StackSurroundings, stackContext } from './stack-context.ts'
import type { StackPlace, Workshop } from './workshop.ts'

/** How one run of a stack reaches the platform, and what is learnt on the way. */
export interface Access {
  readonly secret: Secret
  readonly credential: string
  readonly place: StackPlace
  readonly requests: BudgetedRequests
  lane: Lane
  /** Of the run's lines in the history, and the epoch of the lease that it wrote them under. */
  run: string | null
  epoch: number | null
  /** Called with the lease of the stack in hand, where others may have written the stack after that moment. */
  writtenUntil: (at: Instant) => void
}

/** Anybody may have had it at any time. */
const unknown: LastLease = { epoch: Number.NaN, until: Number.POSITIVE_INFINITY }

/** The same database, which tells under which id and epoch a run stands in the history, and until when others may have written its stack. */
function noting({ database, db }: Workshop, access: Access): FleetDatabase {
  return {
    ...database,
    takeLease: async (target, asked) => {
      const last = await readLastLease(db, target).catch(() => unknown)
      const taken = await database.takeLease(target, asked)
      if (taken.lease === null) return taken
      // Where another one was quicker, nothing is known of its writes.
      const isNext = last.epoch === null || taken.lease.epoch === last.epoch + 1
      access.writtenUntil(isNext ? last.until : unknown.until)
      return taken
    },
    append: async (place, line) => {
      access.run = line.run
      access.epoch = place.epoch
      await database.append(place, line)
    },
  }
}

/** A context whose requests go by `through`. */
export function contextFor(
  stack: FleetStack,
  access: Access,
  through: StackSurroundings['through'],
  workshop: Workshop,
): StackContext {
  const { version, stopping, environmentOf } = workshop
  const { secret, place } = access
  return stackContext({
    ...{ version, cwd: place.folder, secret, through, stopping },
    env: environmentOf(stack),
    apiUrl: stack.account.apiUrl,
    replica: { database: noting(workshop, access), fleetStack: stack.name },
    guardStores: (stores: Stores) =>
      guardedStores(stores, { stack: stack.name, programs: stack.programs, checkout: access.place.checkout }),
  })
}

/** Asks the platform for what every first look of a run asks for. */
export async function listFor(stack: FleetStack, access: Access, workshop: Workshop): Promise<SharedAnswers> {
  const recorder = new AnswerRecorder()
  const through: StackSurroundings['through'] = transport =>
    recorder.through(access.requests.through(transport))
  const context = contextFor(stack, access, through, workshop)
  try {
    return await span('fleet.list', { account: stack.account.name }, async note => {
      const { client } = await context.connect({
        apiUrl: null,
        staging: false,
        profile: null,
        verbose: false,
      })
      const { keys } = await client.list()
      note({ keys: keys.length })
      await client.whoami()
      return recorder.recorded()
    })
  } finally {
    await context.close()
  }
}
