import type { LiveKey } from '../model/live-key.ts'
import type { Call, Try } from './call.ts'

/** Which version of each key was refused last, and whether the key still had it when somebody looked. */
export interface VersionRefusals {
  /** Is this a refusal of a version that was refused before and is still the key's own? */
  saw(call: Call, outcome: Try): boolean
  looked(key: Pick<LiveKey, 'id' | 'version'>): void
}

export function versionRefusals(): VersionRefusals {
  const last = new Map<string, { readonly version: string; readonly isCurrent: boolean }>()
  return {
    saw({ keyId, ifMatch }, outcome) {
      if (keyId === undefined || ifMatch === undefined || outcome.kind !== 'answer') return false
      const former = last.get(keyId)
      if (outcome.status !== 412) {
        last.delete(keyId)
        return false
      }
      const isAgain = former?.version === ifMatch && former.isCurrent
      last.set(keyId, { version: ifMatch, isCurrent: isAgain })
      return isAgain
    },
    looked({ id, version }) {
      if (version !== null && last.get(id)?.version === version) last.set(id, { version, isCurrent: true })
    },
  }
}
