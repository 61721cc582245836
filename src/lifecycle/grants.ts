import type { MarkerState } from '../model/marker.ts'

/** States that grant nothing: to say of a key that it ends, or is given up, takes no proof that it is ours. */
export function grantsNothing({ kind }: MarkerState): boolean {
  switch (kind) {
    case 'retiring':
    case 'leaked':
    case 'released':
      return true
    case 'pending':
    case 'delivered':
    case 'external':
      return false
  }
}
