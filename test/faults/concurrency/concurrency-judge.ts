import { isDeepStrictEqual } from 'node:util'
import { isDelivered, said, statesOf, storeFaults as faultsOfStores } from '../../support/invariants.ts'
import type { Stage } from '../crash/crash-stage.ts'
import type { Case } from './cases.ts'
import type { Machine, RunAtOnce } from './machines.ts'
import { filesOf, keyIds } from './concurrency-scenes.ts'

/** Every store of every key has to hold its head's secret. */
export async function storeFaults(stage: Stage, one: Case): Promise<readonly string[]> {
  // Other runs may be at work: what counts is a look during which no store changed.
  for (;;) {
    const secrets = await stage.stored()
    const faults = await faultsOf(secrets, stage, one)
    if (faults.length === 0 || isDeepStrictEqual(await stage.stored(), secrets)) return faults
  }
}

async function faultsOf(
  secrets: ReadonlyMap<string, string>,
  stage: Stage,
  { stores }: Case,
): Promise<readonly string[]> {
  const faults: string[] = []
  for (const keyId of keyIds) {
    const head = (await stage.own(keyId)).find(isDelivered)
    if (head === undefined) faults.push(`${keyId} has no key that is delivered`)
    faults.push(...(await faultsOfStores(filesOf(keyId, stores), secrets, head, stage.platform.holder)))
  }
  return faults
}

/** In what `apply` says wherever it ends with 12: who else was at work, or that things moved under it. Its lines are wrapped. */
const otherRuns =
  /another\s+(run|process)|is\s+locked\s+by|by\s+someone\s+else|meanwhile|of\s+other\s+hosts|just\s+made|of\s+a\s+conflict/i

/** A run that says that all is done must be right, and one that does not says why. */
export function endFaults({ ended, isVictim, waits }: RunAtOnce): readonly string[] {
  const { code, signal, stdout, stderr } = ended
  if (isVictim && signal === 'SIGKILL') return []
  const faults: string[] = []
  if (/^\s+at .*:\d+:\d+/m.test(stdout + stderr)) faults.push(said('a run prints a stack trace', ended))
  if (code !== 0 && code !== 12) faults.push(said('a run ends otherwise than with 0 or 12', ended))
  if (code === 12 && !otherRuns.test(stderr + stdout))
    faults.push(said('a run ends with 12 and does not say why', ended))
  if (waits && code !== 0) faults.push(said('a run waited for its turn in vain', ended))
  return faults
}

export async function planFaults(machines: readonly Machine[]): Promise<readonly string[]> {
  const plans = await Promise.all(machines.map(each => each.run(['plan', '--detailed-exitcode'])))
  return plans.flatMap((plan, index) =>
    plan.code === 0 ? [] : [said(`the plan of ${machines[index]?.name ?? ''} is not empty`, plan)],
  )
}

/** An apply that nobody disturbs has to do all that is left. */
export async function applyFaults(machine: Machine): Promise<readonly string[]> {
  const apply = await machine.run(['apply', '--auto-approve'])
  return apply.code === 0 ? [] : [said(`the apply of ${machine.name} fails`, apply)]
}

/** One live key for each that is declared, and delivered; and no orphan. */
export async function countFaults(stage: Stage): Promise<readonly string[]> {
  const faults = [...(await stage.orphans(keyIds))]
  for (const keyId of keyIds) {
    const states = statesOf(await stage.own(keyId))
    if (states !== 'delivered') faults.push(`what lives of ${keyId} in the end is ${states}`)
  }
  return faults
}
