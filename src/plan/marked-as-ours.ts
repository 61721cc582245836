import type { Change } from '../model/change.ts'
import type { LiveKey } from '../model/live-key.ts'

/** The live keys that get a marker of ours, whatever they had before: nothing prunes them, and their names are no longer somebody else's. */
export function markedAsOurs(change: Change): readonly LiveKey[] {
  switch (change.kind) {
    case 'adopt':
      return [change.live]
    case 'update':
      return change.mark.event === 'recognised' ? [change.live] : []
    case 'rotate':
      return change.predecessors
    case 'create':
    case 'deliver':
    case 'heal':
    case 'release':
    case 'revoke':
      return []
  }
}
