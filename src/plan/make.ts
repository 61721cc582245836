import type { ManagedKey } from '../lifecycle/lineage.ts'
import { type Decision, type Facts, type KeyCase, nothing } from './facts.ts'
import { foreignHost } from './foreign-host.ts'
import { removalOf } from './removal.ts'

/** The first key of a key id. */
export function makeFirst({ desired, lineage }: KeyCase): Decision {
  const { keyId } = desired
  return { ...nothing, changes: [{ kind: 'create', keyId, desired, generation: lineage.highest + 1 }] }
}

/** The successor of a key that others know, where none is delivered yet. */
export function replaceLeaked({ desired, lineage }: KeyCase, leaked: ManagedKey, facts: Facts): Decision {
  const { keyId } = desired
  const elsewhere = foreignHost(desired, leaked, 'rotate', facts)
  if (elsewhere !== null) return { ...nothing, findings: [elsewhere] }
  const { removal, findings } = removalOf(desired, [leaked], lineage, facts.options, 'delivers')
  return {
    changes: [
      {
        kind: 'rotate',
        strategy: 'overlap',
        keyId,
        desired,
        live: leaked.live,
        generation: lineage.highest + 1,
        fields: [],
        reasons: [{ code: 'leaked' }],
        leaked: [],
        removal,
      },
    ],
    findings,
  }
}
